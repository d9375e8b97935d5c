#!/usr/bin/env bats
# Calls that the shim does not see (doc/testing.md, "Coverage"). Each is refused by the kernel, with and without the
# shim. When one of these tests fails because the call works, a limit is gone, and the documents have to say so.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash; status, output: bats

load lib

setup() {
  export OUTSIDE_LIBRARY=$DIOSHIM_TEST_BIN/.libs/outside_library.so
}

answers() { # NUMBER COMMAND...
  run --separate-stderr "${@:2}"
  ((status != 77)) || skip "$stderr"
  [[ $status -eq 0 && $output == "$1" ]] || fail "$*: status $status: $output$stderr"
}

# 22 is EINVAL.
outside() { # WAY [PROGRAM]
  local program=${2-$DIOSHIM_TEST_BIN/outside}
  answers -22 "$program" "$1" "$scratch/file"
  answers -22 shim "$program" "$1" "$scratch/file"
}

inside() { # WAY
  answers -22 "$DIOSHIM_TEST_BIN/outside" "$1" "$scratch/file"
  answers 1000 shim "$DIOSHIM_TEST_BIN/outside" "$1" "$scratch/file"
}

@test "within reach: the same call by name, and in a library that is opened by dlopen()" {
  on_each ext4-512 -- inside name
  on_each ext4-512 -- inside library
}

@test "out of reach: a system call that the program makes itself" {
  on_each ext4-512 -- outside instruction
}

@test "out of reach: a function that dlsym() finds in the C library's own handle" {
  on_each ext4-512 -- outside libc-handle
}

@test "out of reach: a library that is opened with RTLD_DEEPBIND" {
  on_each ext4-512 -- outside deep-binding
}

@test "out of reach: io_uring" {
  on_each ext4-512 -- outside io_uring
}

# QEMU reads 1, 512, 1024... bytes to see what is accepted. A read of 1 byte is no error elsewhere, so it is none here.
qemu_opens() { # IMAGE
  qemu-io -f raw -t none -c 'write -P 1 16384 512' "$1"
}

alignments_are_tried_out() {
  # No hole: there the kernel accepts 1 byte, too.
  head -c 16896 /dev/zero >"$scratch/image"
  run qemu_opens "$scratch/image"
  [[ $output == *"wrote 512/512"* ]] || fail "without the shim: $output"
  LD_PRELOAD=$DIOSHIM_LIB run qemu_opens "$scratch/image"
  [[ $output == *"Image size is not a multiple of request alignment"* ]] || fail "$output"
}

@test "a limit: QEMU tries out alignments, and finds none" {
  need qemu-io qemu-utils
  on_each ext4-512 -- alignments_are_tried_out
}

compile() { # COMPILER [FLAG...]
  need "$1"
  "$@" -DOUTSIDE_STATIC -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/program" "$DIOSHIM_TOP_SRCDIR/tests/outside.c" ||
    skip "$* cannot link"
}

@test "out of reach: a statically linked program" {
  compile gcc -static
  on_each ext4-512 -- outside name "$BATS_TEST_TMPDIR/program"
}

foreign() {
  answers -22 "$BATS_TEST_TMPDIR/program" name "$scratch/file"
  answers 1000 shim "$BATS_TEST_TMPDIR/program" name "$scratch/file"
}

@test "a program of another C library (musl) can load the shim, and a misaligned write works" {
  compile musl-gcc
  on_each ext4-512 -- foreign
}

@test "out of reach: a Go program" {
  need go golang-go
  cat >"$BATS_TEST_TMPDIR/program.go" <<'PROGRAM'
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	f, err := os.OpenFile(os.Args[2], os.O_RDWR|os.O_CREATE|syscall.O_DIRECT, 0600)
	if err != nil {
		panic(err)
	}
	n, err := syscall.Pwrite(int(f.Fd()), make([]byte, 1001)[1:], 5)
	if e, ok := err.(syscall.Errno); ok {
		n = -int(e)
	}
	fmt.Println(n)
}
PROGRAM
  (cd "$BATS_TEST_TMPDIR" && HOME=$PWD GO111MODULE=off go build -o program program.go)
  on_each ext4-512 -- outside name "$BATS_TEST_TMPDIR/program"
}
