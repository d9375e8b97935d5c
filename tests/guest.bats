#!/usr/bin/env bats
# The guest tests (guest.h) under the shim, once for each filesystem; and a program compiled with
# FORTIFY.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

guest() {
  # Some tests use chroot or change the user.
  chmod 755 "$scratch"
  DIOSHIM_TEST_DIR=$scratch shim "$DIOSHIM_TEST_BIN/guest"
}

@test "P7, P8: coexistence on ext4 with 512-byte sectors" {
  on_each ext4-512 -- guest
}

@test "P7, P8: coexistence on ext4 with 4096-byte sectors" {
  on_each ext4-4096 -- guest
}

@test "P7, P8: coexistence on XFS" {
  on_each xfs -- guest
}

@test "P7, P8: coexistence on btrfs" {
  on_each btrfs -- guest
}

@test "P7, P8: coexistence on tmpfs" {
  on_each tmpfs -- guest
}

# Where with-mounts can make no filesystem, the one of the temporary directory is still tested.
@test "P7, P8: coexistence on the filesystem of the temporary directory" {
  dd if=/dev/zero of="$BATS_TEST_TMPDIR/probe" oflag=direct bs=4096 count=1 status=none ||
    skip "O_DIRECT on $BATS_TEST_TMPDIR"
  scratch=$BATS_TEST_TMPDIR guest
}

needs_fortify() {
  run "$DIOSHIM_TEST_BIN/fortify" /dev/null 0
  [[ $status -ne 77 ]] || skip "$output"
}

fortified() {
  local name
  needs_fortify
  for name in __open_2 __open64_2 __openat_2 __openat64_2 __read_chk __pread_chk __pread64_chk; do
    nm -D --undefined-only --format=posix "$DIOSHIM_TEST_BIN/fortify" | grep -q "^$name\b"
  done
  pattern 20000 >"$scratch/file"
  run ! "$DIOSHIM_TEST_BIN/fortify" "$scratch/file" 0
  [[ $output == *"Invalid argument"* ]]
  run -0 shim "$DIOSHIM_TEST_BIN/fortify" "$scratch/file" 0
}

@test "misaligned calls of a program compiled with FORTIFY work" {
  on_each ext4-512 ext4-4096 xfs -- fortified
}

# 134: SIGABRT
fortified_overflow() {
  needs_fortify
  pattern 20000 >"$scratch/file"
  run -134 shim "$DIOSHIM_TEST_BIN/fortify" "$scratch/file" 1
  [[ $output == *"buffer overflow detected"* ]]
  run -134 shim "$DIOSHIM_TEST_BIN/fortify" "$scratch/file" 2
  [[ $output == *"buffer overflow detected"* ]]
}

@test "FORTIFY still ends the program if a read would overflow its buffer" {
  on_each ext4-512 ext4-4096 xfs -- fortified_overflow
}
