#!/usr/bin/env bats
# The shim under seccomp filters; see tests/seccomp.c.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  devices=(blk-512 blk-4096)
}

filtered() { # SUITE
  local target=$scratch
  [[ -b $target ]] || target+=/file
  run shim "$DIOSHIM_TEST_BIN/seccomp" "$1" "$target"
  echo "$output"
  ((status != 77)) || skip "this kernel has no seccomp filters"
  ((status == 0))
}

@test "misaligned calls move all their data with the answers of an older kernel" {
  on_each "${strict[@]}" "${devices[@]}" -- filtered old
}

unknown_alignments() {
  local -x DIOSHIM_TEST_ANSWERS=unknown
  shim "$DIOSHIM_TEST_BIN/differential" --calls 400 --seed 3 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

@test "P1: without reported alignments calls have the same results as on an ordinary file, AIO too" {
  on_each "${strict[@]}" -- unknown_alignments
}

@test "P7: a refused helper call makes the shim do less, but nothing wrong" {
  on_each "${strict[@]}" -- filtered refused
}

@test "P7: the shim makes no system call beyond the ones it is documented to make" {
  on_each "${strict[@]}" "${devices[@]}" -- filtered strict
}

recorded() {
  local -x DIOSHIM_STATS=$BATS_TEST_TMPDIR/record DIOSHIM_TRACE=$BATS_TEST_TMPDIR/record
  rm -f "$DIOSHIM_STATS"
  filtered recorded
  [[ $("$DIOSHIM_TEST_BIN/recordcat" "$DIOSHIM_STATS") =~ calls=([0-9]+) ]]
  ((BASH_REMATCH[1] > 0))
  # The first call creates the entry of its file, which needs readlinkat.
  rm "$DIOSHIM_STATS"
  run filtered strict
  [[ $output == *"Bad system call"* ]]
}

@test "P7: recording makes no system call beyond those documented for it" {
  on_each "${strict[@]}" "${devices[@]}" -- recorded
}

# Compares the list with the source, since the filters above may not provoke every call. real.c is
# left out: it only stands in for the C library's functions, and makes the program's own call. So do
# public_syscall.c, record_hooks.c and refused_hooks.c.
@test "P7: the list is complete" {
  src=$DIOSHIM_TOP_SRCDIR/src
  listed() {
    sed -n "/^static const int $1\[\]/,/};/p" "$BATS_TEST_DIRNAME/seccomp_lists.h" | grep -o 'SYS_[a-z0-9_]*'
  }
  used=$(find "$src" -name '*.[ch]' ! -name real.c ! -name raw_off32.h ! -name public_syscall.c ! -name record_hooks.c ! -name refused_hooks.c -exec grep -oh 'SYS_[a-z0-9_]*' {} + |
    grep -v '^SYS_$' | sed 's/^SYS_xxx$//' | sort -u | sed '/^$/d')
  # What sys64.h calls, in its part for 64-bit machines.
  used+=$'\n'$(sed -n '/^#if __SIZEOF_LONG__ == 8/,/^#else/p' "$src/../common/sys64.h" | grep -o 'SYS_[a-z0-9_]*')
  for call in mmap sync_file_range fallocate; do
    if grep -q "sys_$call" "$src"/*.c; then used+=$'\nSYS_'$call; fi
  done
  if grep -q getpid "$src"/*.c; then used+=$'\nSYS_getpid'; fi
  if grep -q clock_gettime "$src"/*.[ch]; then used+=$'\nSYS_clock_gettime'; fi
  diff <(for list in helpers transfers recorders at_load at_start asynchronous; do listed $list; done | sort -u) \
    <(sort -u <<<"$used")
}

@test "without the shim the same filters leave a misaligned call refused" {
  on_each "${strict[@]}" -- without_shim
}

without_shim() {
  run "$DIOSHIM_TEST_BIN/seccomp" strict "$scratch/file"
  [[ $status -eq 1 && $output == *"not all of it was moved"* ]]
}
