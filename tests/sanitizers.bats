#!/usr/bin/env bats
# The library runs under the compiler's sanitizers; any report fails the test.
#
# Only the library is instrumented, and the sanitizer's runtime is preloaded before it; the test
# programs are those of the other tests. Tests that withhold what the runtimes themselves need are
# left out: small stacks, RLIMIT_AS, malloc replacements, seccomp filters.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # where, scratch: on_each in lib.bash

load lib

# Compiles the library with a sanitizer, once for all tests, directly from its sources: configure refuses to run
# if the source tree itself has been built in.
sanitized() { # NAME FLAG...
  local library=$BATS_FILE_TMPDIR/$1.so sources=$DIOSHIM_TOP_SRCDIR/src
  shift
  [[ ! -e $library ]] || return 0
  gcc -std=gnu11 -D_GNU_SOURCE -DDIOSHIM_SHIM -U_FORTIFY_SOURCE -g -O1 -fPIC -shared -fvisibility=hidden -fexceptions \
    -fno-omit-frame-pointer -I"$DIOSHIM_TOP_SRCDIR/common" "$@" -o "$library" "$sources"/*.c -pthread \
    -Wl,-z,now -Wl,--version-script="$DIOSHIM_TEST_BIN/../symbols.map" >&2
}

runtime() { # NAME
  gcc -print-file-name="$1"
}

setup() {
  local name
  need gcc
  for name in libasan.so libubsan.so libtsan.so; do
    [[ $(runtime "$name") == /* ]] || skip "$name is missing (Debian: libgcc-12-dev or another version's)"
  done
  export ASAN_OPTIONS=detect_leaks=0:exitcode=99 # leaks of the test programs do not matter
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
  export TSAN_OPTIONS=exitcode=99
}

with_asan() { # COMMAND [ARG...]
  env LD_PRELOAD="$(runtime libasan.so) $(runtime libubsan.so) $BATS_FILE_TMPDIR/asan.so" "$@"
}

# The runtime maps its shadow memory at fixed addresses, so address space randomisation is switched
# off.
with_tsan() { # COMMAND [ARG...]
  setarch -R env LD_PRELOAD="$(runtime libtsan.so) $BATS_FILE_TMPDIR/tsan.so" "$@"
}

random_calls() {
  with_asan "$DIOSHIM_TEST_BIN/differential" --calls 2000 --seed 7 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

many_at_once() {
  local device=()
  [[ ! -b $scratch ]] || device=(--block-device)
  "$@" "$DIOSHIM_TEST_BIN/stress" --seconds 1 "${device[@]}" "$(on_it)"
}

# Prints the device, or the path of a file in the directory.
on_it() {
  [[ -b $scratch ]] && echo "$scratch" || echo "$scratch/file"
}

@test "AddressSanitizer and UndefinedBehaviorSanitizer: random calls" {
  sanitized asan -fsanitize=address,undefined -fno-sanitize-recover=undefined
  on_each ext4-4096 -- random_calls
}

@test "AddressSanitizer and UndefinedBehaviorSanitizer: many writers at once" {
  sanitized asan -fsanitize=address,undefined -fno-sanitize-recover=undefined
  on_each ext4-512 -- many_at_once with_asan
}

# Uses buffers of exactly the length of the call, so that an access past the end is reported.
# (Bounce buffers are plain mappings, which the sanitizers do not check.)
exact_buffers() {
  with_asan "$BATS_TEST_TMPDIR/exact" "$scratch/file"
}

@test "AddressSanitizer: no byte beyond the program's buffers" {
  sanitized asan -fsanitize=address,undefined -fno-sanitize-recover=undefined
  cat >"$BATS_TEST_TMPDIR/exact.c" <<'EOT'
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 511, 1001, 4096, 4097, 65536, 70001, 3000001 };
	int fd = open(argv[argc - 1], O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		size_t n = sizes[i / 2];
		off_t at = i % 2 * 1237; /* at 0 some are moved by a bounce buffer alone */
		char *out = malloc(n), *in = malloc(n);

		memset(out, 'a' + (int)i, n);
		if (pwrite(fd, out, n, at) != (ssize_t)n || pread(fd, in, n, at) != (ssize_t)n ||
		    memcmp(in, out, n))
			return 1;
		free(out);
		free(in);
	}
	return 0;
}
EOT
  gcc -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/exact" "$BATS_TEST_TMPDIR/exact.c"
  on_each xfs -- exact_buffers
}

records() {
  with_tsan "$DIOSHIM_TEST_BIN/append" --seconds 1 "$1" "$scratch/file"
}

@test "ThreadSanitizer: many writers at once" {
  sanitized tsan -fsanitize=thread
  on_each ext4-512 blk-512 -- many_at_once with_tsan
  on_each ext4-512 -- records append
  on_each ext4-512 -- records both
}

# Not the differential test: valgrind would report the bad pointers that it passes on purpose.
under_valgrind() {
  env LD_PRELOAD="$DIOSHIM_LIB" valgrind --quiet --error-exitcode=99 \
    "$DIOSHIM_TEST_BIN/append" --seconds 1 write "$scratch/file"
}

@test "valgrind: many writers through one offset" {
  need valgrind
  on_each ext4-512 -- under_valgrind
}

@test "a sanitizer's report would fail these tests" {
  sanitized asan -fsanitize=address,undefined -fno-sanitize-recover=undefined
  cat >"$BATS_TEST_TMPDIR/overflow.c" <<'EOT'
#include <stdlib.h>
int main(int argc, char **argv) { (void)argv; volatile char *p = malloc(8); p[7 + argc] = 1; return 0; }
EOT
  gcc -fsanitize=address -g -o "$BATS_TEST_TMPDIR/overflow" "$BATS_TEST_TMPDIR/overflow.c"
  run -99 with_asan "$BATS_TEST_TMPDIR/overflow"
}
