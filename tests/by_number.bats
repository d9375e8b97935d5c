#!/usr/bin/env bats
# The covered calls by their numbers, through syscall(2): tests/by_number.c.

# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

setup() {
  bats_require_minimum_version 1.5.0
  strict=(ext4-512 ext4-4096 xfs)
  any=("${strict[@]}" btrfs tmpfs)
}

by_number() { # WHAT [FILE...]
  shim "$DIOSHIM_TEST_BIN/by_number" "$@"
}

transfers() {
  by_number transfers "$scratch/direct" "$scratch/ordinary"
}

@test "P1: each call that moves data, by its number, answers as on an ordinary file" {
  on_each "${any[@]}" -- transfers
}

numbers() {
  by_number numbers "$scratch/file"
}

@test "descriptors that are opened, duplicated, changed and closed by number" {
  on_each "${any[@]}" -- numbers
}

@test "all other numbers reach the kernel with their six arguments" {
  by_number others
}

@test "a number that is not covered costs a jump, and nothing is stored" {
  need objdump binutils
  local code
  code=$(objdump -d --no-show-raw-insn --disassemble=syscall "$DIOSHIM_LIB" | sed -n '/<syscall>:/,/jmp  *\*/p')
  [[ $(uname -m) == x86_64 ]] || skip "written for x86_64"
  [[ $code == *jmp*\** ]]
  run ! grep -E '\b(call|push)\b|,[^,]*\(%rsp\)$' <<<"$code"
  (($(wc -l <<<"$code") <= 12))
}

counted() {
  local record=$BATS_TEST_TMPDIR/record
  rm -f "$record"
  head -c 65536 /dev/zero >"$scratch/file"
  DIOSHIM_STATS=$record by_number count "$scratch/file"
  "$DIOSHIM_TEST_BIN/recordcat" "$record" >"$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.read.untouched=5' "$BATS_TEST_TMPDIR/counts"
  grep -qx 'all.write.untouched=5' "$BATS_TEST_TMPDIR/counts"
}

@test "calls by number are counted once" {
  on_each "${strict[@]}" -- counted
}

@test "a program that uses syscall(2): Python's ctypes" {
  local python
  need python3
  python=$(python3_binary)
  on_each "${strict[@]}" -- python_writes "$python"
}

python_writes() { # PYTHON
  shim "$1" -c '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_DIRECT)
text = b"x" * 1001
assert libc.syscall(ctypes.c_long(int(sys.argv[2])), f, text, ctypes.c_long(len(text)), ctypes.c_long(3)) == 1001
assert open(sys.argv[1], "rb").read() == bytes(3) + text
' "$scratch/file" "$(number_of pwrite64)"
}

number_of() { # CALL
  printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | gcc -E - | tail -n 1 |
    sed -E 's/__NR_//' | { read -r n; [[ $n =~ ^[0-9]+$ ]] && echo "$n"; }
}
