#!/usr/bin/env bats
# The library built with musl, in programs of musl.

# shellcheck disable=SC2154,SC2034 # scratch: on_each in lib.bash; status, output: bats; compiler: abi.bash
# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell

load abi

setup() {
  need musl-gcc musl-tools
  compiler=(musl-gcc)
  out=$BATS_FILE_TMPDIR
}

# musl-gcc knows only the headers of musl, and those of the kernel have to be added.
setup_file() {
  command -v musl-gcc >/dev/null || return 0
  compiler=(musl-gcc)
  out=$BATS_FILE_TMPDIR
  mkdir -p "$out/headers"
  ln -sf /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm" "$out/headers"
  build_library -idirafter "$out/headers"
  # From musl 1.2.4 on, the names that end in 64 are only declared for this.
  build_differential -D_LARGEFILE64_SOURCE -idirafter "$out/headers"
  musl-gcc -O1 -D_GNU_SOURCE -o "$out/stdio" -x c - <<'PROGRAM'
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Writes 1000 bytes to a direct stream, and by dprintf(). Prints what the second call returned, and the errno of the first. */
int main(int argc, char **argv)
{
	static char data[1001];
	int fd = open(argv[1], O_RDWR | O_CREAT | O_DIRECT, 0600);
	FILE *f = fdopen(fd, "w");
	int error = 0;

	(void)argc;
	memset(data, 'x', 1000);
	if (fwrite(data, 1, 1000, f) != 1000 || fflush(f))
		error = errno;
	printf("%d %d\n", dprintf(fd, "%s", data), error);
	return 0;
}
PROGRAM
}

@test "musl: the library has the names of musl's, and none of the GNU C library's own" {
  local libc names
  # musl's dynamic linker is its C library.
  libc=$(readelf -p .interp "$out/stdio" | grep -o '/.*ld-musl.*')
  names=$(nm -D --defined-only --format=posix "$libc" | cut -d' ' -f1 | grep -E -x \
    '(open|openat|creat|mkostemps?|p?readv?|p?writev?|fcntl|dup|close|sendfile|splice|copy_file_range|aio_read|aio_write|lio_listio|v?dprintf)(2|3|64|64v2)?' |
    sort)
  [[ $(wc -l <<<"$names") -gt 20 ]]
  run ! grep -E '^__|_chk$' < <(exports)
  diff <(comm -23 <(echo "$names") <(exports)) /dev/null
}

random_calls() {
  env LD_PRELOAD="$out/libdioshim.so" "$out/differential" --calls 500 --seed 1 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
  shim "$out/differential" --calls 500 --seed 2 \
    --direct "$scratch/direct" --ordinary "$scratch/ordinary"
}

@test "musl: random calls answer as on an ordinary file, also with the library of the GNU C library" {
  on_each ext4-512 -- random_calls
}

stdio() {
  run -0 env LD_PRELOAD="$out/libdioshim.so" "$out/stdio" "$scratch/file"
  [[ $output == "1000 22" ]] || fail "$output"
}

# When this fails because the stream works, a limit is gone, and the documents have to say so.
@test "musl: dprintf works, and stdio is out of reach" {
  on_each ext4-512 -- stdio
}
