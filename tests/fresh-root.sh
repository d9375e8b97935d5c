#!/usr/bin/env bash
# Tests ./setup in a new minimal Debian that has only git.
#
#   tests/fresh-root.sh [DIR]
#
# The Debian is installed in DIR, which is kept, or in a temporary directory. Needs root, debootstrap and
# a Debian mirror, so it is no part of `make check`. DEBIAN_SUITE and DEBIAN_MIRROR choose what to install.
# FRESH_ROOT_TRY=run leaves out `./setup check`, for a Debian whose tools are too old for the tests.
#
# The mounts are made in a mount namespace, so they are gone when the script ends, also after a kill.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

skip() {
  echo "SKIP: $*"
  exit 77
}

fail() {
  echo "FAIL: $*"
  exit 1
}

# Prints the mirror: $DEBIAN_MIRROR, or the one that this machine uses if it is a Debian.
mirror() {
  local uri
  # shellcheck disable=SC2016 # apt-get's own syntax
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
  echo "${DEBIAN_MIRROR:-${uri:-http://deb.debian.org/debian}}"
}

make_root() {
  debootstrap --variant=minbase --include=git "${DEBIAN_SUITE:-bookworm}" "$root" "$(mirror)" \
    >"$root.log" 2>&1 || {
    tail "$root.log"
    fail 'debootstrap'
  }
  # A container image has no package lists. The proxy settings are this machine's.
  rm -rf "$root"/var/lib/apt/lists/*
  apt-config dump 2>/dev/null | grep -E '^Acquire::(https?::proxy|Check-)' -i \
    >"$root/etc/apt/apt.conf.d/01host" || :
  # unshare --propagation needs a root directory that is a mount point, as it is in a container.
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
}

# Copies what a clone of this checkout would contain if its changes were committed.
clone() {
  mkdir "$root/opt/dioshim"
  git -C "$top" ls-files --cached --others --exclude-standard --deduplicate -z |
    tar -C "$top" --null --files-from=- --create |
    tar -C "$root/opt/dioshim" --extract --touch --no-same-owner
}

inside() { # UID COMMAND [ARG...]
  local uid=$1
  shift
  # shellcheck disable=SC2016 # for the shell inside
  chroot --userspec="$uid:$uid" "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent \
    sh -c 'cd /opt/dioshim && exec "$@"' sh "$@" </dev/null
}

# Runs a command inside and compares its exit status. Sets $output to its standard output.
expect() { # STATUS UID COMMAND [ARG...]
  local want=$1 status=0
  shift
  printf '\n[uid %s] $ %s\n' "$1" "${*:2}"
  { inside "$@" 2>&1 >&3 | tee "$root.stderr" >&2; } 3>&1 | tee "$root.stdout" || status=$?
  output=$(<"$root.stdout")
  ((status == want)) || fail "exit status $status instead of $want"
}

try() {
  expect 1 1000 ./setup run true
  grep -q '^sudo apt-get.* install -y .*gcc' "$root.stderr" || fail 'no line says what to install'
  [[ ! -e $root/opt/dioshim/build ]] || fail 'it built something without root rights'

  expect 0 0 ./setup run true
  [[ -z $output ]] || fail 'messages on the standard output'

  # shellcheck disable=SC2016 # for the shell inside
  expect 3 1000 ./setup run sh -c 'echo "$LD_PRELOAD"; exit 3'
  [[ $output == /opt/dioshim/build/.libs/libdioshim.so ]] || fail 'LD_PRELOAD has another value'
  [[ ! -s $root.stderr ]] || fail 'messages although nothing was to be built'

  expect 0 0 ./setup run
  [[ ${FRESH_ROOT_TRY-} != run ]] || return 0
  expect 0 0 .ci/run
  [[ ${output##*$'\n'} =~ ^[1-9][0-9]*\ passed,\ 0\ failed ]] || fail 'no summary in the last line'
}

((EUID == 0)) || skip 'not root'
command -v debootstrap >/dev/null || skip 'debootstrap is missing (Debian: debootstrap)'

if [[ ! -v DIOSHIM_FRESH_ROOT ]]; then
  dir=${1-}
  if [[ $dir ]]; then
    mkdir -p "$dir"
    [[ ! -e $dir/root ]] || fail "$dir/root exists"
  else
    dir=$(mktemp -d /var/tmp/dioshim-root.XXXXXX)
    trap 'rm -rf --one-file-system "$dir"' EXIT
  fi
  unshare --mount --propagation private true || skip 'cannot create a mount namespace'
  DIOSHIM_FRESH_ROOT=$(realpath "$dir")/root \
    unshare --mount --propagation private --pid --fork --kill-child -- "$BASH" "$0"
  exit
fi

root=$DIOSHIM_FRESH_ROOT
echo "making a minimal Debian in $root"
make_root
clone
try
echo
echo 'PASS: ./setup in a fresh Debian'
