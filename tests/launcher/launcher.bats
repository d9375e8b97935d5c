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
  refuses "--disable: requires a LIST of hints, hugepages, prefetch, stdio" -x
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
}

@test "invalid values of options" {
  local value
  for value in 0 abc 1.5 -1 86401 18446744073709551617 '' ' 1' 5s; do
    refuses "--stats=$value: not a whole number of seconds from 1 to 86400" --stats="$value" true
  done
  for value in hint 'hints,' ',hints' 'hints,,prefetch' '' 'hints, prefetch' HINTS; do
    refuses "--disable=$value: not a comma-separated list of hints, hugepages, prefetch, stdio" -x "$value" true
  done
  refuses "--bounce-max=12Q: not a size from 64K to 64M (bytes, or with K or M)" --bounce-max=12Q true
}

@test "--bounce-max accepts the sizes that the shim accepts, and no others" {
  local value taken=0
  for value in 64K 64k 65536 65535 63K 64M 65M 1m 67108864 67108865 0 '' K M 1G 64KK 64K1 \
      ' 1M' -1M +1M 0x10000 0064K 18446744073709551616 18014398509481984K 17592186044417M; do
    run -0 --separate-stderr env DIOSHIM_BOUNCE_MAX="$value" LD_PRELOAD="$DIOSHIM_LIB" true
    if [[ $stderr == *"not a size"* ]]; then
      refuses "--bounce-max=$value: not a size*" --bounce-max="$value" true
    else
      run -0 launcher --bounce-max="$value" true
      taken=$((taken + 1))
    fi
  done
  ((taken == 7))
}

@test "--help and --version, and a stdout that cannot be written to" {
  run -0 --separate-stderr launcher --help
  [[ $output == "usage: dioshim "*"man dioshim"* && -z $stderr ]]
  awk 'length > 80 { exit 1 }' <<<"$output"
  run -0 --separate-stderr launcher -V
  [[ ${lines[0]} == "dioshim "[0-9]* && ${lines[1]} == *licence* && -z $stderr ]]
  local option
  for option in --help --version; do
    run -125 bash -c '"$0" "$1" >/dev/full' "$DIOSHIM_LAUNCHER" "$option"
    [[ $output == "dioshim: stdout: No space left on device" ]]
    run -125 bash -c '"$0" "$1" >&-' "$DIOSHIM_LAUNCHER" "$option"
    [[ $output == "dioshim: stdout: Bad file descriptor" ]]
  done
}

@test "options end where COMMAND begins" {
  run -0 launcher printf '%s\n' --stats --bogus
  [[ $output == $'--stats\n--bogus' ]]
  run -0 launcher -q -- echo -- -q
  [[ $output == "-- -q" ]]
}

# Exit statuses

statuses() {
  run -0 launcher "${watched[@]}" true
  run -1 launcher "${watched[@]}" false
  run -42 launcher "${watched[@]}" sh -c 'exit 42'
  run -255 launcher "${watched[@]}" sh -c 'exit 255'
  run -137 launcher "${watched[@]}" sh -c 'kill -KILL $$'
  run -143 launcher "${watched[@]}" sh -c 'kill -TERM $$'
  run -139 launcher "${watched[@]}" sh -c 'ulimit -c 0; kill -SEGV $$'
}

@test "the exit status is COMMAND's, or 128 plus its signal" {
  both statuses
}

cannot_start() {
  # With a directory in PATH that cannot be searched it would be EACCES.
  PATH=/usr/bin:/bin run -127 launcher "${watched[@]}" dioshim-no-such-command
  [[ $output == "dioshim: dioshim-no-such-command: No such file or directory" ]]
  run -127 launcher "${watched[@]}" ./none
  [[ $output == "dioshim: ./none: No such file or directory" ]]
  run -127 launcher "${watched[@]}" ''
  touch plain
  run -126 launcher "${watched[@]}" ./plain
  [[ $output == "dioshim: ./plain: Permission denied" ]]
  run -126 launcher "${watched[@]}" /
  printf '#!/nowhere/interpreter\n' >script
  chmod +x script
  run -127 launcher "${watched[@]}" ./script
  [[ $output == "dioshim: ./script: interpreter or dynamic linker not found" ]]
}

@test "COMMAND not found is 127, not executable 126, with one line" {
  both cannot_start
}

@test "if --output or --trace cannot be opened, the launcher ends before COMMAND starts" {
  run -125 launcher --stats --output=/nowhere/report touch started
  [[ $output == "dioshim: /nowhere/report: No such file or directory" && ! -e started ]]
  run -125 launcher --trace=/ touch started
  [[ $output == "dioshim: /: Is a directory" && ! -e started ]]
}

# What COMMAND inherits

words_arrive() {
  printf '%s\0' 'a b' '' $'c\nd' '*' '"' -x >wanted
  launcher "${watched[@]}" printf '%s\0' 'a b' '' $'c\nd' '*' '"' -x >got
  cmp wanted got
  [[ $(echo input | launcher "${watched[@]}" cat) == input ]]
}

@test "COMMAND gets its arguments and standard input unchanged" {
  both words_arrive
}

descriptors() { # REDIRECTION
  bash -c "ls /proc/self/fd $1" >wanted
  bash -c '"$@" '"$1" - "$DIOSHIM_LAUNCHER" "${watched[@]}" ls /proc/self/fd >got
  cmp wanted got
}

same_descriptors() {
  descriptors ''
  descriptors '<&-'
  descriptors '2>&-'
  descriptors '<&- 2>&- 5</dev/null'
  bash -c 'ls /proc/self/fd >&2 >&-' 2>wanted || true
  bash -c '"$@" >&2 >&-' - "$DIOSHIM_LAUNCHER" "${watched[@]}" ls /proc/self/fd 2>got || true
  cmp wanted got
}

