#!/usr/bin/env bats
# Other 64-bit machines: the library is built by a cross compiler, and random calls run under qemu-user. This shows
# that the machine's code, system call numbers and structures are right. It does not show how threads meet on its
# memory model, nor its kernel: qemu-user makes the calls of this machine's kernel.
#
# Needs Debian's gcc-<machine>-linux-gnu and qemu-user, which ./setup does not install.
#
#   DIOSHIM_CALLS   number of calls, instead of 513

# shellcheck disable=SC2154 # scratch: on_each in lib.bash

load lib

common=(-std=gnu11 -O1 -D_GNU_SOURCE -Icommon)

setup() {
  cd -- "$DIOSHIM_TOP_SRCDIR" || return
}

# One compiler for each processor at a time.
objects() { # COMPILER DIR OPTION... -- SOURCE...
  local compiler=$1 dir=$2
  shift 2
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  mkdir -p "$dir"
  # shellcheck disable=SC2016 # for the shell inside
  printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -I % sh -c \
    'source=$1 dir=$2; shift 2; "$@" -c -o "$dir/$(basename "$source" .c).o" "$source"' sh % "$dir" "$compiler" "${options[@]}"
}

build() { # COMPILER DIR
  objects "$1" "$2/library" "${common[@]}" -DDIOSHIM_SHIM -include src/first.h -Isrc -fPIC -fvisibility=hidden \
    -fexceptions -- src/*.c
  "$1" -shared -Wl,-z,now -Wl,-z,relro -Wl,--version-script="$DIOSHIM_TEST_BIN/../symbols.map" \
    -o "$2/libdioshim.so" "$2"/library/*.o
  objects "$1" "$2/test" "${common[@]}" -- tests/differential*.c
  "$1" -o "$2/differential" "$2"/test/*.o
}

random_calls() { # MACHINE DIR OPTION...
  "qemu-$1" "${@:3}" -L "/usr/${1/ppc/powerpc}-linux-gnu" -E LD_PRELOAD="$2/libdioshim.so" "$2/differential" \
    --calls "${DIOSHIM_CALLS:-513}" --seed 1 --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

cross() { # MACHINE [PAGE-SIZE...]
  local compiler=${1/ppc/powerpc}-linux-gnu-gcc dir=$BATS_TEST_TMPDIR/cross page
  need "$compiler" "gcc-${compiler%-gcc}"
  need "qemu-$1" qemu-user
  build "$compiler" "$dir"
  diff <(table_symbols | sort) <(nm -D --defined-only --format=posix "$dir/libdioshim.so" | cut -d' ' -f1 | sort)
  needs_nothing_newer "$dir/libdioshim.so" 2.27
  on_each ext4-512 -- random_calls "$1" "$dir"
  for page in "${@:2}"; do
    on_each ext4-512 -- random_calls "$1" "$dir" -p "$page"
  done
}

@test "arm64: random calls under qemu-user, with pages of 4 and of 64 KiB" {
  cross aarch64 65536
}

@test "riscv64: random calls under qemu-user" {
  cross riscv64
}

@test "ppc64le: random calls under qemu-user" {
  cross ppc64le
}

@test "s390x: random calls under qemu-user" {
  cross s390x
}
