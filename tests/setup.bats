#!/usr/bin/env bats
# Tests ./setup in a scratch checkout, with stand-ins for the programs that it calls: what it installs,
# when it builds, and the environment of COMMAND. tests/fresh-root.sh runs it in a real minimal Debian.

# shellcheck disable=SC2016,SC2030,SC2031 # for other shells; bats runs each test in a subshell
# shellcheck disable=SC2154 # stderr, stderr_lines: bats

load lib

setup() {
  checkout="$BATS_TEST_TMPDIR/a checkout"
  calls=$BATS_TEST_TMPDIR/calls
  bin=$BATS_TEST_TMPDIR/bin
  uid=0
  export TMPDIR=$BATS_TEST_TMPDIR
  mkdir -p "$checkout"/{common,src,launcher,tests,bench,packaging} "$bin"
  # Without the headers and file patterns in its tables: a test cannot remove those from the machine.
  sed '/^[a-z0-9/]*\.h  *lib/d; /^\/usr/d' "$DIOSHIM_TOP_SRCDIR/setup" >"$checkout/setup"
  chmod +x "$checkout/setup"
  touch "$calls" "$checkout/configure.ac" "$checkout/Makefile.am" "$checkout/src/a.c"

  local tool
  for tool in awk cat chmod cksum cp echo env find flock grep ln ls mkdir mv nproc paste printf readlink rm \
    sed sh sleep sort stat tail tee touch tr true; do
    ln -s "$(type -P "$tool")" "$bin/$tool"
  done
  # The other programs that it looks for, from its own tables.
  eval "$(sed -n '/^needs_run/,/^say/{/^say/!p}' "$checkout/setup")"
  while read -r tool _; do
    stand_in "$tool" 'exit 99'
  done < <(needs_check)
  stand_in id 'echo "$FAKE_UID"'
  stand_in autoreconf 'printf "#!/bin/sh\necho configure >>\"%s\"\n" "$CALLS" >configure
    chmod +x configure; touch Makefile.in'
  stand_in make 'case $* in
    *" check") . "$TOP/make-check" ;;
    *) mkdir -p build/.libs; cp "$DIOSHIM_LIB" build/.libs ;;
  esac'
}

# Makes a program that writes its name, LD_PRELOAD and its arguments to $calls and runs SCRIPT.
stand_in() { # PROGRAM SCRIPT
  printf '#!/bin/sh\necho %s ${LD_PRELOAD:+under $LD_PRELOAD} "$@" >>"$CALLS"\n%s\n' "$1" "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

try() { # ARGUMENT-OF-SETUP...
  env PATH="$bin" CALLS="$calls" FAKE_UID="$uid" TOP="$checkout" "$checkout/setup" "$@"
}

called() { # PATTERN
  grep -c -- "^$1" "$calls" || :
}

# Removes these programs and the package lists; the stand-in for apt-get installs them again.
without() { # PROGRAM...
  local program
  for program; do
    mv "$bin/$program" "$BATS_TEST_TMPDIR/$program.absent"
  done
  stand_in apt-get '[ -z "$(cat)" ] || echo "apt-get reads" >>"$CALLS"
    case " $* " in *" install "*) ;; *) touch "$TOP/lists"; exit ;; esac
    [ -e "$TOP/lists" ] || exit 100
    for p in "$TOP"/../*.absent; do n=${p##*/}; mv "$p" "${0%/*}/${n%.absent}"; done'
}

@test "run: builds once, then starts at once and says nothing" {
  run --separate-stderr try run echo hello
  [[ $status == 0 && $output == hello ]]
  [[ ${stderr_lines[*]} == *building* ]]
  run --separate-stderr try run echo hello
  [[ $status == 0 && $output == hello && -z $stderr ]]
  [[ $(called autoreconf)$(called configure)$(called make) == 111 ]]
}

@test "run: builds again when a source is newer than the build, and only then" {
  try run true
  touch "$checkout/src/new.c"
  try run true
  [[ $(called make) == 2 ]]
  touch "$checkout/tests/new.c" "$checkout/README.md"
  try run true
  [[ $(called make) == 2 && $(called configure) == 1 ]]
}

@test "run: a failed build is tried again" {
  stand_in make 'exit 1'
  run try run true
  [[ $status == 1 ]]
  run try run true
  [[ $status == 1 && $(called make) == 2 ]]
}

@test "run: the command's status, signal, arguments, directory and standard input" {
  run try run sh -c 'exit 7'
  [[ $status == 7 ]]
  run try run sh -c 'kill -9 $$'
  [[ $status == 137 ]]
  run -127 try run no-such-command
  [[ $status == 127 ]]
  cd /usr
  run --separate-stderr try run sh -c 'printf "%s|" "$PWD" "$(cat)" "$@"' sh 'a  b' '' <<<input
  [[ $output == '/usr|input|a  b||' ]]
}