@test "COMMAND has the same descriptors as without the launcher" {
  both same_descriptors
  watched=(--trace=trace)
  same_descriptors
}

@test "messages do not go to a file that got the number of a closed stderr" {
  run -127 bash -c '"$0" --stats --output=report ./none 2>&-' "$DIOSHIM_LAUNCHER"
  [[ -e report && ! -s report ]]
}

signals_of() { # [COMMAND...]
  timeout -s KILL 20 perl -MPOSIX -e '$SIG{INT} = $SIG{CHLD} = "IGNORE";
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2, SIGHUP)); exec @ARGV' \
    "$@" grep -E '^Sig(Blk|Ign)' /proc/self/status
}

same_signals() {
  need perl
  [[ $(signals_of "$DIOSHIM_LAUNCHER" "${watched[@]}") == "$(signals_of)" ]]
}

@test "COMMAND has the ignored and blocked signals that the launcher started with" {
  both same_signals
  # The launcher needs the status even if its parent ignored SIGCHLD.
  run -42 timeout -s KILL 20 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$DIOSHIM_LAUNCHER" --stats sh -c 'exit 42'
}

@test "without --stats the launcher becomes COMMAND; with it, COMMAND is its child" {
  export DIOSHIM_LAUNCHER
  run -0 sh -c 'echo $$; exec "$DIOSHIM_LAUNCHER" sh -c "echo \$\$"'
  [[ ${lines[0]} == "${lines[1]}" ]]
  run -0 sh -c 'echo $$; exec "$DIOSHIM_LAUNCHER" --stats sh -c "echo \$PPID"'
  [[ ${lines[0]} == "${lines[1]}" ]]
}

# The environment

of_command() { # NAME OPTION...
  launcher "${@:2}" printenv "$1"
}

@test "LD_PRELOAD: the shim once, first, then the previous entries" {
  local name
  name=$(of_command LD_PRELOAD)
  [[ $name -ef $DIOSHIM_LIB ]]
  [[ $(of_command LD_PRELOAD --stats 2>/dev/null) == "$name" ]]
  [[ $(LD_PRELOAD='' of_command LD_PRELOAD) == "$name" ]]
  [[ $(launcher "$DIOSHIM_LAUNCHER" printenv LD_PRELOAD) == "$name" ]]
  # ld.so warns about libraries that it cannot find, and continues.
  [[ $(LD_PRELOAD=/none.so of_command LD_PRELOAD 2>/dev/null) == "$name:/none.so" ]]
  [[ $(LD_PRELOAD='/none.so /nor.so' of_command LD_PRELOAD 2>/dev/null) == "$name:/none.so /nor.so" ]]
  [[ $(LD_PRELOAD="/none.so:$name" of_command LD_PRELOAD 2>/dev/null) == "$name:/none.so:$name" ]]
  [[ $(LD_PRELOAD="${name%.so}" of_command LD_PRELOAD 2>/dev/null) == "$name:${name%.so}" ]]
  [[ $(LD_PRELOAD="${name}x" of_command LD_PRELOAD 2>/dev/null) == "$name:${name}x" ]]
}

@test "LD_PRELOAD: the shim is loaded into COMMAND" {
  run -0 launcher grep -c libdioshim /proc/self/maps
  run -0 launcher --stats --output=report grep -c libdioshim /proc/self/maps
}

@test "DIOSHIM_ variables: options set them; the others stay as they are" {
  [[ $(of_command DIOSHIM_BOUNCE_MAX -b 1M) == 1M ]]
  [[ $(of_command DIOSHIM_DISABLE --disable=hints,prefetch) == hints,prefetch ]]
  run -1 of_command DIOSHIM_BOUNCE_MAX
  run -1 of_command DIOSHIM_DISABLE
  run -1 of_command DIOSHIM_STATS
  run -1 of_command DIOSHIM_TRACE
  run -1 of_command DIOSHIM_TRACE --stats --output=report
  run -1 of_command DIOSHIM_STATS --trace=trace
  # Only what nobody else names.
  [[ -n $(of_command DIOSHIM_REFUSED_RECORD --refused=buffered) ]]
  run -1 of_command DIOSHIM_REFUSED_RECORD --refused=buffered --quiet
  run -1 of_command DIOSHIM_REFUSED_RECORD --refused=buffered --stats --output=report
  run -1 of_command DIOSHIM_REFUSED_RECORD --refused=fail --trace=trace
  export DIOSHIM_BOUNCE_MAX=2M DIOSHIM_TRACE=$PWD/mine
  [[ $(of_command DIOSHIM_BOUNCE_MAX) == 2M ]]
  [[ $(of_command DIOSHIM_BOUNCE_MAX -b 1M) == 1M ]]
  [[ $(of_command DIOSHIM_TRACE --stats --output=report) == "$PWD/mine" ]]
  [[ $(of_command DIOSHIM_TRACE --trace=trace) != "$PWD/mine" ]]
}

record_is_gone() { # STATUS COMMAND
  run "-$1" launcher --stats --trace=trace --output=report sh -c '
    echo "$DIOSHIM_STATS"; [ "$DIOSHIM_TRACE" = "$DIOSHIM_STATS" ] && [ -s "$DIOSHIM_STATS" ] || exit 3
    '"$2"
  [[ -n ${lines[0]} && ! -e ${lines[0]} ]]
}

@test "the record file exists while COMMAND runs, and is removed afterwards" {
  record_is_gone 0 :
  record_is_gone 42 'exit 42'
  record_is_gone 143 'env kill -TERM $PPID; exec sleep 10'
  record_is_gone 0 'sleep 0.3 >/dev/null 2>&1 &'
  # A program that starts later in the background neither creates it again nor prints a message.
  record_is_gone 0 '{ sleep 0.3; env true; } >/dev/null 2>said &'
  sleep 1
  [[ ! -e ${lines[0]} && -e said && ! -s said ]]
}

