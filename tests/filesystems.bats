#!/usr/bin/env bats
# Many filesystems and their options. On each, makes a few hundred random misaligned calls and
# compares them with the same calls on an ordinary descriptor (tests/differential.c). Also prints
# what the kernel and the shim do there, a row of the table in doc/filesystems.md: see `bats
# --show-output-of-passing-tests`.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scene, device: mounts.bash

load mounts

setup() {
  bats_require_minimum_version 1.5.0
  need_mounts
}

teardown() {
  unmount_all
}

# Runs both on the directory $scene.
works_here() { # NAME
  shim "$DIOSHIM_TEST_BIN/differential" --calls "${calls-300}" --seed 7 \
    --direct "$scene/direct" --ordinary "$scene/ordinary"
  head -c 1M /dev/urandom >"$scene/row"
  shim "$DIOSHIM_TEST_BIN/filesystems" row "$1" "$scene/row"
  rm -f "$scene"/{direct,ordinary,row}
}

# The same on a read-only filesystem.
reads_here() { # NAME FILE
  shim "$DIOSHIM_TEST_BIN/filesystems" compare "$2" "$2"
  shim "$DIOSHIM_TEST_BIN/filesystems" row "$1" "$2"
}

# The same, or, on a filesystem without direct I/O, checks that open() fails as without the shim.
reads_or_refuses_to_open() { # NAME FILE
  if dd if="$2" iflag=direct of=/dev/null bs=64k count=1 status=none; then
    reads_here "$@"
  else
    run shim "$DIOSHIM_TEST_BIN/filesystems" row "$@"
    echo "$output"
    [[ $output == *"open: EINVAL"* ]]
  fi
}

# Mounts $device, if the kernel supports how it was formatted, and runs both there.
works_if_it_mounts() { # NAME WHY-NOT
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/mnt.XXXXXX")
  if ! mount "$device" "$scene"; then
    detach "$device"
    skip "$2"
  fi
  mounted+=("$scene")
  detach "$device"
  works_here "$1"
}

# ext2, ext3, ext4

@test "ext4 on 512-byte sectors" {
  make_filesystem 512 64M mkfs.ext4 -q
  works_here "ext4, 512-byte sectors"
}

@test "ext4 on 4096-byte sectors" {
  make_filesystem 4096 64M mkfs.ext4 -q
  works_here "ext4, 4096-byte sectors"
}

@test "ext4 with blocks of 1024 bytes" {
  make_filesystem 512 64M mkfs.ext4 -q -b 1024
  works_here "ext4, 1 KiB blocks"
}

@test "ext4 with blocks of 64 KiB" {
  attach_image 512 512M
  mkfs.ext4 -q -F -b 65536 "$device"
  works_if_it_mounts "ext4, 64 KiB blocks" "this kernel mounts no ext4 with blocks larger than a page"
}

@test "ext4 with bigalloc" {
  make_filesystem 512 64M mkfs.ext4 -q -O bigalloc -C 65536
  works_here "ext4, bigalloc 64 KiB"
}

@test "ext4 with data=journal" {
  make_filesystem -o data=journal 512 64M mkfs.ext4 -q
  works_here "ext4, data=journal"
}

@test "ext4 with inline data" {
  make_filesystem 512 64M mkfs.ext4 -q -O inline_data -I 512
  works_here "ext4, inline_data"
  # This file is small enough to be inline.
  head -c 50 /dev/urandom >"$scene/small"
  shim "$DIOSHIM_TEST_BIN/filesystems" compare "$scene/small" "$scene/small"
}

@test "ext4 with an encrypted file (fscrypt)" {
  need xfs_io xfsprogs
  make_filesystem 512 64M mkfs.ext4 -q -O encrypt
  mkdir "$scene/locked"
  # The kernel answers with the key's identifier. The key is in no file.
  key=$(head -c 64 /dev/zero | xfs_io -c add_enckey "$scene" | grep -o '[0-9a-f]\{32\}') ||
    skip "this kernel has no fscrypt (CONFIG_FS_ENCRYPTION)"
  xfs_io -c "set_encpolicy -v 2 $key" "$scene/locked"
  xfs_io -c get_encpolicy "$scene/locked" | grep -q "$key"
  scene+=/locked
  works_here "ext4, fscrypt"
}

@test "ext3" {
  need_filesystem ext3
  make_filesystem 512 64M mkfs.ext3 -q
  works_here ext3
}

@test "ext2" {
  need_filesystem ext2
  make_filesystem 512 64M mkfs.ext2 -q
  works_here ext2
}

