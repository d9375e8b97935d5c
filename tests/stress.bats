#!/usr/bin/env bats
# Disjoint writers lose nothing: promise P5 of doc/design.md. The long forms are in `make soak`.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup() {
  filesystems=(ext4-512 ext4-4096 xfs btrfs tmpfs)
}

rewriting() {
  shim "$DIOSHIM_TEST_BIN/stress" --seconds 2 "$scratch/file"
}

@test "P5: disjoint writers, aligned neighbours and writers without the shim lose nothing on a filesystem" {
  on_each "${filesystems[@]}" -- rewriting
}

extending() {
  shim "$DIOSHIM_TEST_BIN/stress" --seconds 1 --extend "$scratch/file"
}

@test "P4, P5: writers that extend a file lose nothing and never make it too long" {
  on_each "${filesystems[@]}" -- extending
}

on_device() {
  shim "$DIOSHIM_TEST_BIN/stress" --seconds 2 --block-device "$scratch"
}

@test "P5: the threads of one process lose nothing on a block device" {
  on_each blk-512 blk-4096 -- on_device
}

unreadable_device() {
  shim "$DIOSHIM_TEST_BIN/stress" --seconds 2 --block-device --write-only "$scratch"
}

@test "P5: the threads of one process lose nothing on a block device with write-only descriptors" {
  on_each blk-512 blk-4096 -- unreadable_device
}

# This shows that the calls of these tests need the shim.
refused() {
  run "$DIOSHIM_TEST_BIN/stress" --seconds 1 "$scratch/file"
  ((status != 0)) && [[ $output == *'(Invalid argument)'* ]]
}

@test "P5: without the shim, the same writers fail" {
  on_each ext4-512 ext4-4096 xfs -- refused
}