@test "nothing remains of the record file when the launcher is killed" {
  local path
  launcher --stats sh -c 'echo "$DIOSHIM_STATS" >path; kill -KILL $PPID; : >killed; exec sleep 0.2' 2>/dev/null || :
  eventually test -e killed
  path=$(<path)
  [[ $path == //proc/*/fd/* && ! -e $path ]]
}

# The name of a launcher's record file that is gone may be that of another process's file.
@test "a file that is not the launcher's record file is not written to, and is no reason for a message" {
  : >empty
  printf '%300000s' x >full
  exec 9<>empty
  run -0 env LD_PRELOAD="$DIOSHIM_LIB" DIOSHIM_STATS="//proc/$BASHPID/fd/9" true
  [[ -z $output && ! -s empty ]]
  exec 9<>full
  run -0 env LD_PRELOAD="$DIOSHIM_LIB" DIOSHIM_STATS="//proc/$BASHPID/fd/9" true
  [[ -z $output && $(wc -c <full) -eq 300000 ]]
  exec 9>&-
}

@test "without room for a record file COMMAND runs all the same, and its status is the launcher's" {
  need strace
  run -42 strace -f -qq -o strace.log -e trace=memfd_create,fallocate \
    -e inject=memfd_create:error=ENOMEM -e inject=fallocate:error=ENOSPC \
    "$DIOSHIM_LAUNCHER" --stats=1 --trace sh -c 'echo out; exit 42'
  [[ $output == "dioshim: nothing is recorded: no room for a record file: No space left on device"$'\n'out ]] ||
    fail "$output"
  [[ -z $(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'dioshim.*' -newer strace.log -type f) ]]
}

# A container has 64 MB of /dev/shm by default; a run takes as much as it uses.
@test "the record file needs no room in /dev/shm, and little memory" {
  run -0 launcher --stats --output=report sh -c 'stat -L -c "%b %B" "$DIOSHIM_STATS"'
  read -r blocks size <<<"$output"
  ((blocks * size < 3 << 20)) || fail "$((blocks * size)) bytes"
}

# Finding the library

# The shim that a launcher finds is in LD_PRELOAD of its COMMAND.
finds() { # LAUNCHER LIBRARY
  [[ $("$1" printenv LD_PRELOAD) == "$2" ]]
}

@test "the library is found from the build tree, through a symbolic link, and in ../lib" {
  local tree
  tree=$(dirname -- "$(realpath -- "$DIOSHIM_LAUNCHER")")
  finds "$DIOSHIM_LAUNCHER" "$tree/.libs/libdioshim.so"
  ln -s "$DIOSHIM_LAUNCHER" link
  finds ./link "$tree/.libs/libdioshim.so"
  mkdir -p usr/bin usr/lib libtool/.libs
  cp "$DIOSHIM_LAUNCHER" usr/bin/dioshim
  cp "$DIOSHIM_LIB" usr/lib
  finds usr/bin/dioshim "$PWD/usr/lib/libdioshim.so"
  PATH=$PWD/usr/bin:$PATH finds dioshim "$PWD/usr/lib/libdioshim.so"
  cp "$DIOSHIM_LAUNCHER" "$DIOSHIM_LIB" libtool/.libs
  finds "libtool/.libs/${DIOSHIM_LAUNCHER##*/}" "$PWD/libtool/.libs/libdioshim.so"
}

# A tree with libraries of both classes, as this C library would have them. The other one is no shim.
multilib() {
  local own
  own=$(dst_lib "$(ld_so "$DIOSHIM_LAUNCHER")")
  case $own in
  lib64) other=lib ;;
  lib/x86_64-linux-gnu) other=lib/i386-linux-gnu ;;
  *) skip "what \$LIB stands for is not known here: '$own'" ;;
  esac
  mkdir -p usr/bin "usr/$own" "usr/$other"
  cp "$DIOSHIM_LAUNCHER" usr/bin/dioshim
  echo 'int nothing;' | gcc -m32 -shared -nostdlib -x c - -o "usr/$other/libdioshim.so" ||
    skip "this compiler makes no 32-bit libraries"
  library=usr/$own/libdioshim.so
}

ld_so() { # PROGRAM
  readelf -p .interp "$1" | grep -o '/.*ld.*'
}

# Prints what ld.so makes of $LIB.
dst_lib() { # LD.SO
  "$1" --list-diagnostics 2>/dev/null | sed -n 's/^dl_dst_lib="\(.*\)"/\1/p'
}

# There, &fputs is an address in the program itself.
@test "what \$LIB stands for is known in a program that is not position-independent, too" {
  need gcc
  echo '#include <stdio.h>
    #include "run/multilib.h"
    int main(void) { char *lib = multilib_directory(); puts(lib ? lib : "unknown"); return fputs("", stdout) < 0; }' >lib.c
  local launcher=$DIOSHIM_TOP_SRCDIR/launcher
  gcc -D_GNU_SOURCE -fno-pie -no-pie -I"$launcher" -o lib lib.c "$launcher"/{run/multilib,alloc,print/message}.c -ldl
  [[ $(ldd lib) == *"/$(./lib)/libc.so."* ]] || fail "$(./lib)"
}

# shellcheck disable=SC2016 # ld.so reads $LIB
@test "a library of the other ELF class is passed over, and beside the right one, both are found" {
  local library other
  multilib
  # In ../lib, as on Fedora, which is searched first.
  mkdir -p usr/lib
  [[ -e usr/lib/libdioshim.so ]] || cp "usr/$other/libdioshim.so" usr/lib
  cp "$DIOSHIM_LIB" "$library"
  finds usr/bin/dioshim "$PWD/usr/\$LIB/libdioshim.so"
  usr/bin/dioshim grep -q "/$library" /proc/self/maps
  [[ $(usr/bin/dioshim usr/bin/dioshim printenv LD_PRELOAD) == "$PWD/usr/\$LIB/libdioshim.so" ]]
  rm "usr/$other/libdioshim.so"
  finds usr/bin/dioshim "$PWD/$library"
}

