# shellcheck shell=bash
# Filesystems that a test makes for itself, beside the ones of with-mounts. They are mounted in the
# namespace that with-mounts has made, and gone with it at the latest.

load lib

mounted=()

need_mounts() {
  ((EUID == 0)) || skip "mounting filesystems needs root"
  [[ " $DIOSHIM_TEST_SKIPPED" != *" ext4-512("* ]] || skip "not here: $DIOSHIM_TEST_SKIPPED"
}

# The kernel's own list; a module that could be loaded for it is not in there yet.
need_filesystem() { # TYPE
  modprobe -q "$1" 2>/dev/null || :
  grep -qw "$1" /proc/filesystems || skip "this kernel has no $1"
}

# A kernel that does not tell its configuration is taken to have it.
kernel_has() { # CONFIG
  ! [[ -r /proc/config.gz ]] || zgrep -q "^$1=" /proc/config.gz || skip "this kernel has no $1"
}

# A loop device over a sparse file. Sets $device; it goes with its last user.
attach_image() { # SECTOR SIZE
  local image
  image=$(mktemp "$BATS_TEST_TMPDIR/image.XXXXXX")
  truncate --size="$2" "$image"
  device=$(losetup --find --show --sector-size "$1" "$image")
}

# Mount a new filesystem. Sets $scene, an empty directory on it; $mounted has all of them.
make_filesystem() { # [-o OPTIONS] SECTOR SIZE MKFS [ARG...]
  local options=()
  if [[ $1 == -o ]]; then
    options=(-o "$2")
    shift 2
  fi
  need "$3" "${packages[$3]-e2fsprogs}"
  attach_image "$1" "$2"
  shift 2
  "$@" "$device" >&2 || fail "$*"
  mount_at "${options[@]}" "$device"
  losetup --detach "$device"
}

declare -gA packages=([mkfs.xfs]=xfsprogs [mkfs.btrfs]=btrfs-progs [mkfs.vfat]=dosfstools
  [mkfs.exfat]=exfatprogs [mkfs.f2fs]=f2fs-tools)

mount_at() { # MOUNT-ARGUMENT...
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/mnt.XXXXXX")
  mount "$@" "$scene"
  mounted+=("$scene")
}

# The test filesystem fuse_faulty over the directory BACKING. Sets $scene.
mount_faulty() { # BACKING [OPTION...]
  [[ -x $DIOSHIM_TEST_BIN/fuse_faulty ]] || skip "built without libfuse3 (Debian: libfuse3-dev)"
  [[ -e /dev/fuse ]] || skip "no /dev/fuse here"
  local backing=$1
  shift
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/fuse.XXXXXX")
  # Its own process group's descriptor 3 would keep bats waiting.
  "$DIOSHIM_TEST_BIN/fuse_faulty" "$@" "$backing" "$scene" 3>&-
  mounted+=("$scene")
}

unmount_all() {
  local i
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
    umount "${mounted[i]}" || umount --lazy "${mounted[i]}" || :
  done
  mounted=()
}
