#!/usr/bin/env bats
# A short run of the fuzzers; "make fuzz" has the long one.

load lib

fuzz() { # NAME
  run "$BATS_TEST_DIRNAME/fuzz/run" "${DIOSHIM_FUZZ_SECONDS-7}" "$BATS_TEST_TMPDIR" "$1"
  echo "$output"
  ((status != 77)) || skip "libFuzzer is missing (Debian: clang, libclang-rt-14-dev)"
  ((status == 0))
  [[ $output == *" inputs, "* ]]
}

@test "the planner keeps its promises for whatever the fuzzer thinks of" {
  fuzz plan
}

@test "programs of calls that the fuzzer thinks of run alike on a direct and an ordinary file" {
  [[ " $DIOSHIM_TEST_SKIPPED" != *" ext4-512("* ]] || skip "not here: $DIOSHIM_TEST_SKIPPED"
  fuzz calls
}
