#!/usr/bin/env bats
# What the neighbours of a misaligned call get to see: promises P3, P5, P6 and P8 of doc/design.md. Each
# mode of tests/neighbours.c for a moment; DIOSHIM_NEIGHBOURS_SECONDS makes it longer, and the long
# forms of most are in `make soak`.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash; scene, device: mounts.bash

load mounts

setup() {
  # Where the kernel takes any request the shim has nothing to do; `make soak` plays everything there, too.
  filesystems=(ext4-512 ext4-4096 xfs)
  everywhere=("${filesystems[@]}" btrfs tmpfs)
  devices=(blk-512 blk-4096)
  strict=(ext4-512 ext4-4096 xfs)
  seconds=${DIOSHIM_NEIGHBOURS_SECONDS-1}
}

teardown() {
  unmount_all
  forget_throttle
}

# What this machine does not have is skipped by its name.
play_with() { # MODE COMMAND...
  run "${@:2}" "$DIOSHIM_TEST_BIN/neighbours" --seconds "$seconds" ${ordinary:+--ordinary} "$1" "$scratch"
  echo "$output"
  ((status != 77)) || skip "$output"
  ((status == 0))
}

play() { # MODE
  play_with "$1" shim
}

@test "P3, P8: on a description of many threads and children, what a write wrote is on the device when it returns" {
  on_each "${everywhere[@]}" "${devices[@]}" -- play shared
}

@test "P5: overlapping writers leave what whole calls leave, and ordinary neighbours and their fsync do not fail" {
  on_each "${filesystems[@]}" -- play overlap
}

@test "P5: ordinary writers in the gaps between large writes lose nothing, and nobody fails" {
  on_each "${filesystems[@]}" -- play beside
}

@test "P6: a record is whole in one file, however the log is rotated; a read is of one file" {
  seconds=$((seconds * 2))
  on_each "${everywhere[@]}" -- play rotation
}

# Not btrfs: a write that meets bad memory leaves a gap there without the shim, too (Linux 6.18).
@test "P6: records that are cut short by bad memory leave the others and no gap" {
  on_each "${strict[@]}" tmpfs -- play offset
}

@test "P6: readers through one offset at the end of a growing file get each byte once" {
  on_each "${filesystems[@]}" -- play followed
}

@test "P8: F_SETFL and F_GETFL beside writes: nothing that was set is lost, O_DIRECT is always seen" {
  on_each "${filesystems[@]}" "${devices[@]}" -- play flags
}

@test "P6: a number that is closed in the middle of a write and given to a victim: both files have their own" {
  on_each "${filesystems[@]}" -- play endings
}

# --- asked for once ---

# How often was the kernel asked to write what begins with these words?
asked_for() { # WORDS
  grep -cE "^[0-9]+ +(p?write(64|v|v2)?)\(.*garbage-$1" "$BATS_TEST_TMPDIR/trace" || :
}

asked_at_most() { # TIMES WORDS...
  local most=$1 words times
  shift
  for words; do
    times=$(asked_for "$words")
    echo "$words: asked for $times times"
    ((times >= 1 && times <= most)) || fail "$words: $times times, not 1 to $most"
  done
}

traced_once() { # PATH
  strace -qq -f -s 100 -e trace=write,pwrite64,writev,pwritev,pwritev2 -o "$BATS_TEST_TMPDIR/trace" \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$DIOSHIM_TEST_BIN/neighbours" once "$1"
}

refusals_of_others() {
  traced_once "$scratch"
  asked_at_most 1 fresh-aligned stale-aligned negative-aligned
  # An eventfd takes no less than 8 bytes, so that there is no name in the 7 that it was shown.
  (($(grep -c '"garbage", 7)' "$BATS_TEST_TMPDIR/trace") == 1))
  # These might be about alignment: of a description that another process shares, and has changed.
  asked_at_most 6 fresh-odd stale-odd negative-odd
}

@test "P8: an EINVAL that is not about alignment is asked for once (if misaligned, a few times), also on a number that was another file's" {
  need strace
  on_each "${strict[@]}" -- refusals_of_others
}

@test "P8: a server that means its EINVAL is asked a few times at most" {
  need strace
  need_mounts
  mkdir "$BATS_TEST_TMPDIR/backing"
  head -c 1M /dev/zero >"$BATS_TEST_TMPDIR/backing/file"
  mount_faulty "$BATS_TEST_TMPDIR/backing"
  echo refuse 0 1000000 >"$scene/.cue"
  traced_once "$scene/file"
  asked_at_most 6 server-aligned server-odd
}

# --- memory ---

