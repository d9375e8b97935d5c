# shellcheck shell=bash
# Devices for scratch filesystems: loop devices, or pieces of disks that may be overwritten, which the caller
# gives by their sector size:
#
#   DIOSHIM_TEST_DISKS="512=/dev/nvme0n1 4096=/dev/nvme0n2"
#
# A piece is a partition that only the kernel knows: nothing is written to a partition table. A loop device
# disappears by itself, at its last close or unmount; a piece has to be removed.

pieces=()

# Prints the disk that was given for SECTOR, if any.
given_disk() { # SECTOR
  local entry
  for entry in ${DIOSHIM_TEST_DISKS-}; do
    [[ ${entry%%=*} != "$1" ]] || echo "${entry#*=}"
  done
}

# Makes a partition of zeroes on the disk. Sets $device. Each has a gigabyte, of which SIZE is used.
add_piece() { # DISK SIZE
  local number prefix=$1 slot=$((2 * 1024 * 1024)) length
  length=$(($(numfmt --from=iec "$2") / 512))
  [[ $1 != *[0-9] ]] || prefix+=p
  ((length <= slot)) || return
  # Fails where another piece is.
  for ((number = 1; number <= 30; number++)); do
    if addpart "$1" "$number" $((number * slot)) "$length" 2>/dev/null; then
      device=$prefix$number
      pieces+=("$1 $number")
      blkdiscard --zeroout --force "$device"
      return
    fi
  done
  echo "no room for $2 on $1" >&2
  return 1
}

# A piece that is in use stays for the next call.
remove_pieces() {
  local piece busy=()
  for piece in "${pieces[@]}"; do
    # shellcheck disable=SC2086 # the disk and the number
    delpart $piece 2>/dev/null || busy+=("$piece")
  done
  pieces=("${busy[@]}")
}

# Sets $device to a new device of SIZE bytes, with a loop device in DIRECTORY if no disk was given.
attach_device() { # SECTOR SIZE DIRECTORY
  local disk image status=0
  disk=$(given_disk "$1")
  if [[ $disk ]]; then
    add_piece "$disk" "$2"
    return
  fi
  image=$(mktemp "$3/image.XXXXXX")
  truncate --size="$2" "$image"
  device=$(losetup --find --show --sector-size "$1" "$image") || status=$?
  # The loop device has the file open.
  rm "$image"
  return "$status"
}

# Lets each loop device disappear with its last user.
detach() { # DEVICE...
  local each
  for each; do
    [[ ! $each =~ ^/dev/loop[0-9]+$ ]] || losetup --detach "$each"
  done
}