@test "run: the command is a process of its own, not a child" {
  run --separate-stderr env PATH="$bin" CALLS="$calls" FAKE_UID=0 TOP="$checkout" \
    sh -c 'echo $$; exec "$0" run sh -c "echo \$\$"' "$checkout/setup"
  [[ ${lines[0]} == "${lines[1]}" ]]
}

@test "run: the command's environment, but for LD_PRELOAD, is the caller's" {
  try run true
  export checkout file log newer library what
  file=kept log=kept newer=kept library=kept what=kept
  diff <(try run env | grep -v ^LD_PRELOAD= | sort) \
    <(env PATH="$bin" CALLS="$calls" FAKE_UID="$uid" TOP="$checkout" sh -c 'exec env' | sort)
}

@test "run: the shim goes first in LD_PRELOAD, by an absolute name without spaces" {
  cp "$DIOSHIM_LIB" "$BATS_TEST_TMPDIR/other.so"
  export LD_PRELOAD=$BATS_TEST_TMPDIR/other.so
  run --separate-stderr try run sh -c 'echo "$LD_PRELOAD"'
  [[ $output =~ ^(/[^ :]*):"$LD_PRELOAD"$ ]]
  cmp "${BASH_REMATCH[1]}" "$checkout/build/.libs/libdioshim.so"
  grep '^make' "$calls"
  [[ $(called 'make under') == 0 ]]
}

@test "run: two at once build once" {
  stand_in make 'sleep 1; mkdir -p build/.libs; cp "$DIOSHIM_LIB" build/.libs'
  try run true &
  try run true
  wait $!
  [[ $(called make) == 1 ]]
}

@test "run: through a symbolic link, from anywhere" {
  ln -s "$checkout/setup" "$BATS_TEST_TMPDIR/link"
  cd /
  env PATH="$bin" CALLS="$calls" FAKE_UID=0 TOP="$checkout" "$BATS_TEST_TMPDIR/link" run true
}

@test "a checkout that was moved is configured again" {
  try run true
  mv "$checkout" "$checkout.moved"
  checkout+=.moved
  touch "$checkout/src/a.c"
  try run true
  [[ $(called configure) == 2 ]]
}

@test "packages: root gets the missing ones, also in a container without package lists" {
  without gcc automake
  cp "$DIOSHIM_LIB" "$BATS_TEST_TMPDIR/other.so"
  LD_PRELOAD=$BATS_TEST_TMPDIR/other.so try run true <<<'an answer'
  [[ $(called 'apt-get -y .* install .*automake gcc$') == 2 ]]
  [[ $(called 'apt-get -y .* update$') == 1 ]]
  [[ $(called 'apt-get reads')$(called 'apt-get under') == 00 ]]
}

@test "packages: a user without root rights gets the one line, and nothing is done" {
  without gcc automake
  uid=1000
  run --separate-stderr try run true
  [[ $status == 1 && -z $output ]]
  [[ ${stderr_lines[-1]} == *'sudo apt-get install -y automake gcc' ]]
  [[ $(called apt-get) == 0 && ! -e $checkout/build ]]
}

@test "packages: without apt-get the missing programs are named" {
  mv "$bin/gcc" "$bin/libtoolize" "$BATS_TEST_TMPDIR"
  run --separate-stderr try run true
  [[ $status == 1 && -z $output && $stderr == *gcc\ libtoolize ]]
}

@test "packages: a program that is still missing after the installation is named" {
  without gcc
  stand_in apt-get exit
  run try run true
  [[ $status == 1 && $output == *'still missing: gcc'* ]]
}

@test "a failing step is named, with the end of its output and its log" {
  stand_in make 'echo "the end of its output" >&2; exit 2'
  run --separate-stderr try run echo hello
  [[ $status == 1 && -z $output ]]
  [[ $stderr == *'failed: building'*"$checkout/build/setup.log"*'the end of its output'* ]]
  grep 'the end of its output' "$checkout/build/setup.log"
}

