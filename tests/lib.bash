# shellcheck shell=bash
# What the .bats files share.

: "${DIOSHIM_LIB:?the library under test; use \"make check\"}"
: "${DIOSHIM_TEST_BIN:?where the test programs were built; use \"make check\"}"

bats_require_minimum_version 1.5.0

# Only the program under test is preloaded, never the shell, bats or strace.
shim() { # COMMAND [ARG...]
  env LD_PRELOAD="$DIOSHIM_LIB" "$@"
}

fail() { # MESSAGE...
  printf '%s\n' "$*" >&2
  return 1
}

need() { # COMMAND [PACKAGE]
  command -v "$1" >/dev/null || skip "$1 is missing (Debian: ${2-$1})"
}

# The python3 binary itself: the one in PATH may be a shell script that picks a version.
python3_binary() {
  need python3
  python3 -c 'import sys; print(sys.executable)'
}

# Print the directory or device called NAME; fails if with-mounts could not make it.
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

# Print NAME's entry in the list of what is missing, with the reason.
missing() { # NAME
  local entry
  for entry in $DIOSHIM_TEST_SKIPPED; do
    [[ ${entry%%(*} != "$1" ]] || echo "$entry"
  done
}

# Run a command once for each of the named filesystems (with $scratch, an empty directory on it) or
# block devices ($scratch is the device). $where is the name. Where some cannot be had here, the
# test counts as skipped, but only after it has passed on the others.
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

# COUNT bytes that differ from block to block, the same each time.
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
