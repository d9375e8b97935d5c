#!/usr/bin/env bats
# Copies between two descriptors: tests/copies.c, and programs that make them.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  input=$BATS_TEST_TMPDIR/input
  record=$BATS_TEST_TMPDIR/record
  pattern 200003 >"$input"
}

copies() {
  local device
  if [[ $where == btrfs || $where == tmpfs ]]; then
    local -x DIOSHIM_TEST_CACHED=1
  elif device=$(test_path "blk-${sector[$where]}"); then
    local -x DIOSHIM_TEST_DEVICE=$device
  fi
  DIOSHIM_TEST_DIR=$scratch shim "$DIOSHIM_TEST_BIN/copies"
}

@test "P1: sendfile, splice and copy_file_range answer as on ordinary descriptors" {
  local -A sector=([ext4-512]=512 [ext4-4096]=4096 [xfs]=512)
  on_each "${strict[@]}" btrfs tmpfs -- copies
  test_path blk-512 >/dev/null || skip "not with devices: $(missing blk-512)"
}

# Programs. Each copies its first argument to its second, and fails without the shim. (xfs_io shows that
# only by its output.)

works() { # PROGRAM [ARG...]
  cp "$input" "$scratch/from"
  run "$@" "$scratch/from" "$scratch/to"
  [[ $output == *"Invalid argument"* ]]
  rm -f "$scratch/to"
  preload=$DIOSHIM_LIB "$@" "$scratch/from" "$scratch/to"
  cmp "$scratch/from" "$scratch/to"
}

under() {
  env ${preload:+LD_PRELOAD="$preload"} "$@"
}

# Started by its path: a script of that name may take longer than the copies.
setup_file() {
  python=$(python3_binary || :)
  export python
}

python_copies() { # FROM TO
  under "$python" -ISc '
import builtins, os, shutil, socket, sys, threading

source, target = sys.argv[1:]
data = open(source, "rb").read()
size = len(data)

def by_sendfile(i, o, done):
    os.lseek(o, done, 0)
    while n := os.sendfile(o, i, done, size): done += n
    return done

def by_range(i, o, done):
    while n := os.copy_file_range(i, o, size, done, done): done += n
    return done

def by_pipe(i, o, done):
    r, w = os.pipe()
    while n := os.splice(i, w, 1 << 20, offset_src=done):
        while n:
            m = os.splice(r, o, n, offset_dst=done)
            done, n = done + m, n - m
    return done

def by_socket(i, o, done):
    a, b = socket.socketpair()
    got = []
    def take():
        while part := b.recv(65536): got.append(part)
    taker = threading.Thread(target=take)
    taker.start()
    a.sendfile(os.fdopen(os.dup(i), "rb", buffering=0), done)
    a.close()
    taker.join()
    return done + os.pwrite(o, b"".join(got), done)

# Each begins at an odd position, after a few bytes that are written.
def copy(way):
    i = os.open(source, os.O_RDONLY | os.O_DIRECT)
    o = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_DIRECT, 0o600)
    open(target, "wb").write(data[:1001])
    assert way(i, o, 1001) == size
    assert open(target, "rb").read() == data, way

for way in by_sendfile, by_range, by_pipe, by_socket: copy(way)

# This opens the files itself.
plain = open
builtins.open = lambda path, mode: plain(path, mode, 0, opener=lambda p, flags: os.open(p, flags | os.O_DIRECT, 0o600))
shutil.copyfile(source, target)
' "$@"
}

@test "python3: os.sendfile, os.copy_file_range, os.splice, socket.sendfile, shutil.copyfile" {
  need python3
  on_each "${strict[@]}" -- works python_copies
}

# With both descriptors inherited, which the shim did not see being opened. (XFS shares the blocks of the
# two files, and refuses nothing.)
cat_inherited() { # FROM TO
  DIOSHIM_PRELOAD=${preload-} "$python" -ISc '
import os, sys
i = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
o = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_DIRECT, 0o600)
os.dup2(i, 0)
os.dup2(o, 1)
if os.environ["DIOSHIM_PRELOAD"]: os.environ["LD_PRELOAD"] = os.environ["DIOSHIM_PRELOAD"]
os.execvp("cat", ["cat"])
' "$@"
}

@test "cat, from one inherited direct descriptor to another" {
  need python3
  on_each ext4-512 ext4-4096 -- works cat_inherited
}

xfs_io_copies() { # FROM TO
  under xfs_io -d -f -c "sendfile -i $1 5 100001" -c "copy_range -s 100006 -d 100001 -l 99997 $1" "$2"
  under xfs_io -d -f -c "pread -q 3 5" "$2"
  # The file begins at byte 5 of its source.
  { head -c 5 "$1" && cat "$2"; } >"$2.whole"
  mv "$2.whole" "$2"
}

@test "xfs_io: sendfile and copy_range" {
  need xfs_io xfsprogs
  on_each "${strict[@]}" -- works xfs_io_copies
}

# Between the two calls of getppid: only the program's own calls, each once.
untouched() {
  cp "$input" "$scratch/from"
  strace -f -o "$BATS_TEST_TMPDIR/trace" env LD_PRELOAD="$DIOSHIM_LIB" "$python" -ISc '
import os, sys
fds = [os.open(sys.argv[n // 2 + 1], (os.O_RDWR | os.O_CREAT) | (os.O_DIRECT if n % 2 else 0), 0o600) for n in range(4)]
r, w = os.pipe()
os.getppid()
for n in range(2):
    i, o = fds[n], fds[n + 2]
    os.sendfile(o, i, 1 - n, 4096)
    os.copy_file_range(i, o, 8192, 8192, 0)
    os.splice(i, w, 4096, 4096)
    os.splice(r, o, 4096, None, 4096)
    os.splice(i, w, 100, 200003)
os.getppid()
' "$scratch/from" "$scratch/to"
  sed -n '/getppid()/,/getppid()/s/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/calls"
  diff <(printf '%s\n' getppid {sendfile,copy_file_range,splice,splice,splice}{,} getppid | sort) \
    <(sort "$BATS_TEST_TMPDIR/calls")
}

@test "P2: a copy that the kernel accepts is one system call" {
  need python3
  need strace
  on_each "${strict[@]}" -- untouched
}

# Records

counts() {
  "$DIOSHIM_TEST_BIN/recordcat" "$record" | sed -nE "s/^$1\.((untouched|bounced|partial|refused|failed)=.*)/\1/p" |
    xargs
}

# Eight calls: 3 aligned, 3 that are not, of which one is completed, and 2 at the end of the file.
counted() {
  rm -f "$record"
  cp "$input" "$scratch/from"
  shim DIOSHIM_STATS="$record" "$python" -ISc '
import os, sys
i = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
o = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT | os.O_DIRECT, 0o600)
r, w = os.pipe()
for at in 0, 8192: assert os.copy_file_range(i, o, 4096, at, at) == 4096
assert os.sendfile(o, i, 0, 4096) == 4096
assert os.sendfile(o, i, 4096, 100000) == 100000
assert os.sendfile(o, i, 1, 1000) == 1000
assert os.copy_file_range(i, o, 1000, 7, 70001) == 1000
for n in range(2): assert os.sendfile(o, i, 200003, 10) == 0
' "$scratch/from" "$scratch/to"
  [[ $(counts from.read) == "untouched=5 bounced=3" ]]
  [[ $(counts to.write) == "untouched=5 partial=3" ]]
}

@test "each copy is counted once, as a read of one file and a write of the other" {
  need python3
  on_each "${strict[@]}" -- counted
}