@test "a 32-bit program finds the 32-bit library beside the other one" {
  local library other
  multilib
  cp "$DIOSHIM_LIB" "$library"
  # Its dynamic linker has to be there, but is not run.
  touch "$PWD/ld-linux.so.2"
  echo 'long read(int, void *, long); long read(int fd, void *to, long n) { return fd + n + !to; }' |
    gcc -m32 -shared -nostdlib -x c - -o libread.so
  echo 'long read(int, void *, long); void _start(void); void _start(void) { read(0, 0, 0); for (;;); }' |
    gcc -m32 -x c - -x none ./libread.so -nostdlib -fPIE -pie -Wl,--dynamic-linker="$PWD/ld-linux.so.2" -o narrow ||
    skip "this compiler makes no 32-bit programs"
  run usr/bin/dioshim --check ./narrow
  [[ $status == 0 && ${lines[0]} == "./narrow: within reach" ]] || fail "$output"
  rm "usr/$other/libdioshim.so"
  run -1 usr/bin/dioshim --check ./narrow
  [[ ${lines[0]} == "./narrow: out of reach: it is a 32-bit program "* ]]
}

@test "ld.so has nothing to say about the library in a 32-bit program" {
  local library other program
  multilib
  cp "$DIOSHIM_LIB" "$library"
  program='int main(void) { return 0; }'
  { gcc -m32 -x c - -o real <<<"$program" && ./real 2>/dev/null; } || skip "32-bit programs cannot be run here"
  # That of Debian's libc6-i386 looks elsewhere (lib32).
  [[ $(dst_lib "$(ld_so real)") == "$other" ]] || skip "the dynamic linker of 32-bit programs does not look in $other"
  run usr/bin/dioshim --quiet ./real
  [[ $status == 0 && -z $output ]] || fail "$output"
}

@test "a library that is not found: 125, and the directories that were searched" {
  mkdir bin
  cp "$DIOSHIM_LAUNCHER" bin/dioshim
  run bin/dioshim true
  [[ $status -ne 0 ]] || skip "one is installed"
  [[ $status -eq 125 && $output == "dioshim: libdioshim.so not found; looked in $PWD/bin/.libs, $PWD/lib, /"* ]]
}

@test "a library whose path LD_PRELOAD cannot hold: 125, and the reason" {
  local name
  for name in 'with space' 'with:colon' 'with$dollar'; do
    mkdir -p "$name/.libs"
    cp "$DIOSHIM_LAUNCHER" "$name/dioshim"
    cp "$DIOSHIM_LIB" "$name/.libs"
    run -125 "$name/dioshim" true
    [[ $output == "dioshim: $PWD/$name/.libs/libdioshim.so cannot be preloaded: "* ]]
  done
}

# Commands out of reach

# Most of the time that a start takes is the dynamic linker's.
loads() { # ARG...; prints the libraries that the launcher's process opens
  strace -e trace=openat -o opened "$DIOSHIM_LAUNCHER" "$@" >/dev/null 2>&1 || true
  sed -n 's|.*"[^"]*/\(lib[a-z]*\)\.so.*O_CLOEXEC) = [0-9].*|\1|p' opened | sort -u | paste -s -d ' '
}

@test "an ordinary COMMAND is started without loading libraries for it; reports and checks load theirs" {
  need strace
  cd -- "$BATS_TEST_TMPDIR"
  [[ $(loads /bin/true) == "libc libdioshim" ]] || fail "$(loads /bin/true)"
  [[ $(loads nice sh -c true) == "libc libdioshim" ]]
  # A note far from the start of the file, as Debian 13's programs have it.
  gcc -Wl,--section-start=.note.ABI-tag=0x9000 -o noted -x c - <<<'int main(void) { return 0; }'
  readelf -lW noted | grep -q 'NOTE  *0x00[1-9]'
  [[ $(loads ./noted) == "libc libdioshim" ]] || fail "$(loads ./noted)"
  [[ $(loads --stats true) != *libelf* ]] || fail "$(loads --stats true)"
  [[ $(loads --check true) == *libelf* ]]
  [[ $(loads --probe --json .) == *libjansson* ]]
}

# Runs the launcher where a library cannot be loaded.
without() { # LIBRARY ARG...
  local path
  path=$(ldconfig -p | awk -v name="$1" '$1 == name { print $NF; exit }')
  unshare --mount sh -c 'mount --bind /dev/null "$0" && exec "$@"' "$path" "$DIOSHIM_LAUNCHER" "${@:2}"
}

