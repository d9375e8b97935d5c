#!/usr/bin/env bats
# P1: makes random calls on an O_DIRECT file under the shim and on an ordinary file without it, and
# compares the results. See differential.h.
#
#   DIOSHIM_CALLS   number of calls for each seed on each filesystem or device, without a time limit
#   DIOSHIM_SEED    the second seed: a number, to reproduce a failure; or "random"

# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

calls=${DIOSHIM_CALLS:-3000}
# The calls take five to ten seconds on most machines. The limit reduces them on a slow machine.
limit=(--seconds 20)
[[ ! ${DIOSHIM_CALLS-} ]] || limit=()
second_seed=${DIOSHIM_SEED:-2}
[[ $second_seed != random ]] || second_seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')

# The default seeds are fixed, so that `make check` makes the same calls each time.
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
  local twin
  twin=$(twin_device)
  compare --block-device --direct "$scratch" --ordinary "$twin"
}

@test "P1: calls have the same results as on an ordinary file on ext4 with 512-byte sectors" {
  on_each ext4-512 -- compare_files
}

@test "P1: calls have the same results as on an ordinary file on ext4 with 4096-byte sectors" {
  on_each ext4-4096 -- compare_files
}

@test "P1: calls have the same results as on an ordinary file on XFS" {
  on_each xfs -- compare_files
}

@test "P1: calls have the same results as on an ordinary file on btrfs" {
  on_each btrfs -- compare_files
}

@test "P1: calls have the same results as on an ordinary file on tmpfs" {
  on_each tmpfs -- compare_files
}

# The temporary directory also works where with-mounts cannot make the other filesystems.
@test "P1: calls have the same results as on an ordinary file in the temporary directory" {
  where=here scratch=$BATS_TEST_TMPDIR calls=1000 compare_files
}

@test "P1: calls have the same results as without O_DIRECT on a device with 512-byte sectors" {
  on_each blk-512 -- compare_devices
}

@test "P1: calls have the same results as without O_DIRECT on a device with 4096-byte sectors" {
  on_each blk-4096 -- compare_devices
}

without_the_shim() {
  "$DIOSHIM_TEST_BIN/differential" --expect-mismatch --calls 100 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

@test "without the shim, the comparison fails" {
  on_each ext4-512 ext4-4096 xfs -- without_the_shim
}
