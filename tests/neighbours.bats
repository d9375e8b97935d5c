#!/usr/bin/env bats
# Calls at the same time as misaligned ones: promises P3, P5, P6 and P8 of doc/design.md. Runs each mode
# of tests/neighbours.c for a short time. DIOSHIM_NEIGHBOURS_SECONDS makes it longer, and `make soak` has
# the long form of most modes.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash; scene, device: mounts.bash

load mounts

setup() {
  # On btrfs and tmpfs the kernel accepts any request. `make soak` runs all modes there, too.
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

# Skips the test if the mode says that this machine does not support it.
play_with() { # MODE COMMAND...
  run "${@:2}" "$DIOSHIM_TEST_BIN/neighbours" --seconds "$seconds" ${ordinary:+--ordinary} "$1" "$scratch"
  echo "$output"
  ((status != 77)) || skip "$output"
  ((status == 0))
}

play() { # MODE
  play_with "$1" shim
}

@test "P3, P8: writes on a description that threads and children share are on the device when they return" {
  on_each "${everywhere[@]}" "${devices[@]}" -- play shared
}

@test "P5: overlapping writes leave the result of whole calls, and ordinary writes beside them do not fail" {
  on_each "${filesystems[@]}" -- play overlap
}

@test "P5: ordinary writes in the gaps between large direct writes lose nothing and do not fail" {
  on_each "${filesystems[@]}" -- play beside
}

@test "P6: each record is whole in one file while a log is rotated, and each read returns bytes of one file" {
  seconds=$((seconds * 2))
  on_each "${everywhere[@]}" -- play rotation
}

# Not on btrfs: a write from bad memory leaves a gap there without the shim, too (Linux 6.18).
@test "P6: records that are cut short by bad memory harm no other record and leave no gap" {
  on_each "${strict[@]}" tmpfs -- play offset
}

@test "P6: readers through one offset at the end of a growing file get each byte once" {
  on_each "${filesystems[@]}" -- play followed
}

@test "P8: beside writes no F_SETFL is lost, and F_GETFL always shows O_DIRECT" {
  on_each "${filesystems[@]}" "${devices[@]}" -- play flags
}

@test "P1: a write that must not wait, and is refused, has changed nothing" {
  on_each ext4-512 xfs -- play nowait
}

@test "P6: a write keeps its file when close or dup2 gives its number to another file" {
  on_each "${filesystems[@]}" -- play endings
}

# --- calls that must not be repeated ---

# Prints how many system calls wrote bytes that begin with "garbage-WORDS".
asked_for() { # WORDS
  grep -cE "^[0-9]+ +(p?write(64|v|v2)?)\(.*garbage-$1" "$BATS_TEST_TMPDIR/trace" || :
}

asked_at_most() { # TIMES WORDS...
  local most=$1 words times
  shift
  for words; do
    times=$(asked_for "$words")
    echo "$words: $times system calls"
    ((times >= 1 && times <= most)) || fail "$words: $times system calls, not 1 to $most"
  done
}

traced_once() { # PATH
  strace -qq -f -s 100 -e trace=write,pwrite64,writev,pwritev,pwritev2 -o "$BATS_TEST_TMPDIR/trace" \
    -E LD_PRELOAD="$DIOSHIM_LIB" "$DIOSHIM_TEST_BIN/neighbours" once "$1"
}

refusals_of_others() {
  traced_once "$scratch"
  asked_at_most 1 fresh-aligned stale-aligned negative-aligned
  # An eventfd refuses less than 8 bytes. The 7 bytes of this write have no room for the name of the case.
  (($(grep -c '"garbage", 7)' "$BATS_TEST_TMPDIR/trace") == 1))
  # These EINVAL might be about alignment, if another process has changed a shared description.
  asked_at_most 6 fresh-odd stale-odd negative-odd
}

@test "P8: an aligned call that fails with another EINVAL is made once, and a misaligned one at most 6 times" {
  need strace
  on_each "${strict[@]}" -- refusals_of_others
}

@test "P8: a call that a FUSE server refuses with EINVAL is made at most 6 times" {
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

@test "P1: I/O with memory that cannot be pinned works as with an ordinary descriptor" {
  on_each "${filesystems[@]}" "${devices[@]}" -- play secret
}

@test "P7: a write from memory that another process truncates gives EFAULT, a count or the program's SIGBUS" {
  on_each "${filesystems[@]}" -- play truncated
}

served() {
  play_with served shim env DIOSHIM_BOUNCE_MAX=64K
}

@test "P7: a userfaultfd handler that writes directly does not deadlock with a single bounce buffer" {
  on_each "${filesystems[@]}" -- served
  # Its pages cannot be asked for before Linux 5.14.
  local -x DIOSHIM_TEST_ANSWERS=unpopulated
  on_each ext4-4096 xfs -- served
}

# --- a slow disk ---

# Creates a cgroup whose processes can write BYTES per second to a device. Sets $slow to it.
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
  fi || skip "no cgroup can limit the write rate here"
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

# Prints milliseconds.
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
  ((took > 200)) || skip "the cgroup does not limit the write rate: $took ms for 2 MiB"
  for mode in shared overlap; do
    seconds=$((${DIOSHIM_NEIGHBOURS_SECONDS-1} * 3))
    play_with "$mode" slowly shim
  done
  forget_throttle
}

@test "P3, P5: shared descriptions and overlapping writes work on a disk of 4 MB per second" {
  need_mounts
  on_each ext4-512 xfs -- play_slowly
}

# --- blocks of other sizes ---

play_on_blocks() { # BLOCK
  scratch=$scene
  (($(stat -c %o "$scene") >= $1)) || fail "st_blksize is $(stat -c %o "$scene"), not $1"
  for mode in shared overlap beside; do
    play "$mode"
  done
}

@test "P5: nothing is lost on XFS with an st_blksize of 1 MiB" {
  need_mounts
  make_filesystem -o largeio,allocsize=1m 512 320M mkfs.xfs -q
  play_on_blocks 1048576
}

make_or_skip() { # BYTES MKFS [ARG...]
  need "$2" "${packages[$2]-e2fsprogs}"
  attach_image 512 512M
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/mnt.XXXXXX")
  if ! "${@:2}" "$device" </dev/null || ! mount "$device" "$scene"; then
    detach "$device"
    skip "$2 with blocks of $1 bytes does not work here"
  fi
  detach "$device"
  mounted+=("$scene")
  play_on_blocks "$1"
}

@test "P5: nothing is lost on XFS with blocks larger than a page" {
  need_mounts
  make_or_skip 16384 mkfs.xfs -q -b size=16k
}

@test "P5: nothing is lost on ext4 with blocks larger than a page" {
  need_mounts
  make_or_skip 16384 mkfs.ext4 -q -F -b 16384
}

# --- what these tests require ---

as_an_ordinary_file() {
  local mode ordinary=yes
  for mode in shared overlap beside rotation offset followed flags endings secret truncated served; do
    play_with "$mode"
  done
}

@test "without the shim, the same calls on ordinary descriptors pass" {
  on_each xfs -- as_an_ordinary_file
}

refused() {
  local mode
  for mode in shared overlap beside rotation offset flags; do
    run "$DIOSHIM_TEST_BIN/neighbours" --seconds 1 "$mode" "$scratch"
    [[ $status -ne 0 && $output == *'Invalid argument'* ]]
  done
}

@test "without the shim, the same direct calls fail" {
  on_each ext4-4096 -- refused
}
