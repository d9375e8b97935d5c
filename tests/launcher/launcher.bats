#!/usr/bin/env bats
# The launcher: its options, the environment of COMMAND, exit statuses and signals. With --stats or
# --trace, COMMAND is a child of the launcher; otherwise the launcher becomes COMMAND.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats
# shellcheck disable=SC2016 # it is another shell that expands these
# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell

load ../lib

: "${DIOSHIM_LAUNCHER:?the launcher under test; use \"make check\"}"

setup() {
  cd -- "$BATS_TEST_TMPDIR" || return
  unset LD_PRELOAD DIOSHIM_STATS DIOSHIM_TRACE DIOSHIM_BOUNCE_MAX DIOSHIM_DISABLE
}

teardown() {
  [[ ! -S terminal ]] || tmux -S terminal kill-server || true
}

launcher() {
  "$DIOSHIM_LAUNCHER" "$@"
}

# Waits until COMMAND succeeds, for at most 5 s.
eventually() { # COMMAND [ARG...]
  local tries
  for ((tries = 0; tries < 50; tries++)); do
    if "$@"; then return; fi
    sleep 0.1
  done
  fail "not in 5 s: $*"
}

# Does not use run(): only this shell can wait for its children.
ends_with() { # STATUS PID
  local got=0
  wait "$2" || got=$?
  ((got == $1)) || fail "status $got, not $1"
}

# Runs COMMAND for both cases: the launcher becomes COMMAND, and COMMAND is its child.
both() { # COMMAND [ARG...]
  watched=()
  "$@"
  watched=(--stats --output=report)
  "$@"
}

# Options

refuses() { # LINE OPTION...
  run --separate-stderr launcher "${@:2}"
  [[ $status -eq 2 && -z $output && $stderr == "dioshim: "$1 && $stderr != *$'\n'* ]] ||
    fail "launcher ${*:2}: status $status, \"$stderr\""
}

@test "a usage error is one line that names the error and the accepted forms, and status 2" {
  refuses "--bogus: unknown option; valid options: --stats *--version" --bogus true
  refuses "--bogus: unknown option; valid options:*" --bogus=5 true
  refuses "-Z: unknown option; valid options:*" -qZ true
  refuses "--st: ambiguous option; could be: --stats --strict" --st true
  refuses "--check: takes no value" --check=yes true
  refuses "--output: requires a FILE name" --output
  refuses "--output=: requires a FILE name" --stats --output= true
  refuses "--trace=: requires a FILE name" --trace= true
  refuses "--report: requires a FILE name" -r
  refuses "--bounce-max: requires a SIZE from 64K to 64M" -b
  refuses "--disable: requires a LIST of hints, hugepages, prefetch" -x
  refuses "missing COMMAND *"
  refuses "missing COMMAND *" --stats --
  refuses "--check: requires a COMMAND" --check
  refuses "--probe: requires a PATH*" --probe
}

@test "options that contradict each other" {
  refuses "--probe: cannot be used with --check, which accepts only --json" --check --probe true
  refuses "--report: cannot be used with --probe, which *" --probe --report=f true
  refuses "--stats: cannot be used with --probe, which accepts only --try and --json" --stats --probe /
  refuses "--trace: cannot be used with --report, which accepts only --json" --trace --report=f
  refuses "--quiet: cannot be used with --check, which accepts only --json" --check --quiet true
  refuses "true: --report accepts one FILE and no other operand" --report=f true
  refuses "--try: requires --probe" --try true
  refuses "--json: requires --stats, --trace, --check, --probe or --report" --json true
  refuses "--output: requires --stats *" --trace --output=f true
  refuses "--probe: not with --check, which *" --check --probe true
  refuses "--report: not with --probe, which *" --probe --report=f true
  refuses "--stats: not with --probe, which goes with --try and --json only" --stats --probe /
  refuses "--trace: not with --report, which goes with --json only" --trace --report=f
  refuses "--quiet: not with --check, which goes with --json only" --check --quiet true
  refuses "true: not with --report, which takes one FILE*" --report=f true
  refuses "--try: goes with --probe only" --try true
  refuses "--json: goes with --stats, --trace, --check, --probe or --report only" --json true
  refuses "--output: goes with --stats only*" --trace --output=f true
