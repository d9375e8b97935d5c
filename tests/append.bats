#!/usr/bin/env bats
# One call, one range: promise P6 of doc/design.md. The long forms are in `make soak`.

# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup() {
  filesystems=(ext4-512 ext4-4096 xfs btrfs tmpfs)
}

play() { # WHAT
  shim "$DIOSHIM_TEST_BIN/append" --seconds 1 "$1" "$scratch/file"
}

@test "P6: records that threads and processes append are whole, and none is lost or repeated" {
  on_each "${filesystems[@]}" -- play append
}

@test "P6: records written through one file offset are whole, and none is lost or repeated" {
  on_each "${filesystems[@]}" -- play write
}

@test "P6: readers through one file offset get each byte once" {
  on_each "${filesystems[@]}" -- play read
}

@test "P6: readers and writers through one file offset take ranges that do not overlap" {
  on_each "${filesystems[@]}" -- play both
}
