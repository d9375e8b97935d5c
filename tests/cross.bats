#!/usr/bin/env bats
# Other 64-bit machines: the library is built by a cross compiler, and random calls run under qemu-user. This shows
# that the machine's code, system call numbers and structures are right. It does not show how threads meet on its
# memory model, nor its kernel: qemu-user makes the calls of this machine's kernel.
#
# Needs Debian's gcc-<machine>-linux-gnu and qemu-user, which ./setup does not install.
#
#   DIOSHIM_CALLS          number of calls, instead of 513
#   DIOSHIM_MACHINES=all   riscv64 and ppc64le, too

# shellcheck disable=SC2154,SC2034 # scratch: on_each in lib.bash; compiler: abi.bash

load abi

random_calls() { # MACHINE OPTION...
  "qemu-$1" "${@:2}" -L "/usr/${1/ppc/powerpc}-linux-gnu" -E LD_PRELOAD="$out/libdioshim.so" "$out/differential" \
    --calls "${DIOSHIM_CALLS:-513}" --seed 1 --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

cross() { # MACHINE [PAGE-SIZE...]
  local compiler=("${1/ppc/powerpc}-linux-gnu-gcc") out=$BATS_TEST_TMPDIR page
  need "${compiler[0]}" "gcc-${compiler[0]%-gcc}"
  need "qemu-$1" qemu-user
  build_library
  build_differential
  diff <(table_symbols | sort) <(exports)
  needs_nothing_newer "$out/libdioshim.so" 2.27
  on_each ext4-512 -- random_calls "$1"
  for page in "${@:2}"; do
    on_each ext4-512 -- random_calls "$1" -p "$page"
  done
}

@test "arm64: random calls under qemu-user, with pages of 4 and of 64 KiB" {
  cross aarch64 65536
}

@test "riscv64: random calls under qemu-user" {
  [[ ${DIOSHIM_MACHINES-} == all ]] || skip "only with DIOSHIM_MACHINES=all"
  cross riscv64
}

@test "ppc64le: random calls under qemu-user" {
  [[ ${DIOSHIM_MACHINES-} == all ]] || skip "only with DIOSHIM_MACHINES=all"
  cross ppc64le
}

@test "s390x: random calls under qemu-user" {
  cross s390x
}
