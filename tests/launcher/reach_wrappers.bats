#!/usr/bin/env bats
# Programs whose arguments are another command, and programs that start one in another way: reach.bash. What the
# options of a program mean is decided by the installed program: --check is held against a run of the same command.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats; here: reach.bash
# shellcheck disable=SC2034 # "as" is for reach.bash

load reach

# The command is within reach, and ends in ./inside. Nothing is shown of a program that is not installed.
follows() { # COMMAND [ARG...]
  command -v "$1" >/dev/null || return 0
  is_within "$@"
  [[ $output == *"the program checked is "*"/inside"* ]] || fail "$*: $output"
}

runs_as_root() {
  ((EUID == 0)) || skip "not root"
}

@test "programs of coreutils and findutils are followed" {
  follows nice --adjustment=1 ./inside
  follows nohup ./inside
  follows stdbuf -oL -e 0 ./inside
  follows stdbuf --output=L --err=0 ./inside
  follows timeout --foreground --kill=1 --signal INT 5 ./inside
  follows xargs ./inside
  follows xargs -0 -n1 -P 2 --max-args=1 ./inside
}

@test "programs of util-linux are followed" {
  follows choom -n 100 -- ./inside
  follows chrt -o 0 ./inside
  follows chrt --batch 0 ./inside
  follows flock lock ./inside
  follows flock -w 1 lock env ./inside
  follows flock -n lock -c ./inside
  follows ionice -c 2 -n7 ./inside
  follows ionice --class=idle --ignore ./inside
  follows prlimit --nofile=100 ./inside
  follows prlimit -n100:200 -c=0 ./inside
  follows setarch "$(uname -m)" -R ./inside
  follows setarch --addr-no-randomize ./inside
  follows setpriv --nnp --pdeathsig clear ./inside
  follows setsid -w ./inside
  follows taskset 1 ./inside
  follows taskset --cpu-list 0 nice ./inside
}

@test "programs of util-linux that need privileges are followed" {
  runs_as_root
  follows chroot / "$here/inside"
  follows nsenter -t $$ --uts ./inside
  follows unshare -fp --kill-child ./inside
  follows unshare --mount --propagation private -u ./inside
}

@test "strace, ltrace, time and others are followed" {
  follows /usr/bin/time -f %e -o /dev/null ./inside
  follows strace -f -o trace -E X=1 ./inside
  follows strace --output=trace --trace=read ./inside
  follows ltrace -o trace -e read ./inside
  follows numactl -C 0 ./inside
  follows dbus-run-session -- ./inside
}

# For programs whose command cannot be run here: no inhibitor, no terminal.
@test "the command of watch and of systemd programs is found" {
  local program
  for program in "watch -n 1 -x" "watch -t" "systemd-inhibit --what=sleep --why backup" "systemd-cat -t name"; do
    command -v "${program%% *}" >/dev/null || continue
    # shellcheck disable=SC2086 # words
    check $program ./alone
    [[ $status == 1 && $output == *"./alone is statically linked"* ]] || fail "$program: $output"
  done
}

@test "a wrapper without a command is the program itself" {
  is_within taskset -p $$
  is_within prlimit
  check ionice -p $$
  [[ $status == 0 && $output != *"is not known"* ]]
}

@test "a wrapper that removes LD_PRELOAD is noticed" {
  is_out "env removes the shim from LD_PRELOAD" nice env -i ./inside
  is_out "setpriv removes the shim from LD_PRELOAD" setpriv --reset-env ./inside
  is_out "sh removes the shim from LD_PRELOAD" sh -c 'LD_PRELOAD= ./inside'
  ! command -v strace || is_out "strace removes the shim from LD_PRELOAD" strace -o trace -E LD_PRELOAD ./inside
  mkdir bin
  cp inside bin/sudo
  is_said_out "sudo starts its command without LD_PRELOAD" bin/sudo ls
}

@test "in another root directory, the library is looked for there" {
  mkdir -p root/etc
  is_said_out "starts its command in root, where there is no $DIOSHIM_LIB" chroot root /inside
  mkdir -p "root${DIOSHIM_LIB%/*}"
  # An absolute link is followed from that root.
  ln -s /etc/library "root$DIOSHIM_LIB"
  is_said_out "where there is no" chroot --skip-chdir root /inside
  touch root/etc/library
  is_unknown "starts its command in another root directory" chroot --userspec=0:0 root /inside
  is_unknown "options that dioshim does not know" unshare --root=root /inside
  is_unknown "options that dioshim does not know" nsenter -t 1 -m ./inside
  is_unknown "options that dioshim does not know" chroot / ./inside
}

@test "a simple command for a shell is followed" {
  is_within sh -c ./inside
  [[ $output == *"the program checked is ./inside"* ]]
  is_within bash -ec 'exec ./inside -x a=b'
  is_within sh -c ' A=1 nice  ./inside'
  is_out "./alone is statically linked" sh -c "./alone $here/inside"
  check sh -c 'echo x'
  [[ $status == 0 && $output == *"/sh: within reach"* ]]
}

@test "a shell's command that is not simple is reported" {
  local text
  # shellcheck disable=SC2016,SC2088 # the shell under test reads these
  for text in './inside | cat' './inside; :' '$0' '"./inside"' './inside >x' 'if :' 'eval ./inside' './ins*' \
    'exec A=1 ./inside' '-x ./inside' $'./inside\n:' '~/inside' 'time ./inside'; do
    is_unknown "does not read the commands in its argument" sh -c "$text"
  done
  is_unknown "does not read the commands in its argument" bash --norc -c ./inside
  is_unknown "does not read the commands in its argument" sh -lc ./inside
}

@test "programs that start another elsewhere, or as a file says, are reported" {
  local line
  mkdir bin
  while read -r line; do
    cp inside "bin/${line%%[ :]*}"
    # shellcheck disable=SC2086 # words
    is_unknown "${line#*: }" "bin/${line%%:*}"
  done <<'EOT'
tmux: lets another process start its command
su: starts a shell or a command for a user
make: starts programs that are named in files
EOT
  while read -r line; do
    cp inside "bin/${line%%[ :]*}"
    # shellcheck disable=SC2086 # words
    is_unknown "${line#*: }" bin/${line%%: *}
    # Alone it starts nothing.
    check "bin/${line%%[ :]*}"
    [[ $status == 0 ]] || fail "$line: $output"
  done <<'EOT'
ssh host ls: runs its command on another machine
docker run image: starts its command in a container
bwrap --bind / / ls: starts its command with other files
script -c ls: does not read its arguments
find . -exec ls {} +: starts the programs that its -exec names
EOT
  check bin/find . -name -x
  [[ $status == 0 ]]
  script bin/parallel "#!$here/inside"
  is_unknown "does not read its arguments" bin/parallel ls
}