@test "without a library that a report needs, COMMAND is not started; one for the warning is not needed" {
  ((EUID == 0)) || skip "a mount needs root"
  unshare --mount true || skip "no mount namespaces"
  local option
  for option in '--stats' '--stats=1 --json' '--trace --json'; do
    # shellcheck disable=SC2086 # several options
    run -125 without "$([[ $option == *json ]] && echo libjansson.so.4 || echo libsmartcols.so.1)" $option touch started
    [[ $output == "dioshim: "*"/lib"*": "* && ${#lines[@]} -eq 1 && ! -e started ]] || fail "$option: $output"
  done
  run -3 without libsmartcols.so.1 --trace sh -c 'exit 3'
  [[ -z $output ]]
  # A setuid program is no ordinary one, so it is looked at.
  cp "$(type -P false)" program
  chown nobody program
  chmod u+s program
  run -1 without libelf.so.1 ./program
  [[ $output == "dioshim: warning: ./program was not checked: "*"libelf.so.1: "* && ${#lines[@]} -eq 1 ]] || fail "$output"
  run -1 without libelf.so.1 --quiet ./program
  [[ -z $output ]]
  run -125 without libelf.so.1 --strict ./program
  [[ $output == "dioshim: "*libelf.so.1* && ${#lines[@]} -eq 1 ]]
  run -125 without libelf.so.1 --check ./program
}

@test "a COMMAND out of reach is started with a warning; --quiet omits the warning, --strict the start" {
  need gcc
  echo 'int main(void) { return 42; }' >program.c
  gcc -static -o program program.c || skip "no static C library"
  run -42 launcher ./program
  [[ $output == "dioshim: "*./program* && ${#lines[@]} -eq 1 ]]
  run -42 launcher --quiet ./program
  [[ -z $output ]]
  run -125 launcher --strict ./program
  [[ $output == "dioshim: "*./program* && ${#lines[@]} -eq 1 ]]
  run -125 launcher --strict --quiet --stats --output=report ./program
  [[ -n $output && ! -e report ]]
  run -42 launcher --stats --output=report ./program
  [[ $output == "dioshim: "*./program* && -e report ]]
  run -0 launcher --strict true
  [[ -z $output ]]
}

# io_uring

# Prints the errno of io_uring_setup(2), or 0; the number is the same on all architectures but alpha.
setup_ring='$p = "\0" x 120; $! = 0; $r = syscall(425, 1, $p); print $r < 0 ? $! + 0 : 0, "\n"'

can_ring() {
  need perl
  [[ $(perl -e "$setup_ring") == 0 ]] || skip "no io_uring here: io_uring_setup fails"
}

without_rings() { # COMMAND...
  run -0 launcher "${watched[@]}" --no-io-uring "$@"
  [[ $output == 38 ]] || fail "errno $output, not ENOSYS: $*"
}

ring_of() {
  without_rings perl -e "$setup_ring"
  without_rings sh -c 'perl -e "$1"; exit' - "$setup_ring"
  run -0 launcher "${watched[@]}" perl -e "$setup_ring"
  [[ $output == 0 ]]
}

@test "--no-io-uring: io_uring_setup answers ENOSYS in COMMAND and its children, and works without the option" {
  can_ring
  both ring_of
}

@test "--no-io-uring holds for static programs, and changes no other call" {
  need gcc
  can_ring
  cat >program.c <<'PROGRAM'
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	char p[120] = { 0 };
	errno = 0;
	/* A ring that does not exist: EBADF, as without the option. */
	if (syscall(426, -1, 0, 0, 0, 0, 0) != -1 || errno != EBADF)
		return 1;
	return syscall(425, 1, p) == -1 && errno == ENOSYS ? 42 : 2;
}
PROGRAM
  gcc -static -o program program.c || skip "no static C library"
  run -42 launcher --quiet --no-io-uring ./program
  run -2 launcher --quiet ./program
}

privileges_kept() { # 0 | 1 COMMAND...
  run -0 "${@:2}" ./dioshim --no-io-uring cat /proc/self/status
  grep -q "^NoNewPrivs:[[:space:]]$1" <<<"$output"
}

@test "--no-io-uring sets no_new_privs only for a user who may not install a filter without it" {
  need setpriv util-linux
  ((UID == 0)) || skip "not root"
  # Another user may not reach the build directory.
  chmod 755 "$BATS_RUN_TMPDIR"
  mkdir .libs
  cp "$DIOSHIM_LAUNCHER" .
  cp "$DIOSHIM_LIB" .libs
  setpriv --reuid 65534 --clear-groups ./dioshim --version >/dev/null || skip "another user cannot reach $PWD"
  privileges_kept 0
  privileges_kept 1 setpriv --reuid 65534 --clear-groups
}

@test "--no-io-uring: where the kernel refuses the filter, COMMAND is not started" {
  need strace
  run -125 strace -qq -o strace.log -e trace=prctl -e inject=prctl:error=EINVAL \
    "$DIOSHIM_LAUNCHER" --no-io-uring echo started
  [[ $output == "dioshim: --no-io-uring: the kernel does not accept a seccomp filter: Invalid argument" ]] ||
    fail "$output"
}

@test "--stats says when io_uring was set up through syscall(2), which the shim does not see" {
  can_ring
  run -0 launcher --stats perl -e "$setup_ring"
  [[ $output == *"1 io_uring was set up. The shim does not see what is moved through it: with --no-io-uring "* ]]
  run -0 launcher --stats --no-io-uring perl -e "$setup_ring"
  [[ $output != *io_uring* ]]
  run -0 launcher --stats --json --output=report perl -e "$setup_ring;$setup_ring"
  python3 -c 'import json; d = json.load(open("report")); assert d["io_urings"] == 2, d'
}

@test "--report of a program that has liburing says that it can use io_uring, not with --no-io-uring" {
  need gcc
  gcc -shared -fPIC -o liburing.so -x c - <<<'int io_uring_queue_init(void); int io_uring_queue_init(void) { return -1; }'
  gcc -o program -x c - -x none -Wl,--no-as-needed ./liburing.so <<<'
    #include <stdlib.h>
    int main(void) { return system("exec \"$DIOSHIM_LAUNCHER\" --report=\"$DIOSHIM_STATS\""); }'
  run -0 launcher --stats --output=report ./program
  [[ $output == *"The program can also use io_uring, which the shim does not see: "* ]] || fail "$output"
  run -0 launcher --stats --output=report --no-io-uring ./program
  [[ $output == "No call "* && $output != *io_uring* ]] || fail "$output"
  launcher --stats --json --output=report --no-io-uring ./program >/dev/null
  python3 -c 'import json; d = json.load(open("report")); assert d["no_io_uring"] and d["liburings"], d'
}

# Where the report goes

@test "an optional argument after a space is taken for COMMAND, and the message says what was meant" {
  run -127 launcher --stats 5 true
  [[ $output == "dioshim: 5: No such file or directory; did you mean --stats=5?"* ]] || fail "$output"
  run -127 launcher --trace out true
  [[ $output == "dioshim: out: No such file or directory; did you mean --trace=out?" ]] || fail "$output"
  run -127 launcher --stats five true
  [[ $output != *"did you mean"* ]]
  run -127 launcher --stats 5
  [[ $output != *"did you mean"* ]]
}

@test "--output=- and --trace=- are the standard output" {
  run -0 --separate-stderr launcher --stats --output=- --trace=- sh -c 'echo out; echo err >&2'
  [[ ${lines[0]} == out && ${lines[1]} == "No call on an O_DIRECT"* && $stderr == err ]] || fail "$output"
  [[ ! -e - ]]
}

@test "a report that cannot be written is an error, but COMMAND's own status comes first" {
  opens /dev/full || skip "no /dev/full"
  run -125 launcher --stats --output=/dev/full true
  [[ $output == "dioshim: /dev/full: No space left on device" ]] || fail "$output"
  run -42 launcher --stats --output=/dev/full sh -c 'exit 42'
  [[ $output == "dioshim: /dev/full: No space left on device" ]] || fail "$output"
}

# What the report says of COMMAND

reports() { # SENTENCE COMMAND...
  launcher --stats --output=report "${@:2}" || :
  grep -qxF "$1" report || fail "${*:2}: $(<report)"
}

@test "the report says that COMMAND needs no dioshim only if it was seen at work, and ended well" {
  need dd coreutils
  dd if=/dev/zero of=file oflag=direct bs=4096 count=1 status=none || skip "no O_DIRECT on $PWD"
  local aligned='dd if=/dev/zero of=file oflag=direct bs=4096 count=1 status=none'
  launcher --stats --output=report sh -c "$aligned"
  grep -q 'this program does not need dioshim\.$' report
  launcher --stats --output=report sh -c "$aligned; exit 3" || :
  run ! grep 'does not need' report
  grep -q '^It ended with status 3\. ' report
  launcher --stats --output=report dd if=file of=/dev/null iflag=direct count=0 status=none
  grep -q '^1 open with O_DIRECT, but no read or write on it, was seen\. ' report
  reports "No call on an O_DIRECT descriptor was seen: the program does not use O_DIRECT, or is out of the shim's reach (see dioshim --check COMMAND)." \
    true
}

@test "the report says that the file system refused O_DIRECT when it was opened" {
  need dd coreutils
  run dd if=/proc/version iflag=direct of=/dev/null count=1 status=none
  [[ $output == *"Invalid argument"* ]] || skip "procfs accepts O_DIRECT here"
  reports "1 open with O_DIRECT failed with EINVAL, as where the file system does not support direct I/O (see dioshim --probe PATH)." \
    dd if=/proc/version iflag=direct of=/dev/null count=1 status=none
}

# Launchers in launchers, and processes that outlive COMMAND

need_direct() {
  need dd coreutils
  dd if=/dev/zero of=file oflag=direct bs=4096 count=1 status=none || skip "no O_DIRECT on $PWD"
}

# `total` of REPORT: the number of calls.
counted() { # REPORT
  awk '$1 == "total" { print $2 }' "$1"
}

write_direct() { # COUNT
  echo "dd if=/dev/zero of=file oflag=direct bs=1000 count=$1 status=none"
}

@test "the inner and the outer of two launchers count, and trace, what the inner one runs" {
  need_direct
  launcher --stats --output=outer sh -c "$(write_direct 1); '$DIOSHIM_LAUNCHER' --stats --output=inner $(write_direct 2)"
  [[ $(counted outer) == 3 && $(counted inner) == 2 ]] || fail "$(<outer)$(<inner)"
  launcher --trace=outer sh -c "$(write_direct 1)
    '$DIOSHIM_LAUNCHER' --trace=inner '$DIOSHIM_LAUNCHER' --stats --output=innermost $(write_direct 2)"
  [[ $(wc -l <outer) == 3 && $(wc -l <inner) == 2 && $(counted innermost) == 2 ]]
  # And so does the file that the user has named.
  DIOSHIM_STATS=$PWD/mine:1 launcher --stats --output=report sh -c "$(write_direct 4)"
  launcher --report="$PWD/mine:1" >outer
  [[ $(counted report) == 4 && $(counted outer) == 4 ]] || fail "$(<outer)"
}

# The name after --report= in FILE; nothing if there is none.
named_in() { # FILE
  sed -n 's/.*dioshim --report=\(\/proc\/[0-9]*\/fd\/[0-9]*\) also shows what .* from now on\.$/\1/p' "$1"
}

@test "processes that still run when COMMAND has ended: how many, and how to see the rest" {
  need_direct
  mkfifo end
  local daemon="for n in 1 2; do cat end >/dev/null 2>&1 & done"
  launcher --stats --output=report bash -c "$daemon; $(write_direct 1)" 3>&-
  grep -q '^2 processes of COMMAND still run: until they have ended, ' report || fail "$(<report)"
  local name
  name=$(named_in report)
  run -0 launcher --report="$name"
  grep -q '^total  *1 ' <<<"$output" || fail "$output"
  : >end
  eventually eval '[[ ! -e '"$name"' ]]'
}

# Between its start and that of its program it maps nothing, and may be overlooked.
@test "a process that is just being started is counted, too" {
  for ((tries = 0; tries < 6; tries++)); do
    launcher --trace=trace sh -c 'sleep 0.2 >/dev/null 2>&1 & exit 0' 3>&-
    grep -q '^# 1 process of COMMAND still runs: ' trace || fail "not in run $tries"
  done
}

@test "the process that keeps the record keeps no other file, also on a kernel without close_range" {
  need strace
  mkfifo end output
  strace -f -qq -o /dev/null -e trace=close_range -e inject=close_range:error=ENOSYS \
    sh -c '"$0" --stats sh -c "cat end >/dev/null 2>&1 &" >output 2>&1' "$DIOSHIM_LAUNCHER" 3>&- &
  run -0 timeout 5 cat output
  : >end
  wait $!
  [[ $output == *"1 process of COMMAND still runs: "* ]] || fail "$output"
}

# A process that was started before COMMAND's end, and that writes after it.
late_writer='import os, sys, time
def wait_for(name):
    for i in range(1000):
        if os.path.exists(name): break
        time.sleep(0.02)
f = os.open("file", os.O_RDWR | os.O_DIRECT)
open("ready", "w").close()
wait_for("go")
for i in range(3): os.pwrite(f, b" " * 1000, 4096 * i)
open("written", "w").close()
wait_for("end")
'

@test "what such a process does afterwards is in the report of --report, as long as it runs" {
  need_direct
  need python3
  local name option
  for option in --stats --trace; do
    rm -f ready go end written
    launcher "$option" "$([[ $option == --trace ]] && echo --json || echo --quiet)" \
      sh -c 'python3 -c "$0" >/dev/null 2>&1 & until [ -e ready ]; do sleep 0.05; done' "$late_writer" 2>report 3>&-
    if [[ $option == --stats ]]; then
      name=$(named_in report)
      grep -q '^1 process of COMMAND still runs: until it has ended, ' report || fail "$(<report)"
    else
      name=$(python3 -c 'import json; d = json.load(open("report")); assert d["processes_left"] == 1; print(d["record"])')
    fi
    [[ -e $name ]]
    touch go
    eventually test -e written
    run -0 launcher --report="$name"
    if [[ $option == --stats ]]; then
      grep -q '^total  *3 ' <<<"$output" || fail "$output"
    else
      (($(grep -c 'pwrite64.* = 1000 ' <<<"$output") == 3)) || fail "$output"
    fi
    touch end
    eventually eval '[[ ! -e '"$name"' ]]'
  done
}

@test "nothing is said of processes if there are none, and no process remains" {
  launcher --stats --json --output=report sh -c 'true & wait'
  python3 -c 'import json; d = json.load(open("report")); assert d["processes_left"] == 0 and d["record"] is None, d'
  run -0 launcher --stats true
  [[ $output != *process* ]]
}

# Sanitizers

sanitized() { # COMPILER FLAG...
  need "$1"
  "$@" -D_GNU_SOURCE -DOUTSIDE_STATIC -o sanitized "$DIOSHIM_TOP_SRCDIR/tests/outside.c" 2>/dev/null ||
    return 0
  ./sanitized name file >/dev/null || return 0 # without its runtime
  run -0 launcher ./sanitized name file
  [[ $output == 1000 ]] || fail "$*: $output"
  run -0 env LD_PRELOAD=libm.so.6 "$DIOSHIM_LAUNCHER" "$DIOSHIM_LAUNCHER" ./sanitized name file
  [[ $output == 1000 ]] || fail "$*: $output"
  tried+=("$*")
}

@test "a program with a sanitizer's shared or static runtime runs, with other libraries preloaded too" {
  need dd coreutils
  dd if=/dev/zero of=file oflag=direct bs=4096 count=1 status=none || skip "no O_DIRECT on $PWD"
  local tried=() runtime
  sanitized gcc -fsanitize=address
  sanitized gcc -fsanitize=address -static-libasan
  sanitized gcc -fsanitize=thread
  sanitized gcc -fsanitize=undefined
  sanitized clang -fsanitize=address
  sanitized clang -fsanitize=thread
  runtime=$(clang -print-runtime-dir 2>/dev/null) && sanitized clang -fsanitize=address -shared-libsan "-Wl,-rpath,$runtime"
  ((${#tried[@]})) || skip "no compiler with a sanitizer"
  # The first library is the runtime's only where it has to be.
  [[ $(launcher printenv LD_PRELOAD) == "$DIOSHIM_LIB" ]]
}

# Signals

# A COMMAND that prints each signal it gets on a line, until the file `end` exists.
make_listener() {
  need perl
  cat >listener <<'LISTENER'
#!/usr/bin/perl
syswrite STDOUT, "pid $$\n";
for my $s (qw(INT QUIT TERM HUP USR1 USR2 CONT WINCH ALRM)) { $SIG{$s} = sub { syswrite STDOUT, "$s\n" } }
syswrite STDOUT, "ready\n";
for (1 .. 400) { last if -e "end"; select undef, undef, undef, 0.05 }
exit 7;
LISTENER
  chmod +x listener
}

got() { # TEXT
  grep -sqx -- "$1" signals
}

@test "signals sent to the launcher alone reach COMMAND, once" {
  make_listener
  "$DIOSHIM_LAUNCHER" --stats --output=report ./listener >signals 3>&- &
  local pid=$! name
  eventually got ready
  for name in INT QUIT TERM HUP USR1 USR2 CONT WINCH ALRM; do
    kill "-$name" "$pid"
    eventually got "$name"
  done
  touch end
  ends_with 7 "$pid"
  [[ $(tail -n +3 signals | tr '\n' ' ') == "INT QUIT TERM HUP USR1 USR2 CONT WINCH ALRM " ]]
  [[ -s report ]]
}

@test "TERM to the launcher ends COMMAND, 143" {
  "$DIOSHIM_LAUNCHER" --stats --output=report sh -c 'echo ready; exec sleep 30' >signals 3>&- &
  local pid=$!
  eventually got ready
  kill "$pid"
  ends_with 143 "$pid"
  [[ -s report ]]
}

@test "an alarm that was set before the launcher started goes to COMMAND" {
  need perl
  run -142 perl -e 'alarm 1; exec @ARGV' "$DIOSHIM_LAUNCHER" --stats sleep 10
}

@test "COMMAND gets a signal that it sends to its whole process group only once" {
  need setsid util-linux
  run -0 setsid -w "$DIOSHIM_LAUNCHER" --stats --output=report perl -e '
    $SIG{USR1} = sub { $n++ }; for (1 .. 20) { kill USR1 => 0; select undef, undef, undef, 0.01 }
    print "$n\n"'
  [[ $output == 20 ]]
}

# A shell with job control, in a terminal.

in_terminal() { # SCRIPT [COLUMNS]
  need tmux
  need_terminal
  make_listener
  export DIOSHIM_LAUNCHER
  TERM=screen tmux -S terminal -f /dev/null new-session -d -x "${2-120}" -y 60 "trap : INT QUIT; $1" 3>&-
}

terminal_shell() {
  in_terminal 'PS1="\$ " exec bash --norc -i'
}

# The process that wrote the file `signals`, and its parent.
listener() {
  awk '{ print $2; exit }' signals
}

launcher_of() { # PID
  awk '/^PPid/ { print $2 }' "/proc/$1/status"
}

keys() {
  tmux -S terminal send-keys "$@"
}

shows() { # PATTERN
  tmux -S terminal capture-pane -p | grep -q -- "$1"
}

state() { # PID
  sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"
}

is_in_state() { # PID STATE
  [[ $(state "$1") == "$2" ]]
}

# The launcher is stopped meanwhile, so that a signal that it passed on could not merge with that of the
# terminal. The shell around it has no job control, and so ignores that the launcher stops.
@test "in a terminal, ^C and ^\\ reach COMMAND once and do not end the launcher" {
  in_terminal '"$DIOSHIM_LAUNCHER" --stats --output=report ./listener >signals; echo status $? >ended'
  eventually got ready
  local launcher
  launcher=$(launcher_of "$(listener)")
  kill -STOP "$launcher"
  keys C-c
  eventually got INT
  keys C-\\
  eventually got QUIT
  kill -CONT "$launcher"
  eventually got CONT
  touch end
  eventually grep -sqx 'status 7' ended
  [[ $(tail -n +3 signals | tr '\n' ' ') == "INT QUIT CONT " && -s report ]]
}

@test "in a terminal, ^C ends COMMAND, and the report is printed" {
  terminal_shell
  local command='"$DIOSHIM_LAUNCHER" --stats --output=report sh -c "echo ready; exec sleep 30" >signals'
  keys "$command; echo status \$?" Enter
  eventually got ready
  keys C-c
  eventually shows 'status 130'
  [[ -s report ]]
}

@test "in a terminal, ^Z stops COMMAND and the launcher, bg and fg continue them" {
  terminal_shell
  keys '"$DIOSHIM_LAUNCHER" --stats --output=report ./listener >signals' Enter
  eventually got ready
  local pid launcher
  pid=$(listener)
  launcher=$(launcher_of "$pid")
  keys C-z
  eventually shows Stopped
  is_in_state "$pid" T
  is_in_state "$launcher" T
  keys bg Enter
  eventually is_in_state "$pid" S
  eventually is_in_state "$launcher" S
  keys 'fg; echo status $?' Enter
  sleep 0.3
  keys C-z
  eventually is_in_state "$pid" T
  eventually is_in_state "$launcher" T
  # SIGCONT to the launcher alone continues COMMAND, too.
  kill -CONT "$launcher"
  eventually is_in_state "$pid" S
  touch end
  eventually eval '[[ ! -e /proc/'"$pid"' ]]'
  eventually test -s report
}

@test "without job control, the launcher does not stop with COMMAND" {
  "$DIOSHIM_LAUNCHER" --stats --output=report sh -c 'echo $$; kill -STOP $$; exit 5' >signals 3>&- &
  local launcher=$!
  eventually test -s signals
  eventually is_in_state "$(<signals)" T
  is_in_state "$launcher" S
  kill -CONT "$(<signals)"
  ends_with 5 "$launcher"
}

# What a terminal shows has no line that it would have to split; capture-pane joins none.
in_columns() { # COLUMNS
  local directory=a-directory-with-quite-a-long-name/and-another-one-in-it
  mkdir -p "$directory"
  dd if=/dev/zero of="$directory/file" oflag=direct bs=4096 count=1 status=none
  in_terminal "\"\$DIOSHIM_LAUNCHER\" --stats sh -c 'dd if=/dev/zero of=$directory/file oflag=direct bs=1000 count=3 status=none
    dd if=$directory/file of=/dev/null iflag=direct bs=1000 status=none'
    \"\$DIOSHIM_LAUNCHER\" --probe --try $directory/file /dev/none $directory; echo shown >ended; exec sleep 30" "$1"
  eventually test -e ended
  eventually shows ': '
  tmux -S terminal capture-pane -p >screen
  tmux -S terminal capture-pane -p -J >joined
  tmux -S terminal kill-server
  rm ended
  cat screen
  # A line that was split by the terminal is one line with -J.
  diff <(sed 's/ *$//' screen) <(sed 's/ *$//' joined)
  awk -v most="$1" 'length > most { exit 1 }' screen
}

@test "in terminals of 80 and of 200 columns, every line of --stats and of --probe fits" {
  need_direct
  in_columns 80
  grep -q '^/[^ ]*\.\.\.[^ ]*file  *write ' screen
  grep -q '^FILE .* CALLS BOUNCED PARTIAL BYTES COPIED BUFFERED' screen
  in_columns 200
  grep -q "^$PWD/a-directory-with.*/file  *write " screen
  grep -q '^FILE .*COPY TIME$' screen
  grep -q "^a-directory-with[^ ]*/file " screen
}
