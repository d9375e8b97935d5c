#!/usr/bin/env bats
# A guest's coexistence under fire: promise P7 of doc/design.md. The long forms are in `make soak`.

# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

# What it looks for may well end in a deadlock, of a child even: bats waits for who has its descriptor 3.
signals() { # [NAME=VALUE...]
  env "$@" LD_PRELOAD="$DIOSHIM_LIB" timeout --signal=KILL 95 \
    "$DIOSHIM_TEST_BIN/signals" "$scratch" 3>&-
}

@test "P7: signals, jumps, forks and cancellations amid misaligned I/O" {
  on_each ext4-512 xfs blk-512 -- signals
}

@test "P7: the same where there is but one bounce buffer, so that to lose one is to hang" {
  on_each ext4-4096 blk-4096 -- signals DIOSHIM_BOUNCE_MAX=64K
}
