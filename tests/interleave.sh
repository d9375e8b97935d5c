#!/usr/bin/env bash
# The long form of interleave.bats, with more preemptions and in all places. `make interleave` starts it.
# INTERLEAVE_ONLY selects scenarios by name, INTERLEAVE_WHERE selects places. With
# DIOSHIM_TEST_ANSWERS=unknown the kernel reports no alignments (seccomp.c).
set -euo pipefail

: "${DIOSHIM_LIB:?must name the library under test; use \"make interleave\"}"
: "${DIOSHIM_TEST_BIN:?must name the directory of the test programs; use \"make interleave\"}"
bound=${INTERLEAVE_BOUND-2}
limit=${INTERLEAVE_LIMIT-100000}
read -r -a only <<<"${INTERLEAVE_ONLY-}"
wanted=${INTERLEAVE_WHERE-ext4-512 ext4-4096 xfs blk-512 blk-4096}
failed=0 places=0
filter=()
[[ -z ${DIOSHIM_TEST_ANSWERS-} ]] || filter=("$DIOSHIM_TEST_BIN/seccomp" "$DIOSHIM_TEST_ANSWERS")

play() { # NAME PATH
  local place=$2 status=0 warm
  [[ " $wanted " == *" $1 "* ]] || return 0
  [[ -b $place ]] || place=$(mktemp -d "$place/XXXXXX")
  for warm in '' --warm; do
    echo "on $1, up to $bound preemptions${warm:+, $warm}:"
    # shellcheck disable=SC2086 # $warm is an option or empty
    "${filter[@]}" "$DIOSHIM_TEST_BIN/interleave" --bound "$bound" --limit "$limit" $warm "$place" "${only[@]}" ||
      status=$?
  done
  places=$((places + 1))
  ((status == 0)) || failed=$((failed + 1))
  [[ -b $place ]] || rm -rf "$place"
}

# Threads that wait for a bounce buffer also synchronize by plain loads.
play_one_buffer() { # PATH
  local points dir
  dir=$(mktemp -d "$1/XXXXXX")
  points=$(mktemp)
  objdump -d --no-show-raw-insn "$DIOSHIM_LIB" | sed -n '/<bounce_get>:/,/^$/p' |
    grep '(%r' | grep -v 'lea\|(%rsp' >"$points"
  echo "one bounce buffer, up to $bound preemptions, also before each access to memory in bounce_get():"
  DIOSHIM_BOUNCE_MAX=64K "$DIOSHIM_TEST_BIN/interleave" --bound "$bound" --limit "$limit" \
    --points "$points" "$dir" bounce_in_line || failed=$((failed + 1))
  rm -rf "$dir" "$points"
}

if [[ -z ${only[*]} || " ${only[*]} " == *' bounce_in_line '* ]]; then
  first=${DIOSHIM_TEST_DIRS%% *}
  play_one_buffer "${first#*=}"
fi
for entry in $DIOSHIM_TEST_DIRS $DIOSHIM_TEST_BLOCK; do
  play "${entry%%=*}" "${entry#*=}"
done
echo "interleave: $places places, $failed not ok; unavailable: ${DIOSHIM_TEST_SKIPPED:-nothing}"
((places > 0 && failed == 0))
