# shellcheck shell=bash
# Functions that the .bats files share.

: "${DIOSHIM_LIB:?the library under test; use \"make check\"}"
: "${DIOSHIM_TEST_BIN:?where the test programs were built; use \"make check\"}"

bats_require_minimum_version 1.5.0

# Runs a command with the answers of an older kernel that DIOSHIM_TEST_ANSWERS names (seccomp.c), if it does.
answered() { # COMMAND [ARG...]
  ${DIOSHIM_TEST_ANSWERS:+"$DIOSHIM_TEST_BIN/seccomp" "$DIOSHIM_TEST_ANSWERS"} "$@"
}

# Runs a command under the shim. The library is never preloaded into the shell, bats or strace.
shim() { # COMMAND [ARG...]
  answered env LD_PRELOAD="$DIOSHIM_LIB" "$@"
}

fail() { # MESSAGE...
  printf '%s\n' "$*" >&2
  return 1
}

need() { # COMMAND [PACKAGE]
  command -v "$1" >/dev/null || skip "$1 is missing (Debian: ${2-$1})"
}

# Prints the path of the python3 binary: the one in PATH may be a shell script that selects a
# version.
python3_binary() {
  need python3
  python3 -c 'import sys; print(sys.executable)'
}

# Prints the directory or device called NAME; fails if with-mounts could not make it.
test_path() { # NAME
  local entry
  for entry in $DIOSHIM_TEST_DIRS $DIOSHIM_TEST_BLOCK; do
    if [[ ${entry%%=*} == "$1" ]]; then
      echo "${entry#*=}"
      return
    fi
  done
  return 1
}

# Prints the second device like that of $where, for the same calls without O_DIRECT.
twin_device() {
  local entry
  for entry in $DIOSHIM_TEST_BLOCK_TWIN; do
    [[ ${entry%%=*} == "$where" ]] || continue
    echo "${entry#*=}"
    return
  done
  fail "there is no second device like $where"
}

# Prints NAME's entry in the list of what is missing, with the reason.
missing() { # NAME
  local entry
  for entry in $DIOSHIM_TEST_SKIPPED; do
    [[ ${entry%%(*} != "$1" ]] || echo "$entry"
  done
}

# Runs a command once for each of the named filesystems ($scratch is an empty directory on it) or
# block devices ($scratch is the device). $where is the name. If some are unavailable here, the test
# counts as skipped, but only after it has passed on the others.
on_each() { # NAME... -- COMMAND [ARG...]
  local names=() absent=() path
  while [[ $1 != -- ]]; do
    names+=("$1")
    shift
  done
  shift
  for where in "${names[@]}"; do
    if ! path=$(test_path "$where"); then
      absent+=("$(missing "$where")")
      continue
    fi
    echo "on $where:"
    scratch=$path
    [[ -b $path ]] || scratch=$(mktemp -d "$path/XXXXXX")
    "$@"
    [[ -b $path ]] || rm -rf "$scratch"
  done
  if ((${#absent[@]})); then
    skip "not on ${absent[*]}"
  fi
}

# Prints the symbols of common/symbols.h that the library has, one on a line: all, or those of one group.
table_symbols() { # [OPEN|READ|WRITE|FD|...]
  local other=GNU32
  [[ $(od -An -tu1 -j4 -N1 "$DIOSHIM_LIB") -ne 1 ]] || other=NONE
  sed -n "/^#define DIOSHIM_${1-[A-Z_]*}_SYMBOLS(X)/,/[^\\\\]\$/{/^[[:space:]]*$other(/d
    s/^[[:space:]]*[A-Z0-9_]*(\(X, \)\{0,1\}\([a-z0-9_]*\), [a-z0-9_]*).*/\2/p;}" \
    "$DIOSHIM_TOP_SRCDIR/common/symbols.h"
}

# Fails if the object needs a version of the C library's symbols above VERSION: it could not be loaded there.
needs_nothing_newer() { # OBJECT VERSION
  local newest
  newest=$(nm -D --undefined-only --with-symbol-versions "$1" | sed -n 's/.*@GLIBC_//p' | sort -V | tail -n 1)
  [[ $newest && $(printf '%s\n' "$newest" "$2" | sort -V | tail -n 1) == "$2" ]] ||
    fail "$1 needs GLIBC_$newest"
}

# Prints the system calls of common/transfers.h, one on a line: all, or those whose row grep
# selects.
table_transfers() { # [-v] [TAKES]
  sed -n '/^#define DIOSHIM_TRANSFERS(X)/,/[^\\]$/s/^[[:space:]]*X(\([a-z0-9]*\), \(.*\)).*/\1 \2/p' \
    "$DIOSHIM_TOP_SRCDIR/common/transfers.h" | grep "${@:-}" | cut -d ' ' -f 1
}

# Replaces the names of system calls on standard input by those of C functions: pread64 by pread.
as_functions() {
  sed 's/64$//'
}

# Prints COUNT bytes that differ from block to block, and are the same each time.
pattern() { # COUNT [SEED]
  awk -v count="$1" -v seed="${2-0}" 'BEGIN {
    for (n = 0; n < count; n += 16) printf "%07x %07x\n", seed, n
  }' | head -c "$1"
}

# Succeeds if DEVICE can be opened. A plain chroot or a container has device nodes without a driver.
opens() { # DEVICE
  [[ -c $1 ]] && { : <>"$1"; } 2>/dev/null
}

# Without a devpts /dev/ptmx cannot be opened.
need_terminal() {
  opens /dev/ptmx || skip "no pseudo-terminals here (no devpts)"
}