@test "P1: memory that cannot be pinned moves as with an ordinary descriptor" {
  on_each "${filesystems[@]}" "${devices[@]}" -- play secret
}

@test "P7: memory that a peer truncates during a write: the program's handler, EFAULT or a count" {
  on_each "${filesystems[@]}" -- play truncated
}

served() {
  play_with served shim env DIOSHIM_BOUNCE_MAX=64K
}

@test "P7: memory served by a thread that needs the one bounce buffer, too, does not deadlock" {
  on_each "${filesystems[@]}" -- served
}

# --- a slow disk ---

# A cgroup of our own, whose processes write so many bytes a second to a device. Sets $slow.
throttle() { # MAJOR:MINOR BYTES
  local root=$BATS_TEST_TMPDIR/cgroup
  mkdir -p "$root"
  if mount -t cgroup -o blkio none "$root" 2>/dev/null; then
    slow=$root/dioshim-test.$$
    mkdir "$slow" && echo "$1 $2" >"$slow/blkio.throttle.write_bps_device"
  elif mount -t cgroup2 none "$root" 2>/dev/null && grep -qw io "$root/cgroup.subtree_control"; then
    slow=$root/dioshim-test.$$
    mkdir "$slow" && echo "$1 wbps=$2" >"$slow/io.max"
  else
    false
  fi || skip "no cgroup that throttles"
}

forget_throttle() {
  local root=$BATS_TEST_TMPDIR/cgroup
  [[ -d $root ]] || return 0
  [[ ! ${slow-} ]] || rmdir "$slow" || :
  umount "$root" 2>/dev/null || :
}

slowly() { # COMMAND...
  (
    echo "$BASHPID" >"$slow/cgroup.procs"
    "$@"
  )
}

# In milliseconds.
time_of_two_mebibytes() {
  local start=${EPOCHREALTIME/./}
  dd if=/dev/zero of="$scratch/probe" bs=64k count=32 oflag=direct status=none
  echo $(((${EPOCHREALTIME/./} - start) / 1000))
  rm "$scratch/probe"
}

play_slowly() {
  local took
  throttle "$(mountpoint -d "$(test_path "$where")")" 4000000
  took=$(slowly time_of_two_mebibytes)
  ((took > 200)) || skip "the cgroup does not throttle: $took ms for 2 MiB"
  for mode in shared overlap; do
    seconds=$((${DIOSHIM_NEIGHBOURS_SECONDS-1} * 3))
    play_with "$mode" slowly shim
  done
  forget_throttle
}

@test "P3, P5: on a disk of 4 MB a second, a description of many, and overlapping writers" {
  need_mounts
  on_each ext4-512 xfs -- play_slowly
}

# --- blocks of other sizes ---

play_on_blocks() { # BLOCK
  scratch=$scene
  (($(stat -c %o "$scene") >= $1)) || fail "blocks of $(stat -c %o "$scene")"
  for mode in shared overlap beside; do
    play "$mode"
  done
}

@test "P5: XFS that says its blocks are of 1 MiB" {
  need_mounts
  make_filesystem -o largeio,allocsize=1m 512 320M mkfs.xfs -q
  play_on_blocks 1048576
}

make_or_skip() { # BYTES MKFS [ARG...]
  need "$2" "${packages[$2]-e2fsprogs}"
  attach_image 512 512M
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/mnt.XXXXXX")
  if ! "${@:2}" "$device" </dev/null || ! mount "$device" "$scene"; then
    losetup --detach "$device"
    skip "this kernel has no $2 with blocks of $1"
  fi
  losetup --detach "$device"
  mounted+=("$scene")
  play_on_blocks "$1"
}

@test "P5: XFS with blocks above a page" {
  need_mounts
  make_or_skip 16384 mkfs.xfs -q -b size=16k
}

@test "P5: ext4 with blocks above a page" {
  need_mounts
  make_or_skip 16384 mkfs.ext4 -q -F -b 16384
}

# --- what these tests ask for ---

as_an_ordinary_file() {
  local mode ordinary=yes
  for mode in shared overlap beside rotation offset followed flags endings secret truncated served; do
    play_with "$mode"
  done
}

@test "the same calls on ordinary descriptors, without the shim, are never wrong" {
  on_each ext4-4096 xfs -- as_an_ordinary_file
}

refused() {
  local mode
  for mode in shared overlap beside rotation offset flags; do
    run "$DIOSHIM_TEST_BIN/neighbours" --seconds 1 "$mode" "$scratch"
    [[ $status -ne 0 && $output == *'Invalid argument'* ]]
  done
}

@test "without the shim, the same direct calls fail" {
  on_each "${strict[@]}" -- refused
}
