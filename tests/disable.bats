#!/usr/bin/env bats
# The answers stay the same with each optimisation disabled, and with all of them: DIOSHIM_DISABLE.
# record.bats checks that each word has its effect; `make check-disable` runs more tests this way.

# shellcheck disable=SC2154 # scratch, where: on_each in lib.bash

load lib

compare() { # WORDS
  local calls=${DIOSHIM_CALLS:-1200} seed
  seed=${DIOSHIM_SEED:-3}
  [[ $seed != random ]] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
  echo "# $where, without $1: $calls calls, seed $seed" >&3
  DIOSHIM_DISABLE=$1 shim "$DIOSHIM_TEST_BIN/differential" --calls "$calls" --seconds 20 --seed "$seed" \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

stress() { # WORDS
  DIOSHIM_DISABLE=$1 shim "$DIOSHIM_TEST_BIN/stress" --seconds 1 "$scratch/file"
}

disabled() { # WORDS
  on_each ext4-4096 xfs -- compare "$1"
  on_each ext4-512 -- stress "$1"
}

@test "P1, P5: without hints" {
  disabled hints
}

@test "P1, P5: without huge pages" {
  disabled hugepages
}

@test "P1, P5: without prefetch" {
  disabled prefetch
}

@test "P1, P5: without any of them" {
  disabled hints,hugepages,prefetch
}
