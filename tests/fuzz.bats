#!/usr/bin/env bats
# A short run of the fuzzers. "make fuzz" is the long one.

load lib

fuzz() { # NAME
  run "$BATS_TEST_DIRNAME/fuzz/run" "${DIOSHIM_FUZZ_SECONDS-5}" "$BATS_TEST_TMPDIR" "$1"
  echo "$output"
  ((status != 77)) || skip "libFuzzer is missing (Debian: clang, libclang-rt-14-dev)"
  ((status == 0))
  [[ $output == *" inputs, "* ]]
}

@test "the fuzzer finds no input for which a plan is wrong" {
  fuzz plan
}

@test "the fuzzer finds no calls that differ between a direct and an ordinary file" {
  [[ " $DIOSHIM_TEST_SKIPPED" != *" ext4-512("* ]] || skip "unavailable: $DIOSHIM_TEST_SKIPPED"
  fuzz calls
}
