#!/usr/bin/env bats
# How the shim coexists (P7) with other preloaded libraries, with dlopen(), with setuid programs and
# with descriptors of other kinds; and the limit of its memory (coexistence.h).

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # scratch, status, output, stderr: lib.bash and bats

load lib

coexistence=$DIOSHIM_TEST_BIN/coexistence

in_process() {
  # Some tests use chroot or change the user.
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

@test "P7: these tests fail without the shim" {
  on_each ext4-512 ext4-4096 xfs -- in_process_without_the_shim
}

# Other libraries. The loader runs the constructors of preloaded libraries from the last to the
# first.

run_beside() { # LIBRARY:LIBRARY
  rm -f "$scratch/file"
  touch "$scratch/file"
  env DIOSHIM_TEST_FILE="$scratch/file" LD_PRELOAD="$1" "$coexistence" once "$scratch/file"
  "$coexistence" moments "$scratch/file"
}

library_beside() {
  local library=$DIOSHIM_TEST_BIN/.libs/coexistence_library.so
  run_beside "$DIOSHIM_LIB:$library"
  run_beside "$library:$DIOSHIM_LIB"
}

@test "P7: constructors, atexit handlers and destructors of other libraries, before and after the shim's" {
  on_each ext4-512 ext4-4096 xfs btrfs -- library_beside
}

malloc_beside() {
  local malloc=$DIOSHIM_TEST_BIN/.libs/coexistence_malloc.so
  "$coexistence" with-malloc "$scratch/1" "$DIOSHIM_LIB:$malloc"
  "$coexistence" with-malloc "$scratch/2" "$malloc:$DIOSHIM_LIB"
  # Without the shim, the write from malloc must be what fails.
  if [[ $where != btrfs ]]; then
    run ! "$coexistence" with-malloc "$scratch/3" "$malloc"
    [[ $output == *"failed: pwrite(MALLOC_FD"* ]]
  fi
}

@test "P7: a malloc replacement that writes from inside malloc; the shim itself never calls it" {
  on_each ext4-512 ext4-4096 xfs btrfs -- malloc_beside
}

dlopened() {
  run -0 "$coexistence" dlopened "$scratch/file" "$DIOSHIM_LIB"
  [[ $output == "$1" ]]
}

@test "P7: dlopen and dlclose of the shim by a program that has not preloaded it" {
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
  # The shim works in a copy that is not setuid,
  as_nobody env LD_PRELOAD="$scratch/libdioshim.so" "$scratch/coexistence" once "$scratch/plain"
  chmod u+s "$scratch/coexistence"
  # and is not loaded into a setuid one: that fails in the same way as without the shim, with no
  # other message.
  run ! as_nobody "$scratch/coexistence" once "$scratch/setuid"
  local before=$output
  run ! as_nobody env LD_PRELOAD="$scratch/libdioshim.so" DIOSHIM_BOUNCE_MAX=nonsense \
    "$scratch/coexistence" once "$scratch/setuid"
  [[ $before == *"failed: moves_data"*"errno 22"* && $output == "$before" ]]
}

@test "P7: a setuid program behaves as without the shim" {
  ((EUID == 0)) || skip "not root: cannot make a setuid program to run as another user"
  need setpriv util-linux
  on_each ext4-512 ext4-4096 xfs -- setuid_program
}

# DIOSHIM_BOUNCE_MAX

# Sets $most: KiB of bounce memory after many threads have used it at once.
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
  # A larger limit lets it use more, or it would be something else that limits the memory.
  ((most > 16384))
}

@test "P7: DIOSHIM_BOUNCE_MAX limits the bounce memory of 48 threads" {
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
  # The limit is then the default one.
  for value in 63K 1G 99999999999999999999; do
    bounce_memory "$value" 16384
    ((most == 16384))
    complains "$value"
  done
}

@test "an invalid DIOSHIM_BOUNCE_MAX is reported in one line, and 16M is used" {
  on_each ext4-512 -- bad_bounds
}
