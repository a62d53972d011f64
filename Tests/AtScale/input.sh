# shellcheck shell=bash disable=SC2154
# What prnn-batches says of bad input, and of archives that are there before; sourced by run.

# Runs a command whose exit status and standard error are given.
expect() {
  local status=0 output
  output=$("${@:3}" 2>&1 >/dev/null) || status=$?
  [ "$status $output" = "$1 $2" ] || fail "${*:3}: not \"$1 $2\", but \"$status $output\""
}
plan() { printf '%s\0' "${@:2}" | prnn-batches plan "$1" --root "$work/input/pictures" --output archives -- --effort fast; }

mkdir "$work/input"
cd "$work/input"
python3 "$tests/check.py" make pictures 40
expect 64 "prnn-batches: standard input is no list of names with a NUL after each; make it with find -print0" prnn-batches plan job <<<a/016.png
expect 64 "prnn-batches: ../a.png: is not below --root; give names relative to it" plan job ../a.png
expect 64 'prnn-batches: a\nb.png: would become the same archive as a\nb.PNG; rename one' plan job $'a\nb.png' $'a\nb.PNG'
expect 64 "prnn-batches: a/b.png: its archive would have the name of the folder a/b.prnn; rename one" plan job a/b.png a/b.prnn/c/d.png
expect 66 "prnn-batches: job: is no job: No such file or directory; prnn-batches plan makes one" prnn-batches run job 0
status=0
printf 'a/016.png\0' | prnn-batches plan job -- --effort slow >/dev/null 2>output || status=$?
[ $status -eq 64 ] && grep -q "'slow'" output || fail "a wrong option was taken: $(cat output)"
expect 64 "prnn-batches: options of prnn compress follow --, and no files; those come from standard input" \
  prnn-batches plan job -- --effort fast pictures/a/016.png < <(printf 'a\0')
if timeout 1 prnn-batches plan job --output /proc/archives < <(printf 'a\0') 2>/dev/null; then fail "a plan has archives in /proc"; fi
[ ! -e job ] || fail "a plan that failed left a job"
expect 64 "prnn-batches: --delete-source and --dry-run are not for batches" prnn-batches plan job -- --delete-source < <(printf 'a\0')

# Batches are about as large, whatever the files are, and have all of them once, in their order.
mkdir sizes
for ((i = 100; i < 400; i++)); do truncate -s $((i * i * i % 1000 * 1000)) "sizes/$i.png"; done
find sizes -type f -printf '%P\0' | prnn-batches plan even --root sizes --batches 10 >/dev/null
[ "$(cat even/batches/{0..9} | tr '\0' '\n')" = "$(cd sizes && ls)" ] || fail "plan: batches are not the list"
for ((i = 0; i < 10; i++)); do (cd sizes && xargs -0 stat -c %s <"../even/batches/$i" | awk '{ sum += $1 } END { print sum }'); done >sums
awk '{ if ($1 < low || !low) low = $1; if ($1 > high) high = $1 } END { exit high - low > 2 * 1000 * 1000 }' sums || fail "plan: sizes of batches: $(paste -sd' ' sums)"

# An archive that is current is taken as it is, a damaged and an old one are named and stay.
plan job a/016.png b/017.png c/018.png d/019.png gone.png d/../d/019.png >plan
grep -qx "5 files in batches 0-0" plan || fail "plan: $(cat plan)"
expect 64 "prnn-batches: there is no batch 1; the last one is 0" prnn-batches run job 1
expect 73 "prnn-batches: job: exists already; name a new folder" plan job a/016.png
mkdir -p archives/{a,b,c}
"$program" compress -q -1 pictures/a/016.png -o archives/a/016.prnn
cp archives/a/016.prnn archives/c/018.prnn
head -c 100 archives/a/016.prnn >archives/b/017.prnn
touch -d 2000-01-01 archives/c/018.prnn
sha256sum archives/*/* >before
prnn-batches run job 0 >output
grep -qx "batch 0: 2 files done, 3 failed" output || fail "run: $(cat output)"
sha256sum --quiet -c before
expect 65 'prnn-batches: b/017.png: its archive exists already, and is damaged (the archive is cut short; tile 1 of 1 (13x23+0+0) is damaged); remove that
prnn-batches: c/018.png: is newer than its archive; remove that, or plan with --replace-older
prnn-batches: gone.png: No such file or directory' prnn-batches manifest job
# What was wrong is gone, and only that is done again.
inode=$(stat -c %i archives/d/019.prnn)
rm archives/b/017.prnn archives/c/018.prnn
cp pictures/a/016.png pictures/gone.png
bash -euo pipefail -c "$(recipe Failures)" >output
grep -qx "batch 0: 5 files done, 0 failed" output || fail "run --retry: $(cat output)"
[ "$inode" = "$(stat -c %i archives/d/019.prnn)" ] || fail "run --retry made an archive again that was there"
# A second job over the same pictures makes what is new; one that may replaces what is older.
touch -d tomorrow pictures/d/019.png
printf 'a/016.png\0d/019.png\0' | prnn-batches plan newer --root pictures --output archives --replace-older -- --effort fast >/dev/null
prnn-batches run newer 0 >output
[ "$inode" != "$(stat -c %i archives/d/019.prnn)" ] || fail "--replace-older did not replace"
[ ! archives/d/019.prnn -ot pictures/d/019.png ] || fail "the archive of a picture of the future is older than that"
# A byte that changed after all was written is found, and so is another archive in the place of one.
prnn-batches verify job 0 --deep >output || true
grep -qx "batch 0: 4 archives whole, 1 damaged" output || fail "verify: $(cat output)"
expect 65 "prnn-batches: d/019.png: its archive: another file than was written" prnn-batches manifest job
# shellcheck source=damage.sh
. "$tests/damage.sh"
mkdir "$work/sets"
cd "$work/sets"
mkdir -p pictures/{a,b}\ b
cp "$work"/input/pictures/a/*.png "pictures/a b"
cp "$work"/input/pictures/b/*.png "pictures/b b"
bash -euo pipefail -c "$(recipe "Tiny pictures")" 2>/dev/null
for set in a b; do
  prnn decompress "sets/$set b.prnn" -o back
  [ "$(find back -name '*.png' | wc -l)" = "$(find "pictures/$set b" -name '*.png' | wc -l)" ] || fail "not all pictures came back from a set"
  rm -r back
done
echo "bad input: named, and nothing was overwritten"
