#!/usr/bin/env bats
# The verdict of --check on ELF files of every kind, also broken and hostile ones: reach.bash.

# shellcheck disable=SC2154 # status, output, stderr, lines: bats; here: reach.bash
# shellcheck disable=SC2030,SC2031,SC2034 # "as" is for reach.bash; bats runs each test in a subshell

load reach

# ELF files

@test "a program that uses the C library is within reach" {
  is_within ./inside
  is_within "$here/inside"
}

@test "a static one is not, position-independent or not" {
  build alone-pie -static-pie
  is_out "it is statically linked" ./alone
  is_out "it is statically linked" ./alone-pie
}

@test "a 32-bit one is not" {
  # Needs no 32-bit libraries. Its dynamic linker is never run, but has to be there.
  touch "$here/ld-linux.so.2"
  echo 'void _start(void) { for (;;); }' |
    gcc -m32 -x c - -nostdlib -fPIE -pie -Wl,--dynamic-linker="$here/ld-linux.so.2" -o narrow ||
    skip "this compiler makes no 32-bit programs"
  is_said_out "it is a 32-bit program" ./narrow
}

@test "one for another machine is not" {
  # e_machine, at 18 in every ELF header
  printf '\363\360' | dd of=inside bs=1 seek=18 conv=notrunc status=none
  is_said_out "and the shim is for" ./inside
}

@test "one of another C library is not" {
  # A program finds its dynamic linker by the path, and we the C library by the name.
  touch ld64-uClibc.so.1
  build foreign -Wl,--dynamic-linker="$here/ld64-uClibc.so.1"
  is_said_out "it uses the C library uClibc" ./foreign
}

# The shim is loaded, but what it can do there has hardly been tried.
@test "one built with musl is unknown" {
  need musl-gcc musl-tools
  musl-gcc -o musl "$DIOSHIM_TOP_SRCDIR/tests/launcher/reach.c"
  run -0 env LD_PRELOAD="$DIOSHIM_LIB" ./musl
  is_unknown "it uses the C library musl" ./musl
}

@test "a Go program is not, though it may use the C library" {
  echo >empty
  for section in .go.buildinfo .note.go.buildid; do
    objcopy --add-section "$section=empty" inside go
    is_said_out "it is a Go program" ./go
  done
}

@test "a Go program without section headers is not" {
  build go -DGO_NOTE
  forget_sections go
  is_said_out "it is a Go program" ./go
}

@test "what a real Go compiler makes is not" {
  need go golang-go
  printf 'package main\nfunc main() { println() }\n' >main.go
  HOME=$here GO111MODULE=off go build -o go main.go
  is_said_out "it is a Go program" ./go
}

# Privileges

needs_setuid() {
  { ((EUID == 0)) && chown 65534:65534 "$1"; } || skip "no right to give files away"
  [[ $(findmnt -n -o OPTIONS -T "$here") != *nosuid* ]] || skip "$here is mounted nosuid"
}

@test "a setuid or setgid program of somebody else is not" {
  needs_setuid inside
  chmod 4755 inside
  is_out "it is setuid" ./inside
  chmod 2755 inside
  is_out "it is setgid" ./inside
  # Without execution by the group the bit means something else.
  chmod 2745 inside
  is_within ./inside
}

@test "a setuid program of one's own is" {
  needs_setuid alone
  chmod 4755 inside
  is_within ./inside
}

@test "a setuid program is, where the kernel gives it nothing" {
  need setpriv util-linux
  needs_setuid inside
  chmod 4755 inside
  as=(setpriv --no-new-privs)
  is_within ./inside
}

