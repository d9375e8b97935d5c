#!/usr/bin/env bats
# Linux AIO on files that grow, have holes, or lose their descriptor meanwhile: tests/aiodio.c. What these parts look for
# are faults that kernels have had, and that tests of kernels look for; here with requests of any length.
#
#   AIODIO_SECONDS   how long each part runs on each filesystem (default: 0.3)

# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
}

aiodio() { # PART...
  local part status
  for part in "$@"; do
    status=0
    shim "$DIOSHIM_TEST_BIN/aiodio" "$part" "$scratch/file" "${AIODIO_SECONDS-0.3}" || status=$?
    ((status != 77)) || skip "no context for AIO here (fs.aio-max-nr)"
    ((status == 0))
  done
}

refused() { # PART...
  local part
  for part in "$@"; do
    run ! "$DIOSHIM_TEST_BIN/aiodio" "$part" "$scratch/file" 1
  done
}

@test "P1, P4: readers of a file that grows by asynchronous writes find what was written, or zeros in gaps" {
  on_each ext4-512 xfs -- aiodio append_readers extend_readers
}

@test "P1, P4: readers of a hole that asynchronous writes fill find what was written, or zeros" {
  on_each ext4-512 -- aiodio sparse_readers
}

@test "P1: the size and the bytes are there when a write behind the end is complete" {
  on_each xfs -- aiodio extend_stat
}

@test "P5: requests in one block of a hole, or across the end, lose nothing" {
  on_each ext4-512 -- aiodio hole_filling end_of_file
}

@test "P5, P8: O_DIRECT changes while requests are under way" {
  on_each ext4-512 -- aiodio flag_race
}

@test "P6: requests keep their file when its number and the context go away" {
  on_each ext4-512 -- aiodio last_reference
}

@test "P1: rounds of writes, and contexts that are none" {
  on_each ext4-512 -- aiodio cycle_write bogus_context
}

@test "without the shim these requests are refused" {
  on_each xfs -- refused append_readers extend_readers sparse_readers extend_stat hole_filling end_of_file \
    last_reference cycle_write bogus_context
}
