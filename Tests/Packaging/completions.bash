# What bash offers on Tab. usage: bash completions.bash [BASH_COMPLETION] [COMPLETIONS_OF_PRNN]
# bash-completion loads what is in its folders when it is needed; without it the file is read here.
shopt -s extglob progcomp
if [ -n "${1:-}" ]; then
  . "$1"
  _completion_loader prnn
else
  . "$2"
fi
complete -p prnn > /dev/null || exit 1

failed=0
# What is offered for the last of the words.
offered() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
  COMP_POINT=${#COMP_LINE}
  _prnn prnn "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}
expect() {
  local wanted=$1 got
  shift
  got=$(offered "$@")
  [ "$got" = "$wanted " ] || { echo "completions.bash: $* <Tab> offers \"$got\", not \"$wanted \"" >&2; failed=1; }
}
folder=$(mktemp -d)
cd "$folder" || exit 1
touch 'a picture.png' other.png notes.txt set.prnn
mkdir pictures
expect "compress" prnn compr
expect "balanced fast max" prnn compress --effort ''
expect "balanced fast max" prnn bench --effort ''
expect "photo photo-2 photo-3 photo-fast" prnn decompress --model ''
expect "best mixing networks" prnn compress --coding ''
expect "--delete-source" prnn compress photo.png --del
expect "a picture.png other.png pictures" prnn compress ''
expect "pictures set.prnn" prnn info ''
expect "adam muon rmsprop" prnn train --optimiser ''
# Names of files are no commands.
touch '$(touch executed).png' '$(touch executed).prnnm'
offered prnn compress '' > /dev/null
offered prnn compress --model '' > /dev/null
[ ! -e executed ] || { echo "completions.bash: the name of a file was run" >&2; failed=1; }
cd / && rm -r "$folder"
exit $failed
