#!/usr/bin/env bash
# The long forms of stress.bats, append.bats, signals.bats and neighbours.bats. Each case runs for
# SOAK_SECONDS. `make soak` starts this. SOAK_SEED repeats the random choices of an earlier run, and
# SOAK_ONLY, a regular expression, selects cases.
set -euo pipefail

: "${DIOSHIM_LIB:?must name the library under test; use \"make soak\"}"
: "${DIOSHIM_TEST_BIN:?must name the directory of the test programs; use \"make soak\"}"
seconds=${SOAK_SECONDS-60}
seed=${SOAK_SEED-$RANDOM}
only=${SOAK_ONLY-}

# Parallel arrays: the name of each case, and its command.
names=() commands=()
failed=0 writes=0 records=0 bytes_lost=0

add_case() { # NAME COMMAND
  [[ ! $only || $1 =~ $only ]] || return 0
  names+=("$1")
  commands+=("$2")
}

# One round of the signal tests takes about five seconds.
add_signals() { # PLACE PATH
  local scale=$((seconds < 5 ? 1 : seconds / 5))
  add_case "$1 signals" "\"$DIOSHIM_TEST_BIN/signals\" --scale $scale $2"
  add_case "$1 signals, one bounce buffer" \
    "DIOSHIM_BOUNCE_MAX=64K \"$DIOSHIM_TEST_BIN/signals\" --scale $scale $2"
}

add_neighbours() { # PLACE PATH MODE...
  local name=$1 path=$2 mode settings
  shift 2
  for mode; do
    # One bounce buffer: see neighbours_served.c.
    settings=$([[ $mode != served ]] || echo DIOSHIM_BOUNCE_MAX=64K)
    add_case "$name neighbours, $mode" \
      "$settings \"$DIOSHIM_TEST_BIN/neighbours\" --seconds $seconds --seed $seed $mode $path"
  done
}

add_filesystem() { # NAME DIRECTORY
  local options="--seconds $seconds --seed $seed" what
  add_case "$1 stress" "\"$DIOSHIM_TEST_BIN/stress\" $options $2/file"
  add_case "$1 stress, extending" "\"$DIOSHIM_TEST_BIN/stress\" $options --extend $2/file"
  for what in append write read both; do
    add_case "$1 $what" "\"$DIOSHIM_TEST_BIN/append\" $options $what $2/file"
  done
  add_signals "$1" "$2"
  add_neighbours "$1" "$2" shared overlap beside rotation followed flags endings once secret \
    truncated served
  # On btrfs a write from bad memory leaves a gap without the shim, too (Linux 6.18).
  [[ $1 == btrfs ]] || add_neighbours "$1" "$2" offset
}

add_device() { # NAME DEVICE
  add_case "$1 stress" "\"$DIOSHIM_TEST_BIN/stress\" --seconds $seconds --seed $seed --block-device $2"
  add_signals "$1" "$2"
  add_neighbours "$1" "$2" shared flags secret
}

# Adds up what the programs report: "N writes", "N records", and "N bytes lost" at the end, or
# "N wrong from byte" if they did not reach the end.
count_up() { # OUTPUT
  [[ $1 =~ ([0-9]+)\ writes ]] && writes=$((writes + BASH_REMATCH[1]))
  [[ $1 =~ ([0-9]+)\ records ]] && records=$((records + BASH_REMATCH[1]))
  local wrong
  while read -r wrong; do
    bytes_lost=$((bytes_lost + ${wrong%% *}))
  done < <(grep -oE '[0-9]+ bytes lost' <<<"$1" || grep -oE '[0-9]+ wrong from byte' <<<"$1" || :)
}

play() { # NUMBER
  local name=${names[$1]} output status=0 start=$SECONDS
  printf '[%d/%d] %s: ' $(($1 + 1)) ${#names[@]} "$name"
  # A case that takes ten times as long as it should hangs.
  output=$(LD_PRELOAD=$DIOSHIM_LIB timeout --signal=KILL $((seconds * 10 + 120)) \
    bash -c "exec env ${commands[$1]}" 2>&1) || status=$?
  count_up "$output"
  if ((status == 0)); then
    printf 'ok, %d s\n' $((SECONDS - start))
    sed -n -E 's/^(stress:|append:|neighbours) /  /p' <<<"$output"
    return
  fi
  if ((status == 77)); then
    printf '%s\n' "$(grep '^skipped' <<<"$output")"
    return
  fi
  failed=$((failed + 1))
  printf 'FAILED with status %d after %d s\n' "$status" $((SECONDS - start))
  tail -n 30 <<<"$output" | sed 's/^/  /'
}

for entry in $DIOSHIM_TEST_DIRS; do
  add_filesystem "${entry%%=*}" "${entry#*=}"
done
for entry in $DIOSHIM_TEST_BLOCK; do
  add_device "${entry%%=*}" "${entry#*=}"
done

echo "soak: ${#names[@]} cases of about $seconds s each, seed $seed"
for ((number = 0; number < ${#names[@]}; number++)); do
  play "$number"
done
echo "soak: ${#names[@]} cases, $failed failed, $writes writes, $records records," \
  "$bytes_lost bytes lost, $((SECONDS / 60)) min; unavailable: ${DIOSHIM_TEST_SKIPPED:-nothing}"
((failed == 0))
