#!/usr/bin/env bats
# The guest tests (guest.h) under the shim, once for each filesystem; and what FORTIFY makes of calls.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

guest() {
  # chroot and a change of user are among the tests.
  chmod 755 "$scratch"
  DIOSHIM_TEST_DIR=$scratch shim "$DIOSHIM_TEST_BIN/guest"
}

@test "P7, P8: a good guest on ext4 with 512-byte sectors" {
  on_each ext4-512 -- guest
}

@test "P7, P8: a good guest on ext4 with 4096-byte sectors" {
  on_each ext4-4096 -- guest
}

@test "P7, P8: a good guest on XFS" {
  on_each xfs -- guest
}

@test "P7, P8: a good guest on btrfs" {
  on_each btrfs -- guest
}

@test "P7, P8: a good guest on tmpfs" {
  on_each tmpfs -- guest
}

# Where with-mounts can make none of them there is the filesystem of the temporary directory.
@test "P7, P8: a good guest on the filesystem at hand" {
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

@test "a program compiled with FORTIFY is served" {
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

@test "and a buffer that it would overflow still ends it" {
  on_each ext4-512 ext4-4096 xfs -- fortified_overflow
}
