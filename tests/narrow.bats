#!/usr/bin/env bats
# 32-bit machines: the library is built for i386 and for ARM, and random calls are compared with an ordinary file.
# Where the kernel does not run such programs, qemu-user does: then without bad memory, because it checks the memory
# of a whole call before it makes it, and without AIO.
#
#   DIOSHIM_MACHINES=all   builds for ARM, too
#   DIOSHIM_CALLS, DIOSHIM_SEED   how many random calls, and which

# shellcheck disable=SC2154,SC2034 # scratch: on_each in lib.bash; compiler, headers: used in abi.bash
# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell

load abi

wide=(-D_FILE_OFFSET_BITS=64)

# Sets $preload, which starts a program of this machine under the library.
find_runner() { # QEMU [OPTION...]
  printf 'int main(void) { return 0; }\n' | "${compiler[@]}" -x c - -o "$out/probe" ||
    skip "${compiler[*]} makes no programs"
  preload=(env "LD_PRELOAD=$out/libdioshim.so")
  if ! "$out/probe" 2>/dev/null; then
    need "$1" qemu-user
    preload=("$@" -E "LD_PRELOAD=$out/libdioshim.so")
  fi
}

prepare() { # QEMU [OPTION...]
  out=$BATS_TEST_TMPDIR
  find_runner "$@"
  build_library "${headers[@]}"
  build_differential "${wide[@]}" "${headers[@]}"
}

compare() {
  "${preload[@]}" "$out/differential" --calls "${DIOSHIM_CALLS:-300}" --seed "${DIOSHIM_SEED:-1}" \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

# The kinds of names whose offset has 32 bits are not those of the 64-bit twins.
exports_both_kinds() {
  local name
  for name in pread pread64 __pread_chk open open64 mkostemp mkostemp64 sendfile sendfile64 \
    aio_read aio_read64 fcntl __fcntl_time64; do
    grep -qx "$name" < <(exports) || fail "$name is not exported"
  done
}

@test "i386: the library is built, and random calls answer as on an ordinary file" {
  compiler=(gcc -m32)
  headers=(-idirafter "/usr/include/$(gcc -print-multiarch)")
  printf '#include <stdio.h>\n' | gcc -m32 -E - >/dev/null 2>&1 || skip "no 32-bit C library (Debian: gcc-multilib)"
  prepare qemu-i386
  imports_nothing_foreign
  exports_both_kinds
  on_each ext4-512 -- compare
}

@test "ARM: the library is built, and random calls answer as on an ordinary file" {
  local name
  [[ ${DIOSHIM_MACHINES-} == all ]] || skip "only with DIOSHIM_MACHINES=all"
  for name in arm-linux-gnueabihf-gcc arm-linux-gnueabihf-gcc-{11,12,13,14}; do
    ! command -v "$name" >/dev/null || compiler=("$name")
  done
  [[ ${compiler-} ]] || skip "arm-linux-gnueabihf-gcc is missing (Debian: gcc-arm-linux-gnueabihf)"
  headers=()
  prepare qemu-arm -L /usr/arm-linux-gnueabihf
  imports_nothing_foreign
  exports_both_kinds
  on_each ext4-512 -- compare
}