@test "a program with file capabilities is not; root has them anyway" {
  need setcap libcap2-bin
  need setpriv util-linux
  setcap cap_net_raw+ep inside || skip "no right to give capabilities"
  is_within ./inside
  # Another user cannot search the directories above a checkout in /root.
  chmod 755 "$BATS_RUN_TMPDIR"
  mkdir .libs
  cp "$DIOSHIM_LIB" .libs
  cp "$DIOSHIM_LAUNCHER" .
  DIOSHIM_LIB=$here/.libs/${DIOSHIM_LIB##*/}
  DIOSHIM_LAUNCHER=$here/${DIOSHIM_LAUNCHER##*/}
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  "${as[@]}" test -r "$DIOSHIM_LIB" || skip "another user cannot reach $here"
  is_out "it has file capabilities" ./inside
  setcap cap_net_raw+i inside
  is_within ./inside
  setcap -r inside
  is_within ./inside
}

# Files that are broken

@test "a truncated program does no harm" {
  local size
  for size in 0 1 4 16 20 52 63 64 65 120 500 800 1000 1500 2000 4096 8192 12288 15000; do
    head -c "$size" inside >short
    chmod +x short
    check ./short
    ((status <= 127)) || fail "$size bytes: $status $output"
  done
}

@test "a program with changed bytes does no harm" {
  need perl
  # shellcheck disable=SC2016 # perl's
  for ((i = 0; i < 100; i++)); do
    perl -e 'srand(shift); undef $/; my $elf = <>;
      substr($elf, 4 + int rand 1020, 1) = chr int rand 256 for 1..8;
      print $elf' "$i" inside >changed
    chmod +x changed
    check ./changed
    ((status <= 127)) || fail "seed $i: $status $output"
  done
}

@test "a table as large as memory is not read" {
  need perl
  cp inside small
  truncate -s 1T inside
  check ./inside
  [[ $status -eq 0 ]]
  # shellcheck disable=SC2016 # perl's
  # p_filesz of each PT_NOTE: 1 GiB
  perl -0777 -pi -e '$at = unpack "Q", substr $_, 32, 8;
    for $i (0 .. unpack("S", substr $_, 56, 2) - 1) {
    $p = $at + 56 * $i;
    substr($_, $p + 32, 8) = pack "Q", 1 << 30 if unpack("L", substr $_, $p, 4) == 4; }' small
  chmod +x small
  truncate -s 2G small
  kib=$("$(python3_binary)" -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$DIOSHIM_LAUNCHER" --check ./small)
  ((kib < 500000)) || fail "$kib KiB"
}

# Files that are hostile

@test "what a file names as its dynamic linker is not executed" {
  build evil -Wl,--dynamic-linker="$here/ld-evil.so.1"
  printf '#!/bin/sh\n: >executed\n' >ld-evil.so.1
  chmod +x ld-evil.so.1
  check ./evil
  [[ $status -eq 0 && ! -e executed ]] || fail "$output"
}

@test "a library that cannot be opened in time ends with an answer" {
  mkdir lib
  echo 'void first(void) {}' | gcc -shared -fPIC -x c - -o lib/libfirst.so
  echo 'void first(void); int main(void) { first(); }' |
    gcc -x c - -o user -Llib -lfirst -Wl,-rpath,lib
  rm lib/libfirst.so
  mkfifo lib/libfirst.so
  is_unknown "could not be loaded: the dynamic linker took more than 5 seconds" ./user
}

@test "a signal that is ignored or blocked does not change that" {
  as=("$(python3_binary)" -c 'import os, signal, sys
for s in signal.SIGCHLD, signal.SIGALRM, signal.SIGXFSZ: signal.signal(s, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGCHLD])
os.execvp(sys.argv[1], sys.argv[1:])')
  check ./inside
  [[ $status -eq 0 ]] || fail "$output"
}

@test "a shim that the dynamic linker does not load is reported" {
  mkdir -p bin/.libs
  cp "$DIOSHIM_LAUNCHER" bin/dioshim
  cp inside bin/.libs/libdioshim.so
  DIOSHIM_LAUNCHER=$here/bin/dioshim is_said_out "would be loaded without the shim: object" ./inside
}

@test "the dynamic linker is confined" {
  cat >confined.c <<'EOT'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/ld_confine.h"

static int be_linker(const char *what)
{
	static char block[1 << 16];
	char *argv[] = { "/bin/true", NULL };
	int ok = 1;

	if (!strcmp(what, "create"))
		open("created", O_CREAT | O_WRONLY, 0600);
	else if (!strcmp(what, "execute"))
		execve(argv[0], argv, NULL);
	else if (!strcmp(what, "loop"))
		for (;;)
			;
	else if (!strcmp(what, "print"))
		for (int i = 0; i < 100; i++)
			ok = write(1, block, sizeof(block)) > 0;
	else
		ok = open("/etc/passwd", O_RDONLY) >= 0 && socket(AF_INET, SOCK_STREAM, 0) < 0 &&
		     kill(getppid(), 0) < 0 && unlink("told") < 0 && fork() < 0 &&
		     fcntl(9, F_GETFD) < 0 && close(9) < 0 && write(1, "x", 1) == 1;
	return ok ? 0 : 3;
}

int main(int argc, char **argv)
{
	char self[] = "/proc/self/exe";
	char *with[] = { self, "-", argv[1], NULL };
	int output[2];
	int status;

	if (argc == 3)
		return be_linker(argv[2]);
	output[0] = open("out", O_CREAT | O_RDWR | O_TRUNC, 0600);
	output[1] = open("err", O_CREAT | O_RDWR | O_TRUNC, 0600);
	dup2(1, 9);
	if (!fork()) {
		if (ld_confine(1, output, self))
			execve(self, with, NULL);
		_exit(9);
	}
	wait(&status);
	puts(WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : WEXITSTATUS(status) ? "failed" : "ok");
	return 0;
}
EOT
  gcc -D_GNU_SOURCE -static -w -I"$DIOSHIM_TOP_SRCDIR/launcher" -I"$DIOSHIM_TOP_SRCDIR/common" confined.c \
    "$DIOSHIM_TOP_SRCDIR/launcher/check/ld_confine.c" -o confined
  [[ $(./confined read) == ok ]]
  [[ $(./confined loop) == "Alarm clock" ]]
  [[ $(./confined print) == "File size limit exceeded" && $(stat -c %s out) -eq 1048576 ]]
  [[ $(./confined create) == "Bad system call" && ! -e created ]]
  [[ $(./confined execute) == "Bad system call" ]]
}

# JSON

@test "the verdict is available as JSON" {
  local python
  python=$(python3_binary)
  cp inside $'bad\xff'
  script link "#!$here/inside"
  script bad "#!/usr/bin/env $here/"$'bad\xff'
  "$DIOSHIM_LAUNCHER" --check --json ./link >link.json
  "$DIOSHIM_LAUNCHER" --check --json ./bad >bad.json
  run -1 --separate-stderr "$DIOSHIM_LAUNCHER" --check --json ./alone
  echo "$output" >alone.json
  "$DIOSHIM_LAUNCHER" --check --json "$python" >python.json
  run -127 --separate-stderr "$DIOSHIM_LAUNCHER" --check --json ./nosuch
  [[ -z $output && $stderr == "dioshim: ./nosuch: No such file or directory" ]]
  "$python" - "$here" <<'EOT'
import json, sys
here = sys.argv[1]
def read(name):
    d = json.load(open(name + ".json"))
    assert list(sorted(d)) == ["advice", "libraries", "notes", "path", "path_escaped", "program", "reason",
                               "steps", "verdict"], d
    return d
d = read("link")
assert d["verdict"] == "within reach" and d["reason"] is None and d["advice"] is None
assert d["path"] == "./link" and d["path_escaped"] is False
assert d["steps"] == [f"./link is a script for {here}/inside"]
assert d["program"] == {"path": f"{here}/inside", "path_escaped": False,
                        "imports": ["open", "read"], "uncovered": []}, d
assert d["libraries"] == [] and d["notes"] == []
d = read("bad")
assert d["program"]["path"] == f"{here}/bad\\377" and d["program"]["path_escaped"] is True
assert "bad\\377" in d["steps"][-1]
d = read("alone")
assert d["verdict"] == "out of reach" and d["reason"] == "it is statically linked" and d["advice"]
d = read("python")
assert all(set(l) == {"name", "path", "path_escaped", "imports", "uncovered"} for l in d["libraries"])
assert not any(l["name"].startswith(("libc.so", "libdioshim")) for l in d["libraries"])
EOT
}

# Without --check

@test "a command that is out of reach is started with one line of warning, and no other is" {
  local warning="dioshim: warning: ./alone is out of reach: it is statically linked; "
  run -1 --separate-stderr "$DIOSHIM_LAUNCHER" ./alone
  [[ $stderr == "$warning"* && $stderr != *$'\n'* && -z $output ]]
  run -0 --separate-stderr "$DIOSHIM_LAUNCHER" ./inside
  [[ -z $stderr ]]
  # Of true it is not known whether it needs the shim.
  run -0 --separate-stderr "$DIOSHIM_LAUNCHER" /bin/true
  [[ -z $stderr ]]
}
