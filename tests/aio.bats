#!/usr/bin/env bats
# Linux AIO: tests/aio.c, which calls io_submit() by name and by number, and fio, which links with libaio.

# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  any=("${strict[@]}" btrfs tmpfs)
}

aio() { # PART
  local status=0
  shim "$DIOSHIM_TEST_BIN/aio" "$1" "$scratch/direct" "$scratch/ordinary" || status=$?
  ((status != 77)) || skip "no context for AIO here (fs.aio-max-nr)"
  return "$status"
}

# Where the filesystem refuses misaligned requests, the test must fail without the shim.
not_without_the_shim() { # PART
  run ! "$DIOSHIM_TEST_BIN/aio" "$1" "$scratch/direct" "$scratch/ordinary"
}

@test "P1: random requests at depths of 1 to 32 have the results of an ordinary file" {
  on_each "${any[@]}" -- aio random
  on_each xfs -- not_without_the_shim random
}

devices() { # PART
  local twin
  twin=$(twin_device)
  shim "$DIOSHIM_TEST_BIN/aio" "$1" "$scratch" "$twin"
}

@test "P1: random requests to a block device have the results of an ordinary descriptor" {
  on_each blk-512 blk-4096 -- devices random
}

@test "P1: events are the kernel's: iocb, data, order, eventfd, and programs that read the ring themselves" {
  on_each "${any[@]}" -- aio events
  on_each xfs -- not_without_the_shim events
}

@test "P1: bad lists, iocbs, memory and flags are refused as for an ordinary file" {
  on_each "${any[@]}" -- aio refusals
  on_each xfs -- not_without_the_shim refusals
}

@test "P1: requests are refused as for an ordinary file where no alignments are reported (before Linux 6.1)" {
  local -x DIOSHIM_TEST_ANSWERS=unknown
  on_each "${strict[@]}" -- aio refusals
}

@test "P6: appends land at the end once, also when there is no room for an event" {
  on_each "${any[@]}" -- aio appends
  on_each xfs -- not_without_the_shim appends
}

@test "several threads submit to one context" {
  on_each "${any[@]}" -- aio threads
}

@test "P5: misaligned requests beside aligned ones under way lose nothing, and nobody's fsync fails" {
  on_each ext4-512 xfs -- aio beside
}

# The first write of a descriptor may be that of another call; see P2 in doc/design.md.
calls_of_aligned() {
  need strace
  strace -f -qq -o "$BATS_TEST_TMPDIR/calls" -E LD_PRELOAD="$DIOSHIM_LIB" \
    "$DIOSHIM_TEST_BIN/aio" aligned "$scratch/direct" "$scratch/ordinary"
  # From the second request on: the submission itself, and for each page of the list that is not
  # the caller's stack one look whether it can be read.
  sed -n '/getrlimit\|prlimit64/,$p' "$BATS_TEST_TMPDIR/calls" | grep -c io_submit
  sed -n '/io_submit.*= 1$/,$p' "$BATS_TEST_TMPDIR/calls" | tail -n +2 |
    grep -vE 'io_submit|io_getevents|rt_sigprocmask\(0x63|exit|fstat|write\(1|munmap' >"$BATS_TEST_TMPDIR/other" || true
  diff "$BATS_TEST_TMPDIR/other" /dev/null
}

@test "P2: aligned requests are passed on in one call, after a look at the descriptor" {
  on_each "${any[@]}" -- calls_of_aligned
}

@test "a write that only has a misaligned address stays asynchronous, and gets its own bytes" {
  on_each ext4-4096 xfs -- aio pieces
  on_each blk-512 -- devices pieces
  on_each xfs -- not_without_the_shim pieces
}

# The write itself, from aligned memory, with an eventfd of the shim's; no ordinary write beside it.
calls_of_bounced() {
  need strace
  local calls=$BATS_TEST_TMPDIR/calls
  strace -f -qq -o "$calls" -E LD_PRELOAD="$DIOSHIM_LIB" \
    "$DIOSHIM_TEST_BIN/aio" bounced "$scratch/direct" "$scratch/ordinary"
  # What comes after the file was filled.
  sed -i '0,/io_setup/d' "$calls"
  (($(grep -c 'io_submit.*IOCB_CMD_PWRITE,.*aio_buf=.*aio_nbytes=4096.*IOCB_FLAG_RESFD' "$calls") == 8))
  (($(grep -c 'eventfd2(0, EFD_CLOEXEC)' "$calls") == 8))
  ! grep -v 'rt_sigprocmask(0x63\|MADV_POPULATE' "$calls" | grep -E 'pwrite64|pwritev|/dev/null|= -1 E'
}

@test "such a write is one request of the kernel's, from bounce memory" {
  on_each "${strict[@]}" -- calls_of_bounced
}

@test "P7: a submission needs less than 2.5 KiB of stack" {
  on_each ext4-512 xfs -- aio stack
}

@test "an iocb is as it was before its event can be fetched, by another thread on the same processor" {
  on_each ext4-512 xfs -- aio relay
}

@test "contexts, images and processes end with writes under way, and nothing is lost" {
  on_each ext4-512 xfs -- aio endings
}

counted() {
  local record=$BATS_TEST_TMPDIR/record
  rm -f "$record"
  DIOSHIM_STATS=$record shim "$DIOSHIM_TEST_BIN/aio" count "$scratch/file"
  "$DIOSHIM_TEST_BIN/recordcat" "$record" >"$BATS_TEST_TMPDIR/counts"
  cat "$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.read.untouched=1' "$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.write.untouched=1' "$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.read.bounced=1' "$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.write.bounced=1' "$BATS_TEST_TMPDIR/counts"
}

@test "requests are counted once" {
  on_each "${strict[@]}" -- counted
}

# What fio writes it reads again, and compares by a checksum in each block. All jobs at once, each on a file of its
# own.
fio_jobs() {
  local engine libaio=(--ioengine=libaio --iodepth=32) jobs=()
  for engine in sync psync vsync pvsync pvsync2; do
    jobs+=(--name="$engine" --ioengine="$engine" --iodepth=1 --bs=3000 --size=200k)
  done
  (
    cd "$scratch" || exit
    shim fio --size=1M --rw=randwrite --direct=1 --verify=crc32c --verify_fatal=1 --minimal \
      --name=records "${libaio[@]}" --bs=1000 \
      --name=ring "${libaio[@]}" --bs=1000 --userspace_reap \
      --name=one --ioengine=libaio --iodepth=1 --bsrange=500-20000 --bs_unaligned \
      --name=address "${libaio[@]}" --bs=4096 --mem_align=1 --iomem_align=1 \
      --name=both "${libaio[@]}" --bs=4096 --mem_align=1 --iomem_align=1 --rw=randrw --userspace_reap "${jobs[@]}" >out 2>&1 || {
      cat out
      return 1
    }
    (($(grep -c '^3;' out) == 10))
  )
}

@test "fio writes and verifies with libaio, and with its engines of ordinary calls" {
  need fio
  on_each ext4-512 xfs -- fio_jobs
}
