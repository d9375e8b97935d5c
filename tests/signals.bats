#!/usr/bin/env bats
# Signals, processes and threads during misaligned I/O: promise P7 of doc/design.md. The long form is in
# `make soak`.

# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

# A fault may be a deadlock, also of a child. bats would wait for each process that has descriptor 3.
signals() { # [NAME=VALUE...]
  env "$@" LD_PRELOAD="$DIOSHIM_LIB" timeout --signal=KILL 95 \
    "$DIOSHIM_TEST_BIN/signals" "$scratch" 3>&-
}

@test "P7: misaligned I/O works with signals, jumps, forks and cancellations" {
  on_each ext4-512 blk-512 -- signals
}

@test "P7: the same works with a single bounce buffer, where losing it would hang" {
  on_each ext4-4096 -- signals DIOSHIM_BOUNCE_MAX=64K
}
