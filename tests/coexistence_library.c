/*
 * A library that does I/O in its constructor, in an atexit handler and in its destructor. If it is
 * preloaded after the shim, its constructor runs before the shim's and its destructor after it;
 * otherwise the reverse.
 */
#include "coexistence.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void write_piece(enum moment moment)
{
	const char *file = getenv("DIOSHIM_TEST_FILE");
	int fd;

	must(file);
	fd = open(file, O_RDWR | O_DIRECT);
	must(fd >= 0);
	must(moves_data(fd, (off_t)moment * LEN, moment));
	must(close(fd) == 0);
}

static void at_exit(void)
{
	write_piece(IN_ATEXIT);
}

__attribute__((constructor)) static void constructor(void)
{
	write_piece(IN_CONSTRUCTOR);
	must(atexit(at_exit) == 0);
}

__attribute__((destructor)) static void destructor(void)
{
	write_piece(IN_DESTRUCTOR);
}
