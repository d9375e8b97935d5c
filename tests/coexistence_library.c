/*
 * A library that does I/O in its constructor, in an atexit handler and in its destructor. Preloaded
 * after the shim it is constructed before it and destructed after it; before the shim, the reverse.
 */
#include "coexistence.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void live(enum moment moment)
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
	live(IN_ATEXIT);
}

__attribute__((constructor)) static void constructor(void)
{
	live(IN_CONSTRUCTOR);
	must(atexit(at_exit) == 0);
}

__attribute__((destructor)) static void destructor(void)
{
	live(IN_DESTRUCTOR);
}