# XFS

@test "XFS" {
  make_filesystem 512 320M mkfs.xfs -q
  works_here XFS
}

@test "XFS on 4096-byte sectors" {
  make_filesystem 4096 320M mkfs.xfs -q -s size=4096
  works_here "XFS, 4096-byte sectors"
}

@test "XFS with blocks of 1024 bytes" {
  make_filesystem 512 320M mkfs.xfs -q -b size=1024
  works_here "XFS, 1 KiB blocks"
}

@test "XFS with blocks of 16 KiB" {
  large_blocks 16384 "XFS, 16 KiB blocks"
}

@test "XFS with blocks of 64 KiB" {
  large_blocks 65536 "XFS, 64 KiB blocks"
}

large_blocks() { # SIZE NAME
  need mkfs.xfs xfsprogs
  attach_image 512 1G
  mkfs.xfs -q -b "size=$1" "$device"
  works_if_it_mounts "$2" "this kernel mounts no XFS with blocks larger than a page"
}

@test "XFS with shared extents (reflink)" {
  make_filesystem 512 320M mkfs.xfs -q -m reflink=1
  shared_extents "XFS, reflinked file"
}

# Both files share all their blocks with a third one, so that every write needs a copy.
shared_extents() { # NAME
  head -c 500000 /dev/urandom >"$scene/first"
  cp --reflink=always "$scene/first" "$scene/direct"
  cp --reflink=always "$scene/first" "$scene/ordinary"
  sum=$(cksum <"$scene/first")
  shim "$DIOSHIM_TEST_BIN/differential" --calls 300 --seed 8 \
    --direct "$scene/direct" --ordinary "$scene/ordinary"
  head -c 1M /dev/urandom >"$scene/other"
  cp --reflink=always "$scene/other" "$scene/row"
  shim "$DIOSHIM_TEST_BIN/filesystems" row "$1" "$scene/row"
  [[ $(cksum <"$scene/first") == "$sum" ]]
}

@test "XFS with a realtime device" {
  kernel_has CONFIG_XFS_RT
  attach_image 512 320M
  local realtime=$device
  attach_image 512 320M
  mkfs.xfs -q -r "rtdev=$realtime" -d rtinherit=1 "$device"
  mount_at -o "rtdev=$realtime" "$device"
  detach "$device" "$realtime"
  works_here "XFS, realtime"
}

# btrfs

@test "btrfs" {
  make_filesystem 512 128M mkfs.btrfs -q
  works_here btrfs
}

@test "btrfs with compression" {
  make_filesystem -o compress-force=zstd 512 128M mkfs.btrfs -q
  works_here "btrfs, compressed"
}

@test "btrfs without copy on write" {
  make_filesystem -o nodatacow 512 128M mkfs.btrfs -q
  works_here "btrfs, nodatacow"
}

@test "btrfs with shared extents (reflink)" {
  make_filesystem 512 128M mkfs.btrfs -q
  shared_extents "btrfs, reflinked file"
}

# Memory, FAT

@test "tmpfs" {
  mount_tmpfs 64m
  works_here tmpfs
}

@test "vfat" {
  need_filesystem vfat
  make_filesystem 512 64M mkfs.vfat
  works_here vfat
}

@test "exfat" {
  need_filesystem exfat
  make_filesystem 512 64M mkfs.exfat
  works_here exfat
}

@test "f2fs" {
  need_filesystem f2fs
  make_filesystem 512 128M mkfs.f2fs -q
  works_here f2fs
}

# Filesystems on top of others

overlay_on() { # UPPER
  mkdir "$1/upper" "$1/work" "$BATS_TEST_TMPDIR/lower"
  head -c 1M /dev/urandom >"$BATS_TEST_TMPDIR/lower/from-below"
  need_filesystem overlay
  mount_at -t overlay -o "lowerdir=$BATS_TEST_TMPDIR/lower,upperdir=$1/upper,workdir=$1/work" none
}

@test "overlayfs on ext4" {
  make_filesystem 512 64M mkfs.ext4 -q
  overlay_on "$scene"
  works_here "overlayfs, upper on ext4"
  # This file is in the lower layer. It is read there first, and the write then copies it up.
  shim "$DIOSHIM_TEST_BIN/filesystems" compare "$scene/from-below" "$scene/from-below"
  cp "$BATS_TEST_TMPDIR/lower/from-below" "$BATS_TEST_TMPDIR/expected"
  shim dd if=/dev/zero of="$scene/from-below" oflag=direct conv=notrunc bs=1001 count=3 status=none
  dd if=/dev/zero of="$BATS_TEST_TMPDIR/expected" conv=notrunc bs=1001 count=3 status=none
  cmp "$scene/from-below" "$BATS_TEST_TMPDIR/expected"
}

