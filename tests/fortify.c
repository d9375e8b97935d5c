/*
 * A program compiled with FORTIFY, so that its calls become __open_2, __read_chk and so on:
 *
 *	fortify FILE EXCESS
 *
 * It opens FILE with O_DIRECT in four ways, and reads misaligned ranges of it in three, into a
 * buffer of ROOM bytes. EXCESS 0: all reads fit; 1: the read asks for more than ROOM bytes; 2: the
 * pread does. The compiler must know the size of the buffer, but neither flags nor lengths.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1001 };

static void die(const char *what)
{
	fprintf(stderr, "fortify: %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * Checks what was read at `offset`. FILE consists of lines of 16 bytes that contain their offset.
 */
static void expect(const char *what, const char *got, ssize_t n, long offset)
{
	char line[40];

	if (n < 0)
		die(what);
	if (n < ROOM) {
		fprintf(stderr, "fortify: %s: short: %zd\n", what, n);
		exit(1);
	}
	for (long at = (offset + 15) / 16 * 16; at + 16 <= offset + n; at += 16) {
		snprintf(line, sizeof(line), "%07x %07lx\n", 0, at);
		if (memcmp(got + (at - offset), line, 16)) {
			fprintf(stderr, "fortify: %s: wrong data at %ld\n", what, at);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	char buffer[ROOM];
	volatile int excess = argc == 3 ? atoi(argv[2]) : -1;
	int flags = O_RDONLY | O_DIRECT | (excess < 0 ? O_CREAT : 0);
	int fds[4];

	if (excess < 0)
		return 99;
#ifndef __OPTIMIZE__
	fputs("fortify: compiled without optimisation, which FORTIFY needs\n", stderr);
	return 77;
#endif
	fds[0] = open(argv[1], flags);
	fds[1] = open64(argv[1], flags);
	fds[2] = openat(AT_FDCWD, argv[1], flags);
	fds[3] = openat64(AT_FDCWD, argv[1], flags);
	for (int i = 0; i < 4; i++) {
		if (fds[i] < 0)
			die("open");
		expect("read", buffer, read(fds[i], buffer, (size_t)(ROOM + (excess == 1))), 0);
		expect("read", buffer, read(fds[i], buffer, (size_t)ROOM), ROOM);
		expect("pread", buffer, pread(fds[i], buffer, (size_t)(ROOM + (excess == 2)), 33),
		       33);
		expect("pread64", buffer,
		       pread64(fds[i], buffer, (size_t)(ROOM + (excess == 2)), 4090), 4090);
	}
	return 0;
}
