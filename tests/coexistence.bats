#!/usr/bin/env bats
# A guest's coexistence (P7) in the company of other libraries, loaded by dlopen(), in setuid programs,
# with descriptors of other kinds, and within its bounds of memory (coexistence.h).

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch, status, output, stderr: lib.bash and bats

load lib

coexistence=$DIOSHIM_TEST_BIN/coexistence

in_process() {
  # chroot and a change of user are among the tests.
  chmod 755 "$scratch"
  shim "$coexistence" "$scratch"
}

@test "P7: locks, children and other kinds of descriptors" {
  on_each ext4-512 ext4-4096 xfs btrfs tmpfs -- in_process
}

in_process_without_the_shim() {
  chmod 755 "$scratch"
  run ! "$coexistence" "$scratch"
  [[ $output == *"not ok"* ]]
}

@test "and they fail without the shim" {
  on_each ext4-512 ext4-4096 xfs -- in_process_without_the_shim
}

# Other libraries. The loader constructs the last of the preloaded first.

live_beside() { # LIBRARY:LIBRARY
  rm -f "$scratch/file"
  touch "$scratch/file"
  env DIOSHIM_TEST_FILE="$scratch/file" LD_PRELOAD="$1" "$coexistence" once "$scratch/file"
  "$coexistence" moments "$scratch/file"
}

library_beside() {
  local library=$DIOSHIM_TEST_BIN/.libs/coexistence_library.so
  live_beside "$DIOSHIM_LIB:$library"
  live_beside "$library:$DIOSHIM_LIB"
}

@test "P7: constructors, atexit handlers and destructors of other libraries, before the shim's and after" {
  on_each ext4-512 ext4-4096 xfs btrfs -- library_beside
}

malloc_beside() {
  local malloc=$DIOSHIM_TEST_BIN/.libs/coexistence_malloc.so
  "$coexistence" with-malloc "$scratch/1" "$DIOSHIM_LIB:$malloc"
  "$coexistence" with-malloc "$scratch/2" "$malloc:$DIOSHIM_LIB"
  # What the file must fail for: it is malloc that cannot write.
  if [[ $where != btrfs ]]; then
    run ! "$coexistence" with-malloc "$scratch/3" "$malloc"
    [[ $output == *"not so: pwrite(MALLOC_FD"* ]]
  fi
}

@test "P7: a malloc replacement that writes from inside malloc; the shim itself never calls it" {
  on_each ext4-512 ext4-4096 xfs btrfs -- malloc_beside
}

dlopened() {
  run -0 "$coexistence" dlopened "$scratch/file" "$DIOSHIM_LIB"
  [[ $output == "$1" ]]
}

@test "P7: dlopen and dlclose by a program that has not preloaded it" {
  on_each ext4-512 ext4-4096 xfs -- dlopened refused
  on_each btrfs -- dlopened taken
}

# Setuid programs: the loader does not preload for them (ld.so(8), "Secure-execution mode").

as_nobody() { # COMMAND [ARG...]
  setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

setuid_program() {
  install -m 755 "$DIOSHIM_LIB" "$scratch/libdioshim.so"
  install -m 755 "$coexistence" "$scratch/coexistence"
  chmod 1777 "$scratch"
  # A copy that is not setuid is served,
  as_nobody env LD_PRELOAD="$scratch/libdioshim.so" "$scratch/coexistence" once "$scratch/plain"
  chmod u+s "$scratch/coexistence"
  # and a setuid one is as it is without the shim: nothing else goes wrong, and nobody is told.
  run ! as_nobody "$scratch/coexistence" once "$scratch/setuid"
  local before=$output
  run ! as_nobody env LD_PRELOAD="$scratch/libdioshim.so" DIOSHIM_BOUNCE_MAX=nonsense \
    "$scratch/coexistence" once "$scratch/setuid"
  [[ $before == *"not so: moves_data"*"errno 22"* && $output == "$before" ]]
}

@test "P7: a setuid program behaves as without the shim" {
  ((EUID == 0)) || skip "not root: cannot make a setuid program to run as another user"
  need setpriv util-linux
  on_each ext4-512 ext4-4096 xfs -- setuid_program
}

# DIOSHIM_BOUNCE_MAX

# Sets $most: KiB of bounce memory while many use it.
bounce_memory() { # VALUE BOUND-KIB
  local before
  run -0 --separate-stderr env DIOSHIM_BOUNCE_MAX="$1" LD_PRELOAD="$DIOSHIM_LIB" \
    "$coexistence" crowd "$scratch/file"
  read -r before most <<<"$output"
  echo "DIOSHIM_BOUNCE_MAX=$1: $before KiB, then $most KiB; stderr: $stderr"
  ((before == 0))
  ((most > 0 && most <= $2))
}

good_bounds() {
  local value
  for value in 64K:64 100000:97 512k:512 1048576:1024 3M:3072 4m:4096 16M:16384 64M:65536; do
    bounce_memory "${value%:*}" "${value#*:}"
    [[ ! $stderr ]]
  done
  # More is used where more is allowed, or the bound would be another.
  ((most > 16384))
}

@test "P7: DIOSHIM_BOUNCE_MAX bounds the bounce memory, whatever 48 threads do" {
  on_each ext4-512 -- good_bounds
}

complains() { # VALUE
  ((${#stderr_lines[@]} == 1))
  [[ $stderr == "dioshim: DIOSHIM_BOUNCE_MAX=$1: "*16M* ]]
}

bad_bounds() {
  local value
  for value in '' 0 1 65535 65M 64G abc K 16X 64KB '64 K' ' 64K' -1 +64K 0x100000 1.5M \
    99999999999999999999M 18446744073709617152; do
    run -0 --separate-stderr env DIOSHIM_BOUNCE_MAX="$value" LD_PRELOAD="$DIOSHIM_LIB" \
      "$coexistence" once "$scratch/file"
    complains "$value"
  done
  # As much as without the variable.
  for value in 63K 1G 99999999999999999999; do
    bounce_memory "$value" 16384
    ((most == 16384))
    complains "$value"
  done
}

@test "a bad DIOSHIM_BOUNCE_MAX is reported in one line, and 16M used" {
  on_each ext4-512 -- bad_bounds
}