@test "bad usage: one line, status 2" {
  local bad
  for bad in '' bad 'check now'; do
    # shellcheck disable=SC2086 # several words
    run --separate-stderr try $bad
    [[ $status == 2 && -z $output && ${#stderr_lines[@]} == 1 ]]
  done
  run --separate-stderr try --help
  [[ $status == 0 && $output == usage:* && -z $stderr ]]
}

@test "run: with an option, the launcher runs COMMAND" {
  stand_in make 'mkdir -p build/.libs; cp "$DIOSHIM_LIB" build/.libs
    printf "#!/bin/sh\necho launcher \"\$@\"\nexit 7\n" >build/dioshim; chmod +x build/dioshim'
  run --separate-stderr try run --stats echo 'two words'
  [[ $status == 7 && $output == 'launcher --stats echo two words' && ${stderr_lines[*]} == *building* ]]
  run --separate-stderr try run -q -- echo
  [[ $status == 7 && $output == 'launcher -q -- echo' && -z $stderr ]]
  run --separate-stderr try run -- echo -q
  [[ $status == 0 && $output == -q ]]
}

@test "no command: the demonstration, without the shim, then the launcher's path" {
  stand_in python3 'echo "[$LD_PRELOAD]" "$1"'
  run --separate-stderr try run
  [[ $status == 0 && $output == "[] $checkout/demo/demo.py" ]]
  [[ ${stderr_lines[-1]} == *" $checkout/build/dioshim --stats COMMAND" ]]
  stand_in python3 'exit 3'
  run --separate-stderr try run
  [[ $status == 3 && -z $stderr ]]
}

# Makes the stand-in for `make check` write the counts as automake does, then lines of the tests' own output.
make_check_gives() { # STATUS PASS SKIP XFAIL FAIL XPASS ERROR
  {
    printf '# %s\n' "PASS:  $2" "SKIP:  $3" "XFAIL: $4" "FAIL:  $5" "XPASS: $6" "ERROR: $7"
    printf '# %s\n' 'PASS:  1000' 'FAIL:  1000'
  } >"$checkout/summary"
  {
    echo 'echo "PASS: tests/a.bats 1 one"'
    (($3 == 0)) || echo 'echo "SKIP: tests/a.bats 2 two # SKIP no disk"'
    echo "cp summary build/test-suite.log; exit $1"
  } >"$checkout/make-check"
}

@test "check: prints each result, the skipped tests and the counts" {
  make_check_gives 0 3 1 1 0 0 0
  run --separate-stderr try check
  [[ $status == 0 && ${lines[0]} == 'PASS: tests/a.bats 1 one' ]]
  [[ ${lines[-1]} == '4 passed, 0 failed, 1 skipped' ]]
  [[ $stderr == *'skipped: tests/a.bats 2 two # SKIP no disk'* && $stderr != *failed* ]]
}

# Makes the stand-in for `make check` fail, with the logs of three test programs.
make_check_fails() {
  cat >"$checkout/summary" <<'EOT'
# PASS:  2
# FAIL:  2
# XPASS: 1
# ERROR: 1

FAIL: tests/a
=============

1..4
# before the first test
ok 1 one
PASS: tests/a.bats 1 one
# of a test that passed
not ok 2 two
FAIL: tests/a.bats 2 two
# (in test file tests/a.bats, line 5)
something on stderr
#   `false' failed
ok 3 three # TODO some day
XPASS: tests/a.bats 3 three # TODO some day
not ok 4 four
FAIL: tests/a.bats 4 four
EOT
  printf '# long %s\n' {1..100} >>"$checkout/summary"
  cat >>"$checkout/summary" <<'EOT'

ERROR: tests/b
==============

# of the next program
ok 1 one
PASS: tests/b 1 one
why it crashed
ERROR: tests/b - exited with status 139 (terminated by signal 11?)
EOT
  sed -n 's/^\(PASS\|FAIL\|XPASS\|ERROR\): .*[. -].* .*/echo "&"/p' "$checkout/summary" >"$checkout/make-check"
  echo "cp summary build/test-suite.log; exit 2" >>"$checkout/make-check"
}

@test "check: when tests fail, names each one with its comments, then the logs" {
  make_check_fails
  run --separate-stderr try check
  [[ $status == 1 && ${lines[-1]} == '2 passed, 4 failed' ]]
  diff - <(sed -n '/failed tests:/,$p' <<<"$stderr") <<EOT
dioshim: failed tests:
FAIL: tests/a.bats 2 two
# (in test file tests/a.bats, line 5)
#   \`false' failed
XPASS: tests/a.bats 3 three # TODO some day
FAIL: tests/a.bats 4 four
$(printf '# long %s\n' {1..10})
# (60 lines left out)
$(printf '# long %s\n' {71..100})
ERROR: tests/b - exited with status 139 (terminated by signal 11?)
  why it crashed
dioshim: full logs: $checkout/build/test-suite.log and one per test program in build/tests
EOT
}

@test "check: fails when make does, whatever it counted" {
  make_check_gives 2 3 0 0 0 0 0
  run --separate-stderr try check
  [[ $status == 1 && ${lines[-1]} == '3 passed, 0 failed' ]]
  [[ $stderr == *'make failed, but no test did'*'PASS: tests/a.bats 1 one' ]]
}

@test "check: fails when nothing passed, and when nothing ran" {
  make_check_gives 0 0 2 0 0 0 0
  run try check
  [[ $status == 1 && ${lines[-1]} == '0 passed, 0 failed, 2 skipped' ]]
  echo 'exit 0' >"$checkout/make-check"
  run try check
  [[ $status == 1 && ${lines[-1]} == '0 passed, 0 failed' ]]
}

@test "check: a step that fails before any test counts none" {
  stand_in make 'exit 1'
  run try check
  [[ $status == 1 && ${lines[-1]} == '0 passed, 0 failed' ]]
}

@test "check: configures again what was configured before the tests' tools were there" {
  make_check_gives 0 1 0 0 0 0 0
  try run true
  without bats
  try check
  [[ $(called configure) == 2 ]]
  try check
  try run true
  [[ $(called configure) == 2 ]]
}
