#!/usr/bin/env bats
# Real programs that know nothing of alignment. On a file opened with O_DIRECT, each fails without
# the shim; under the shim it does the same as on an ordinary file, byte for byte.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-4096 xfs)
  input=$BATS_TEST_TMPDIR/input
  pattern 100003 >"$input"
}

# Each program below is a function, called as
#
#   PROGRAM plain|direct FILE
#
# which works on FILE, a copy of $input, and starts other programs by `under COMMAND`. It is run
# three times: on an ordinary descriptor, on a direct one without the shim, where it must fail with
# EINVAL, and on a direct one under the shim. Standard output and the file must be the same as in
# the first run.
under() {
  env ${preload:+LD_PRELOAD="$preload"} "$@"
}

works_as_on_an_ordinary_file() { # PROGRAM [ARG...]
  preload=
  new_file "$scratch/ordinary"
  "$@" plain "$scratch/ordinary" >"$scratch/ordinary.out"

  new_file "$scratch/direct"
  run "$@" direct "$scratch/direct"
  echo "without the shim: status $status: $output"
  [[ $status -ne 0 ]]
  [[ $output == *"Invalid argument"* || $output == *EINVAL* ]]

  preload=$DIOSHIM_LIB
  new_file "$scratch/direct"
  "$@" direct "$scratch/direct" >"$scratch/direct.out"
  cmp "$scratch/ordinary.out" "$scratch/direct.out"
  cmp "$scratch/ordinary" "$scratch/direct"
}

new_file() { # FILE
  rm -f "$1"
  cp "$input" "$1"
}

# The demonstration

demonstration() { # plain|direct FILE
  under "$(python3_binary)" - "$@" <<'END'
import os, sys
direct = os.O_DIRECT if sys.argv[1] == "direct" else 0
f = os.open(sys.argv[2], os.O_CREAT | os.O_TRUNC | direct | os.O_RDWR)
assert os.write(f, b" " * 1024) == 1024
assert os.write(f, b"and a tail of any length") == 24
for offset, length in (0, 1024), (1, 7), (1000, 40), (511, 514), (1047, 1), (1048, 5):
    print(os.pread(f, length, offset))
END
}

# Two writes, because a buffer may be aligned by chance, and 1024 is aligned on some disks.
@test "python3: write of 1024 bytes with O_DIRECT" {
  need python3
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file demonstration
}

# Python

python_calls() { # CALL plain|direct FILE
  under "$(python3_binary)" - "$@" <<'END'
import io, os, sys
call, mode, path = sys.argv[1:]
direct = os.O_DIRECT if mode == "direct" else 0
data = bytes(n * 7 % 251 for n in range(70000))
f = os.open(path, os.O_RDWR | direct)

def opener(name, flags):
    return os.open(name, flags | direct)

def do_write():
    for n in 1, 999, 4096, 65537:
        print(os.write(f, data[:n]))

def do_read():
    for n in 1, 999, 4096, 65537, 100000, 10:
        sys.stdout.buffer.write(os.read(f, n))

def do_pwrite():
    for n, offset in (1, 5), (999, 4090), (4096, 1), (65537, 100000):
        print(os.pwrite(f, data[:n], offset))

def do_pread():
    for n, offset in (1, 5), (999, 4090), (4096, 1), (65537, 99999), (5, 200000):
        sys.stdout.buffer.write(os.pread(f, n, offset))

def do_preadv():
    for offset in 0, 777, 99000:
        parts = [bytearray(n) for n in (1, 512, 3000, 4096)]
        print(os.preadv(f, parts, offset), parts)

def do_writev():
    print(os.writev(f, [data[:1], data[:512], data[:3000], data[:4096]]))
    print(os.pwritev(f, [data[:100], data[:3000]], 12345))

def do_fileio():
    with io.FileIO(path, "r+", opener=opener) as file:
        print(file.write(data[:1001]), file.tell())
        print(file.read(3001), file.tell())
        print(file.seek(-10, os.SEEK_END), file.read())

def do_buffered_writer():
    with open(path, "wb", opener=opener) as file:
        for n in range(1, 300):
            file.write(data[:n])

def do_buffered_reader():
    with open(path, "rb", opener=opener) as file:
        print(file.read(10), file.peek(5)[:5], file.readline())
        file.seek(50001)
        print(file.read())

globals()["do_" + call]()
END
}

each_python_call() { # CALL...
  local call
  for call in "$@"; do
    echo "call: $call"
    works_as_on_an_ordinary_file python_calls "$call"
  done
}

for_python_calls() { # CALL...
  need python3
  on_each "${strict[@]}" -- each_python_call "$@"
}

@test "python3: os.write, os.pwrite, os.writev, os.pwritev" {
  for_python_calls write pwrite writev
}

@test "python3: os.read, os.pread, os.preadv" {
  for_python_calls read pread preadv
}

@test "python3: io.FileIO" {
  for_python_calls fileio
}

@test "python3: BufferedWriter and BufferedReader" {
  for_python_calls buffered_writer buffered_reader
}

# dd

dd_output() { # plain|direct FILE
  local flag=()
  [[ $1 == plain ]] || flag=(oflag=direct)
  under dd if="$input" of="$2" bs=1000 "${flag[@]}" status=none
}