@test "overlayfs on XFS" {
  make_filesystem 512 320M mkfs.xfs -q
  overlay_on "$scene"
  works_here "overlayfs, upper on XFS"
}

@test "overlayfs on tmpfs" {
  mount_tmpfs 64m
  overlay_on "$scene"
  works_here "overlayfs, upper on tmpfs"
}

on_fuse() { # NAME [OPTION...]
  mkdir "$BATS_TEST_TMPDIR/backing"
  mount_faulty "$BATS_TEST_TMPDIR/backing" "${@:2}"
  works_here "$1"
}

# With FOPEN_DIRECT_IO, and only there, the kernel checks the memory of a call on an ordinary
# descriptor before it looks for the end of the file. So this test has no bad pointers.
on_uncached_fuse() { # NAME [OPTION...]
  mkdir "$BATS_TEST_TMPDIR/backing"
  mount_faulty "$BATS_TEST_TMPDIR/backing" --uncached "${@:2}"
  shim "$DIOSHIM_TEST_BIN/filesystems" compare "$scene/direct" "$scene/ordinary"
  head -c 1M /dev/urandom >"$scene/row"
  shim "$DIOSHIM_TEST_BIN/filesystems" row "$1" "$scene/row"
}

@test "FUSE that takes any direct I/O" {
  on_fuse "FUSE, takes anything"
}

@test "FUSE that refuses direct I/O not aligned to 512" {
  on_fuse "FUSE, refuses below 512" --align 512
}

@test "FUSE that refuses direct I/O not aligned to 4096" {
  on_fuse "FUSE, refuses below 4096" --align 4096
}

@test "FUSE with FOPEN_DIRECT_IO" {
  on_uncached_fuse "FUSE, FOPEN_DIRECT_IO"
}

@test "FUSE with FOPEN_DIRECT_IO that refuses direct I/O not aligned to 512" {
  on_uncached_fuse "FUSE, FOPEN_DIRECT_IO, refuses below 512" --align 512
}

# The test does not start an NFS server itself.
@test "NFS" {
  need_filesystem nfs
  [[ ${DIOSHIM_TEST_NFS-} ]] || skip "DIOSHIM_TEST_NFS is not set to a directory on NFS"
  scene=$(mktemp -d "$DIOSHIM_TEST_NFS/dioshim-test.XXXXXX")
  works_here NFS
  rm -rf "$scene"
}

@test "dm-crypt" {
  opens /dev/mapper/control || skip "this kernel has no device-mapper"
  need cryptsetup
  attach_image 512 64M
  local name=dioshim-test-$$ disk=$device
  head -c 64 /dev/urandom | cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 \
    --key-file - --sector-size 4096 "$disk" "$name"
  mkfs.ext4 -q "/dev/mapper/$name"
  mount_at "/dev/mapper/$name"
  works_here "ext4 on dm-crypt, 4096-byte sectors"
  unmount_all
  cryptsetup close "$name"
  detach "$disk"
}

# Read-only

image_with_file() {
  mkdir "$BATS_TEST_TMPDIR/tree"
  pattern 1500001 >"$BATS_TEST_TMPDIR/tree/file"
}

@test "squashfs" {
  need_filesystem squashfs
  need mksquashfs squashfs-tools
  image_with_file
  mksquashfs "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/image" -quiet
  mount_at -o loop "$BATS_TEST_TMPDIR/image"
  reads_or_refuses_to_open squashfs "$scene/file"
}

@test "erofs" {
  need_filesystem erofs
  need mkfs.erofs erofs-utils
  image_with_file
  mkfs.erofs "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/tree"
  mount_at -o loop "$BATS_TEST_TMPDIR/image"
  # Linux 5.10 opens nothing there with O_DIRECT.
  reads_or_refuses_to_open erofs "$scene/file"
}

@test "erofs with compression" {
  need_filesystem erofs
  need mkfs.erofs erofs-utils
  image_with_file
  mkfs.erofs -zlz4 "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/tree" ||
    skip "mkfs.erofs has no LZ4"
  mount_at -o loop "$BATS_TEST_TMPDIR/image"
  reads_or_refuses_to_open "erofs, compressed" "$scene/file"
}
