#!/usr/bin/env bats
# Full disks, limits, failing devices, kill -9, no memory: prepares each scene for tests/faults.c.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash; scene, device: mounts.bash

load mounts

setup() {
  bats_require_minimum_version 1.5.0
  any=(ext4-512 ext4-4096 xfs btrfs tmpfs)
}

teardown() {
  unmount_all
}

faults() { # SUITE SCENE
  shim "$DIOSHIM_TEST_BIN/faults" "$@"
}

# Without the shim the kernel refuses a misaligned call, where the test expects another answer.
faults_without_shim_fail() { # SUITE SCENE
  run "$DIOSHIM_TEST_BIN/faults" "$@"
  [[ $status -ne 0 ]]
}

@test "a full disk, ext4: the count is right in each segment of a request, and a retry completes it" {
  need_mounts
  make_filesystem 512 32M mkfs.ext4 -q -m 0
  faults space "$scene"
  faults_without_shim_fail space "$scene"
}

@test "a full disk, ext4 on 4096-byte sectors" {
  need_mounts
  make_filesystem 4096 32M mkfs.ext4 -q -m 0
  faults space "$scene"
}

@test "a full disk, XFS" {
  need_mounts
  make_filesystem 512 320M mkfs.xfs -q
  faults space "$scene"
}

@test "a full disk, btrfs (which takes any alignment itself)" {
  need_mounts
  make_filesystem 512 128M mkfs.btrfs -q
  DIOSHIM_TEST_INEXACT=1 faults space "$scene"
}

@test "a full disk, tmpfs" {
  need_mounts
  mount_tmpfs 16m
  DIOSHIM_TEST_INEXACT=1 faults space "$scene"
}

@test "a quota used up in the middle of a request (btrfs)" {
  need_mounts
  make_filesystem 512 128M mkfs.btrfs -q
  btrfs quota enable "$scene" || skip "no btrfs quotas here"
  btrfs subvolume create "$scene/limited"
  btrfs qgroup limit 1M "$scene/limited"
  faults quota "$scene/limited"
}

@test "a quota used up in the middle of a request (ext4)" {
  need_mounts
  need setquota quota
  kernel_has CONFIG_QFMT_V2
  make_filesystem -o usrquota 512 32M mkfs.ext4 -q -O quota
  setquota -u 65534 0 1024 0 0 "$scene"
  install -d -o 65534 "$scene/limited"
  # Another user cannot search the directories above a checkout in /root.
  chmod 755 "$BATS_RUN_TMPDIR"
  cp "$DIOSHIM_LIB" "$DIOSHIM_TEST_BIN/faults" "$scene"
  setpriv --reuid=65534 test -r "$scene/faults" || skip "another user cannot reach $scene"
  env LD_PRELOAD="$scene/${DIOSHIM_LIB##*/}" setpriv --reuid=65534 "$scene/faults" quota "$scene/limited"
}

limits() {
  faults limit "$scratch"
}

@test "RLIMIT_FSIZE in each segment: count, errno, offset, data and SIGXFSZ are as on an ordinary file" {
  on_each "${any[@]}" -- limits
}

device_end() {
  local twin
  twin=$(twin_device)
  DIOSHIM_TEST_TWIN=$twin faults end "$scratch"
}

@test "the end of a device in each segment: the answers are as on an ordinary descriptor" {
  on_each blk-512 blk-4096 -- device_end
}

@test "EIO on command from a FUSE filesystem that refuses misaligned direct I/O" {
  need_mounts
  mkdir "$BATS_TEST_TMPDIR/backing"
  mount_faulty "$BATS_TEST_TMPDIR/backing" --align 512
  DIOSHIM_TEST_CUE=$scene/.cue faults error "$scene"
}

@test "EIO on command from a FUSE filesystem that takes any direct I/O" {
  need_mounts
  mkdir "$BATS_TEST_TMPDIR/backing"
  mount_faulty "$BATS_TEST_TMPDIR/backing" --uncached
  DIOSHIM_TEST_CUE=$scene/.cue faults error "$scene"
}

# Runs the test on a filesystem whose loop device is a file on fuse_faulty: the device fails on
# command.
on_failing_device() { # SECTOR SIZE MKFS [ARG...]
  local cue sector=$1 size=$2
  shift 2
  need_mounts
  mkdir "$BATS_TEST_TMPDIR/backing"
  truncate --size="$size" "$BATS_TEST_TMPDIR/backing/device"
  mount_faulty "$BATS_TEST_TMPDIR/backing" --uncached
  cue=$scene/.cue
  device=$(losetup --find --show --sector-size "$sector" "$scene/device")
  "$@" "$device" >&2
  mount_at "$device"
  losetup --detach "$device"
  DIOSHIM_TEST_CUE=$cue DIOSHIM_TEST_ON_DEVICE=1 faults error "$scene"
}

@test "EIO from the device under ext4" {
  on_failing_device 512 32M mkfs.ext4 -q
}

@test "EIO from a device with 4096-byte sectors under ext4" {
  on_failing_device 4096 32M mkfs.ext4 -q
}

@test "EIO from the device under XFS" {
  on_failing_device 512 320M mkfs.xfs -q
}

memory() {
  faults memory "$scratch"
}

@test "no memory for a bounce buffer: every call still moves all its data" {
  on_each ext4-512 ext4-4096 xfs btrfs -- memory
}

killed() {
  faults kill "$scratch"
}

@test "kill -9 during a stream of misaligned writes leaves exactly a prefix of the stream" {
  on_each "${any[@]}" -- killed
}
