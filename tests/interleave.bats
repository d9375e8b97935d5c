#!/usr/bin/env bats
# Runs threads and processes that make misaligned calls at the same time, step by step, in every order
# with few preemptions. See tests/interleave.h. The long form is `make interleave`.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup() {
  only=()
}

# The tool itself runs without the shim: it preloads $DIOSHIM_LIB into the program under test.
interleave() { # ARG...
  run answered "$DIOSHIM_TEST_BIN/interleave" "$@" "$scratch" "${only[@]}"
  echo "$output"
  ((status != 77)) || skip "${output##*$'\n'}"
  # The tool has run to the last scenario.
  [[ $output =~ [0-9]+\ scenarios,\ [0-9]+\ not\ ok$ ]]
}

# Succeeds if at least one scenario matches PATTERN and WORD is the result of each that does.
verdicts_are() { # WORD PATTERN
  local lines
  lines=$(grep -E "^(ok|not ok) $2" <<<"$output") || fail "no scenario was run"
  ! grep -vE "^$1 " <<<"$lines"
}

all_orders() { # BOUND [OPTION...]
  interleave --bound "$@"
  ((status == 0))
  verdicts_are ok '[a-z]'
}

@test "P1 to P8: no order with at most one preemption gives a wrong result" {
  on_each ext4-512 -- all_orders 1
  on_each xfs -- all_orders 1 --no-doors --limit 10
}

# Runs a sample that is spread over all orders. The shim has helped on each description before.
@test "P1 to P8: a sample of orders with two preemptions gives no wrong result" {
  on_each ext4-512 -- all_orders 2 --warm --no-doors --limit 25
}

# What a call does after a refusal depends on the kind of file system there. `make interleave` with
# DIOSHIM_TEST_ANSWERS=unknown plays all scenarios so.
@test "P1 to P8: where the kernel reports no alignments, no order of those that depend on it gives a wrong result" {
  local -x DIOSHIM_TEST_ANSWERS=unknown
  only=(torn_within torn_beside_record_of_child flags_direct_off)
  on_each ext4-512 -- all_orders 2
}

# Threads also synchronize in memory. The first run checks that atomic instructions are steps.
within_the_library() {
  local points=$BATS_TEST_TMPDIR/points
  objdump -d --no-show-raw-insn "$DIOSHIM_LIB" | grep -E '\block\b|[[:space:]]xchg .*\(' >"$points"
  run "$DIOSHIM_TEST_BIN/interleave" --points "$points" --replay 0x1 "$scratch" edge_beside_aligned
  ((status != 77)) || skip "$output"
  [[ $output == *"atomic instruction("* ]]
  all_orders 1 --warm --no-doors --limit 12 --points "$points"
  # Only a number that the shim does not know yet can be closed before anybody looks at it.
  run -0 "$DIOSHIM_TEST_BIN/interleave" --bound 1 --points "$points" "$scratch" unseen_beside_close
}

@test "P1 to P8: orders that switch before atomic instructions give no wrong result" {
  need objdump binutils
  on_each ext4-512 -- within_the_library
}

@test "P1 to P8: threads of one process on a block device get no wrong result" {
  on_each blk-512 blk-4096 -- all_orders 2 --limit 50
}

# The traps have one deliberate fault of each kind. In the sound_ scenarios threads only wait for each other.
finds_traps() {
  interleave --no-shim --traps --brief
  ((status == 1))
  verdicts_are 'not ok' trap_
  verdicts_are ok sound_
  [[ $output == *"an outcome that an ordinary file does not allow"* ]]
  [[ $output == *"has returned, but the page at 4096 is dirty"* ]]
  [[ $output == *"more than all writes so far could have made"* ]]
  [[ $output == *"deadlock: no actor can continue"* ]]
  [[ $output == *"not finished after"* ]]
}

@test "the tool finds deliberate faults" {
  on_each ext4-512 -- finds_traps
}

# A replay of the schedule that the tool prints with a fault must take the same steps.
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

@test "a reported schedule can be replayed step by step" {
  on_each ext4-512 -- repeats_an_order
}

refused() {
  interleave --no-shim --bound 0 --brief
  ((status == 1))
  verdicts_are 'not ok' '[a-z]'
  [[ $output == *EINVAL* ]]
}

@test "without the shim, every scenario fails where misaligned direct I/O is refused" {
  on_each ext4-512 -- refused
}

# tmpfs accepts misaligned direct I/O, so that the kernel makes each call as a whole.
all_the_kernels() {
  interleave --no-shim --bound 1
  ((status == 0))
  verdicts_are ok '[a-z]'
}

@test "without the shim, no fault is reported where the kernel accepts any alignment" {
  on_each tmpfs -- all_the_kernels
}
