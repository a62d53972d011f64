# What the scripts of this folder share; sourced by them.
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
called=Sources/Packaging/$(basename "$0")

# Ends with one line.
fail() { echo "$called: $*" >&2; exit 1; }
# The comment at the head of a script says how it is used.
usage() { sed -n '2,/^[^#]/ { /^#/ s/^# \{0,1\}//p }' "$0" >&2; exit 64; }

# Also of a repository that belongs to somebody else than the one who builds, root for instance.
git_here() { git -c safe.directory="$root" -C "$root" "$@"; }

# The time of everything made here: that of the commit, or of the changelog where there is no repository.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  if [ -e "$root/.git" ]; then SOURCE_DATE_EPOCH=$(git_here log -1 --format=%ct); else SOURCE_DATE_EPOCH=$(stat -c %Y "$root/CHANGELOG.md"); fi
fi
export SOURCE_DATE_EPOCH

# The version that a program says it has.
version_of() { "$1" --version | sed 's/^prnn \([0-9.]*\).*/\1/'; }

# Where gdk-pixbuf looks for loaders.
loaders() { pkg-config --variable=gdk_pixbuf_moduledir gdk-pixbuf-2.0 2> /dev/null || true; }

# Whether one of these files is a loader where gdk-pixbuf looks for them.
has_loader() {
  local folder file
  folder=$(loaders)
  for file in "$@"; do
    case $file in "${folder:-none}"/*) return 0 ;; esac
  done
  return 1
}

# Brings what knows of files by a cache up to date: the linker, the MIME types below a prefix, the loaders. usage: refresh PREFIX FILE...
refresh() {
  local mime=$1/share/mime query
  [ "$(id -u)" != 0 ] || ldconfig
  if [ -n "$(ls -A "$mime/packages" 2> /dev/null)" ]; then
    # It says so when no program looks there, which is no fault.
    ! command -v update-mime-database > /dev/null || update-mime-database "$mime" 2> /dev/null
  elif [ -d "$mime/packages" ]; then
    # The cache of a folder without types.
    rm -rf "$mime"/{XMLnamespaces,aliases,generic-icons,globs,globs2,icons,magic,mime.cache,subclasses,treemagic,types,version,image}
  fi
  query=$(pkg-config --variable=gdk_pixbuf_query_loaders gdk-pixbuf-2.0 2> /dev/null || true)
  if [ -n "$query" ] && has_loader "${@:2}"; then "$query" --update-cache; fi
}
