#!/usr/bin/env bats
# Bad input under the shim gets the answers that the kernel gives for an ordinary file (badinput.c).

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

badinput() {
  shim "$DIOSHIM_TEST_BIN/badinput" "$scratch" "$@"
}

@test "bad input gets the kernel's answer on ext4 with 512-byte sectors" {
  on_each ext4-512 -- badinput
}

@test "bad input gets the kernel's answer on ext4 with 4096-byte sectors" {
  on_each ext4-4096 -- badinput --small
}

@test "bad input gets the kernel's answer on XFS" {
  on_each xfs -- badinput
}

@test "bad input gets the kernel's answer on btrfs" {
  on_each btrfs -- badinput --small
}

@test "bad input gets the kernel's answer on tmpfs" {
  on_each tmpfs -- badinput --small
}

@test "bad input gets the kernel's answer on the filesystem of the temporary directory" {
  scratch=$BATS_TEST_TMPDIR badinput --small
}

without_the_shim() {
  run ! "$DIOSHIM_TEST_BIN/badinput" "$scratch"
  [[ $output == *"not ok"* ]]
}

@test "the bad input tests fail without the shim" {
  on_each ext4-512 ext4-4096 xfs -- without_the_shim
}
