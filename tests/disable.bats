#!/usr/bin/env bats
# The same answers with each optimisation switched off, and with all of them: DIOSHIM_DISABLE. That each
# switch does switch is in record.bats; `make check-disable` runs more of the suite so.

# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

compare() { # WORDS
  local calls=${DIOSHIM_CALLS:-4000} seed
  seed=${DIOSHIM_SEED:-3}
  [[ $seed != random ]] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
  echo "# $where, without $1: $calls calls, seed $seed" >&3
  DIOSHIM_DISABLE=$1 shim "$DIOSHIM_TEST_BIN/differential" --calls "$calls" --seconds 20 --seed "$seed" \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

stress() { # WORDS
  DIOSHIM_DISABLE=$1 shim "$DIOSHIM_TEST_BIN/stress" --seconds 1 "$scratch/file"
}

without() { # WORDS
  on_each ext4-512 ext4-4096 xfs -- compare "$1"
  on_each ext4-512 xfs -- stress "$1"
}

@test "P1, P5: without hints" {
  without hints
}

@test "P1, P5: without huge pages" {
  without hugepages
}

@test "P1, P5: without prefetch" {
  without prefetch
}

@test "P1, P5: without any of them" {
  without hints,hugepages,prefetch
}
