# shellcheck shell=bash
# shellcheck disable=SC2154 # device: disks.bash
# Filesystems that a test makes for itself, beside those of with-mounts. They are mounted in the
# mount namespace that with-mounts made, and disappear with it at the latest.

load lib
load disks

mounted=()

need_mounts() {
  ((EUID == 0)) || skip "mounting filesystems needs root"
  case " $DIOSHIM_TEST_SKIPPED" in
    *" ext4-512(not-asked-for)"*) ;; # it says nothing of what works here
    *" ext4-512("*) skip "not here: $DIOSHIM_TEST_SKIPPED" ;;
  esac
}

# Loads the module first, because the kernel's list has only what is loaded.
need_filesystem() { # TYPE
  modprobe -q "$1" 2>/dev/null || :
  grep -qw "$1" /proc/filesystems || skip "this kernel has no $1"
}

# A kernel that does not show its configuration is assumed to have the option.
kernel_has() { # CONFIG
  ! [[ -r /proc/config.gz ]] || zgrep -q "^$1=" /proc/config.gz || skip "this kernel has no $1"
}

# Sets $device to a new loop device, or a piece of a disk that was given (disks.bash). The caller detaches it.
attach_image() { # SECTOR SIZE
  attach_device "$1" "$2" "$BATS_TEST_TMPDIR"
}

# Makes and mounts a filesystem. Sets $scene, its mount point; $mounted lists all of them.
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
  detach "$device"
}

declare -gA packages=([mkfs.xfs]=xfsprogs [mkfs.btrfs]=btrfs-progs [mkfs.vfat]=dosfstools
  [mkfs.exfat]=exfatprogs [mkfs.f2fs]=f2fs-tools)

mount_at() { # MOUNT-ARGUMENT...
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/mnt.XXXXXX")
  mount "$@" "$scene"
  mounted+=("$scene")
}

# tmpfs takes O_DIRECT from Linux 6.6 on.
mount_tmpfs() { # SIZE
  mount_at -t tmpfs -o "size=$1" dioshim-test
  dd if=/dev/zero of="$scene/probe" oflag=direct bs=4096 count=1 status=none 2>/dev/null ||
    skip "this kernel's tmpfs refuses O_DIRECT"
  rm "$scene/probe"
}

# Mounts the test filesystem fuse_faulty over the directory BACKING. Sets $scene.
mount_faulty() { # BACKING [OPTION...]
  [[ -x $DIOSHIM_TEST_BIN/fuse_faulty ]] || skip "built without libfuse3 (Debian: libfuse3-dev)"
  [[ -e /dev/fuse ]] || skip "no /dev/fuse here"
  local backing=$1
  shift
  scene=$(mktemp -d "$BATS_TEST_TMPDIR/fuse.XXXXXX")
  # bats waits for every process that has descriptor 3 open.
  "$DIOSHIM_TEST_BIN/fuse_faulty" "$@" "$backing" "$scene" 3>&-
  mounted+=("$scene")
}

unmount_all() {
  local i
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
    umount "${mounted[i]}" || umount --lazy "${mounted[i]}" || :
  done
  mounted=()
  remove_pieces
}
