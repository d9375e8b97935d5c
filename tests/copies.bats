#!/usr/bin/env bats
# Copies between two descriptors: tests/copies.c, and programs that make them.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
}

copies() {
  if [[ $where == btrfs || $where == tmpfs ]]; then
    local -x DIOSHIM_TEST_CACHED=1
  fi
  DIOSHIM_TEST_DIR=$scratch shim "$DIOSHIM_TEST_BIN/copies"
}

@test "P1: sendfile, splice and copy_file_range answer as on ordinary files" {
  on_each "${strict[@]}" btrfs tmpfs -- copies
}
