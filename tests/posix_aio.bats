#!/usr/bin/env bats
# POSIX asynchronous I/O: tests/posix_aio.c, and fio.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
}

requests() {
  DIOSHIM_TEST_DIR=$scratch shim "$DIOSHIM_TEST_BIN/posix_aio"
}

@test "P1: aio_read, aio_write and lio_listio have the results of an ordinary file" {
  on_each "${strict[@]}" btrfs tmpfs -- requests
}

verified() { # fio writes the file, then reads it and compares checksums.
  under fio --name=aio --filename="$scratch/file" --ioengine=posixaio --direct=1 --bs=1000 --size=100000 --rw=randwrite \
    --verify=crc32c --verify_fatal=1 --verify_state_save=0 --iodepth="$1" --thread --output="$BATS_TEST_TMPDIR/fio"
}

under() {
  env ${preload:+LD_PRELOAD="$preload"} "$@"
}

fio_works() {
  run ! verified 1
  preload=$DIOSHIM_LIB verified 8
}

@test "fio with ioengine=posixaio, bs=1000 and verify=crc32c" {
  need fio
  on_each "${strict[@]}" -- fio_works
}