@test "dd oflag=direct bs=1000" {
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file dd_output
}

dd_middle() { # plain|direct FILE
  local flag=()
  [[ $1 == plain ]] || flag=(oflag=direct)
  under dd if="$input" of="$2" bs=1000 seek=7 count=50 conv=notrunc "${flag[@]}" status=none
}

@test "dd oflag=direct bs=1000 seek=7 conv=notrunc" {
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file dd_middle
}

dd_input() { # plain|direct FILE
  local flag=()
  [[ $1 == plain ]] || flag=(iflag=direct)
  under dd if="$2" bs=1000 skip=3 "${flag[@]}" status=none
}

@test "dd iflag=direct bs=1000 skip=3" {
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file dd_input
}

# Perl

perl_calls() { # plain|direct FILE
  under perl - "$@" <<'END'
use strict;
use Fcntl qw(:DEFAULT :seek);
my ($mode, $path) = @ARGV;
my $direct = $mode eq "direct" ? O_DIRECT : 0;
sysopen(my $f, $path, O_RDWR | $direct) or die "open: $!";
for my $n (1, 999, 4096, 20001) {
    my $done = syswrite($f, "x" x $n) // die "syswrite: $!";
    print "$done\n";
}
sysseek($f, 1234, SEEK_SET);
for my $n (1, 999, 4096, 20001, 100000, 5) {
    defined sysread($f, my $data, $n) or die "sysread: $!";
    print length($data), ":$data\n";
}
END
}

@test "perl: sysopen, syswrite, sysread" {
  need perl
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file perl_calls
}

# Node.js. With a position, a libuv older than 1.45 makes vectored calls by syscall(2).

node_sync() { # plain|direct FILE
  under node - "$@" <<'END'
const fs = require('fs');
const [mode, path] = process.argv.slice(2);
const direct = mode === 'direct' ? fs.constants.O_DIRECT : 0;
const data = Buffer.from(Array.from({ length: 70000 }, (_, n) => (n * 7) % 251));
const f = fs.openSync(path, fs.constants.O_RDWR | direct);
for (const n of [1, 999, 4096, 65537])
  console.log(fs.writeSync(f, data, 3, n));
console.log(fs.writeSync(f, data, 0, 5001, 777));
console.log(fs.writevSync(f, [data.subarray(0, 10), data.subarray(5, 5000)]));
console.log(fs.writevSync(f, [data.subarray(1, 900), data.subarray(5, 50)], 4000));
const back = Buffer.alloc(30000);
console.log(fs.readSync(f, back, 1, 20001, 333), back.toString('base64'));
fs.closeSync(f);
END
}

@test "node: fs.writeSync, fs.writevSync, fs.readSync" {
  need node nodejs
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file node_sync
}

# These calls run in libuv's threads, several at a time.
node_promises() { # plain|direct FILE
  under node - "$@" <<'END'
const fs = require('fs');
const [mode, path] = process.argv.slice(2);
const direct = mode === 'direct' ? fs.constants.O_DIRECT : 0;
(async () => {
  const f = await fs.promises.open(path, fs.constants.O_RDWR | direct);
  const piece = 1237;
  const writes = Array.from({ length: 64 }, (_, n) =>
    f.write(Buffer.alloc(piece, n + 1), 0, piece, n * piece));
  for (const { bytesWritten } of await Promise.all(writes))
    console.log(bytesWritten);
  const reads = Array.from({ length: 64 }, (_, n) =>
    f.read(Buffer.alloc(2001), 0, 2001, n * 999));
  for (const { bytesRead, buffer } of await Promise.all(reads))
    console.log(bytesRead, buffer.toString('base64'));
  await f.close();
})().catch((error) => { console.error(error.message); process.exit(1); });
END
}

@test "node: fs.promises, 64 calls at a time" {
  need node nodejs
  on_each "${strict[@]}" -- works_as_on_an_ordinary_file node_promises
}

# A descriptor that the program did not open itself: dd leaves O_DIRECT set on the shared standard
# input.

inherited() { # COMMAND... plain|direct FILE
  local command=("${@:1:$#-2}") mode=${*: -2:1} file=${*: -1}
  {
    [[ $mode == plain ]] || dd iflag=direct count=0 of=/dev/null status=none
    under "${command[@]}"
  } <"$file"
}

# shellcheck disable=SC2016 # Perl's $, not the shell's
perl_copy='while (sysread(STDIN, $_, 777) // die $!) { print }'

each_inheriting_program() {
  local python
  python=$(python3_binary)
  works_as_on_an_ordinary_file inherited head -c 1001
  works_as_on_an_ordinary_file inherited dd bs=1000 status=none
  works_as_on_an_ordinary_file inherited perl -e "$perl_copy"
  works_as_on_an_ordinary_file inherited \
    "$python" -c 'import os; [os.write(1, os.read(0, n)) for n in (1, 500, 999, 70000, 9)]'
}

@test "a direct descriptor inherited by head, dd, perl and python3" {
  need perl
  need python3
  on_each "${strict[@]}" -- each_inheriting_program
}
