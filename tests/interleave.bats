#!/usr/bin/env bats
# Threads and processes that meet in a misaligned call, step by step, in every order with few preemptions.
# Nothing is left to luck here; tests/interleave.h says how. The long form is `make interleave`.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

# The tool has no need of the shim itself: it preloads $DIOSHIM_LIB into the program that it watches.
interleave() { # ARG...
  run "$DIOSHIM_TEST_BIN/interleave" "$@" "$scratch"
  echo "$output"
  ((status != 77)) || skip "${output##*$'\n'}"
  # To the last scenario.
  [[ $output =~ [0-9]+\ scenarios,\ [0-9]+\ not\ ok$ ]]
}

# Every line that speaks of a scenario, and there are some, is one of these words.
verdicts_are() { # WORD PATTERN
  local lines
  lines=$(grep -E "^(ok|not ok) $2" <<<"$output") || fail "nothing was tried"
  ! grep -vE "^$1 " <<<"$lines"
}

all_orders() { # BOUND [OPTION...]
  interleave --bound "$@"
  ((status == 0))
  verdicts_are ok '[a-z]'
}

@test "P1 to P8: nothing goes wrong in any order with one preemption" {
  on_each ext4-512 ext4-4096 xfs -- all_orders 1
}

# A sample of them, spread over all; here the shim has been at work on each description before.
@test "nor in orders with two" {
  on_each ext4-512 -- all_orders 2 --warm --limit 80
}

# The library's threads meet in memory, too. The first call shows that its instructions are steps indeed.
within_the_library() {
  local points=$BATS_TEST_TMPDIR/points
  objdump -d --no-show-raw-insn "$DIOSHIM_LIB" | grep -E '\block\b|[[:space:]]xchg .*\(' >"$points"
  run "$DIOSHIM_TEST_BIN/interleave" --points "$points" --replay 0x1 "$scratch" edge_beside_aligned
  ((status != 77)) || skip "$output"
  [[ $output == *"atomic instruction("* ]]
  all_orders 1 --warm --limit 25 --points "$points"
}

@test "nor where one waits before an atomic instruction of the library" {
  need objdump binutils
  on_each ext4-512 -- within_the_library
}

@test "nor between the threads of a process on a block device" {
  on_each blk-512 blk-4096 -- all_orders 2 --limit 200
}

# Faults made on purpose, of each kind that it looks for; and threads that wait for each other as they should.
finds_traps() {
  interleave --no-shim --traps --brief
  ((status == 1))
  verdicts_are 'not ok' trap_
  verdicts_are ok sound_
  [[ $output == *"an outcome that no ordinary file has"* ]]
  [[ $output == *"and the page at 4096 is dirty"* ]]
  [[ $output == *"more than were written"* ]]
  [[ $output == *"everybody waits for somebody else"* ]]
  [[ $output == *"not over after"* ]]
}

@test "faults made on purpose are found, with one preemption" {
  on_each ext4-512 -- finds_traps
}

# Of the order that it has found it prints the steps; asked for again, it is the same steps.
repeats_an_order() {
  local schedule steps
  run "$DIOSHIM_TEST_BIN/interleave" --no-shim --traps "$scratch" trap_lost_update
  ((status != 77)) || skip "$output"
  schedule=$(sed -n "s/.*--replay '\(.*\)'/\1/p" <<<"$output")
  steps=$(grep -E '^ +[0-9]+ +\[' <<<"$output")
  [[ $schedule && $steps ]]
  run "$DIOSHIM_TEST_BIN/interleave" --no-shim --traps --replay "$schedule" "$scratch" trap_lost_update
  echo "$output"
  [[ $(grep -E '^ +[0-9]+ +\[' <<<"$output") == "$steps" ]]
}

@test "an order can be repeated" {
  on_each ext4-512 -- repeats_an_order
}

refused() {
  interleave --no-shim --bound 0 --brief
  ((status == 1))
  verdicts_are 'not ok' '[a-z]'
  [[ $output == *EINVAL* ]]
}

@test "without the shim, none of these programs gets what an ordinary file gives" {
  on_each ext4-512 ext4-4096 xfs -- refused
}

# Nor does it find anything where there is nothing: the kernel's own calls are whole.
all_the_kernels() {
  interleave --no-shim --bound 1
  ((status == 0))
  verdicts_are ok '[a-z]'
}

@test "without the shim, where the kernel takes any alignment, nothing is found" {
  on_each btrfs tmpfs -- all_the_kernels
}
