# shellcheck shell=bash disable=SC2154
# What goes wrong with archives and pictures after they were compressed, and meanwhile; sourced by input.sh, in its folder.

says() { grep -qx "$1" output || fail "not \"$1\", but: $(cat output)"; }

# Archives that are damaged, gone, or not what was written are made again, others are not.
inode=$(stat -c %i archives/a/016.prnn)
head -c 60 archives/b/017.prnn >short
mv short archives/b/017.prnn
rm archives/c/018.prnn
prnn-batches verify job 0 >output
says "batch 0: 2 archives whole, 3 damaged"
[ "$(prnn-batches todo --failed job)" = 0 ] || fail "todo --failed knows nothing of damaged archives"
mv pictures/b/017.png away.png
prnn-batches run job 0 --retry >output
says "batch 0: 4 files done, 1 failed"
expect 66 "prnn-batches: b/017.png: No such file or directory" prnn-batches manifest job
mv away.png pictures/b/017.png
bash -euo pipefail -c "$(recipe Failures)" >output
says "batch 0: 5 files done, 0 failed"
[ -z "$(prnn-batches todo --failed job)" ] || fail "todo --failed has a batch that was done again"
[ "$inode" = "$(stat -c %i archives/a/016.prnn)" ] || fail "run --retry made an archive again that was whole"
rm archives/c/018.prnn
prnn-batches run job 0 --retry >output
[ -e archives/c/018.prnn ] || fail "run --retry did not make an archive that was gone"
# A quick look does not stand for decoding, and a look that is asked for is taken.
prnn-batches verify job 0 >output
says "batch 0: 5 archives whole, 0 damaged"
[ "$(prnn-batches todo --undecoded job)$(prnn-batches todo --unverified job)" = 0 ] || fail "todo: verify counts as verify --deep, or not at all"
mv archives/c/018.prnn away.prnn
prnn-batches verify job 0 --deep >output
says "batch 0: 4 archives whole, 1 damaged"
mv away.prnn archives/c/018.prnn
prnn-batches verify job 0 --deep >output
says "batch 0: 5 archives whole, 0 damaged"
[ -z "$(prnn-batches todo --undecoded job)" ] || fail "todo --undecoded has a batch that was decoded"
expect 75 "prnn-batches: another process writes the manifest" flock job/plan.json prnn-batches manifest job
prnn-batches manifest job >/dev/null
# A try that ended between an archive's link and the results.
mkdir -p job/work/0/out
ln archives/a/016.prnn job/work/0/out/0.prnn
rm job/results/0.jsonl
prnn-batches run job 0 >output
says "batch 0: 5 files done, 0 failed"
[ "$inode" = "$(stat -c %i archives/a/016.prnn)" ] || fail "an archive was made again that had been linked"

# Archives of a model of one's own.
printf '%s\0' a/016.png | prnn-batches plan own --root pictures --output own-archives -- \
  --coding networks --model "$repository/spec/vectors/tiny.prnnmodel" >/dev/null
prnn-batches run own 0 >output
says "batch 0: 1 files done, 0 failed"
prnn-batches verify own 0 --deep >output
says "batch 0: 1 archives whole, 0 damaged"

# One file stops no other: a name too long for its archive, a folder in the place of one, a picture that goes and an archive that
# comes meanwhile.
long=$(printf 'x%.0s' {1..251}).png
cp pictures/a/016.png "pictures/$long"
for name in folder going coming going-on; do cp pictures/a/016.png "pictures/$name.png"; done
mkdir archives/folder.prnn
cat >meddler <<END
#!/usr/bin/env bash
status=0
"$program" "\$@" || status=\$?
if [ "\$1 \${*: -1}" = "compress $PWD/many/work/0/out" ]; then
  rm -f pictures/going.png
  echo other >archives/coming.prnn
fi
exit \$status
END
chmod +x meddler
plan many "$long" {folder,going,coming,going-on}.png >/dev/null
PRNN=./meddler prnn-batches run many 0 >output
says "batch 0: 1 files done, 4 failed"
expect 73 "prnn-batches: coming.png: has an archive of another program by now; remove that
prnn-batches: folder.png: its archive: Is a directory
prnn-batches: going.png: has changed while it was compressed
prnn-batches: $long: its archive: File name too long" prnn-batches manifest many
[ "$(cat archives/coming.prnn)" = other ] || fail "an archive of another program was replaced"
