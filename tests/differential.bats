#!/usr/bin/env bats
# P1: random calls on an O_DIRECT file under the shim and on an ordinary file past it (differential.h).
#
#   DIOSHIM_CALLS   how many, for each seed on each filesystem or device, however long that takes
#   DIOSHIM_SEED    a number, to see a failure again; or random: another one each time, for the hunt

# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

calls=${DIOSHIM_CALLS:-15000}
# Five to ten seconds on most machines. On a slow one there are fewer calls, not no answer.
limit=(--seconds 60)
[[ ! ${DIOSHIM_CALLS-} ]] || limit=()
second_seed=${DIOSHIM_SEED:-2}
[[ $second_seed != random ]] || second_seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

# The same calls each time: what is found by chance belongs to who looks for it, not to who builds.
compare() { # OPTION...
  local seed
  for seed in 1 "$second_seed"; do
    echo "# $where: $calls calls, seed $seed" >&3
    shim "$DIOSHIM_TEST_BIN/differential" --calls "$calls" "${limit[@]}" --seed "$seed" "$@"
  done
}

compare_files() {
  compare --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

compare_devices() {
  local entry
  for entry in $DIOSHIM_TEST_BLOCK_TWIN; do
    if [[ ${entry%%=*} == "$where" ]]; then
      compare --block-device --direct "$scratch" --ordinary "${entry#*=}"
      return
    fi
  done
  fail "no twin of $where"
}

@test "P1: the same answers as an ordinary file's on ext4 with 512-byte sectors" {
  on_each ext4-512 -- compare_files
}

@test "P1: the same answers as an ordinary file's on ext4 with 4096-byte sectors" {
  on_each ext4-4096 -- compare_files
}

@test "P1: the same answers as an ordinary file's on XFS" {
  on_each xfs -- compare_files
}

@test "P1: the same answers as an ordinary file's on btrfs" {
  on_each btrfs -- compare_files
}

@test "P1: the same answers as an ordinary file's on tmpfs" {
  on_each tmpfs -- compare_files
}

# Where with-mounts can make none of them there is the filesystem of the temporary directory.
@test "P1: the same answers as an ordinary file's on the filesystem at hand" {
  where=here scratch=$BATS_TEST_TMPDIR calls=1000 compare_files
}

@test "P1: the same answers as a block device's without O_DIRECT, 512-byte sectors" {
  on_each blk-512 -- compare_devices
}

@test "P1: the same answers as a block device's without O_DIRECT, 4096-byte sectors" {
  on_each blk-4096 -- compare_devices
}

without_the_shim() {
  "$DIOSHIM_TEST_BIN/differential" --expect-mismatch --calls 100 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

@test "the comparison fails without the shim" {
  on_each ext4-512 ext4-4096 xfs -- without_the_shim
}
