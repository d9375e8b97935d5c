/* What the program and the preloaded libraries of coexistence.h share. */
#include "coexistence.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned char byte_of(unsigned seed, size_t n)
{
	return (unsigned char)(seed * 31 + n * 7 + n / 256);
}

bool holds_data(int fd, off_t at, unsigned seed)
{
	unsigned char buffer[LEN + 2];
	unsigned char *bytes = (unsigned char *)((uintptr_t)buffer | 1);

	memset(bytes, 0, LEN);
	if (pread(fd, bytes, LEN, at) != LEN)
		return false;
	for (size_t n = 0; n < LEN; n++)
		if (bytes[n] != byte_of(seed, n))
			return false;
	return true;
}

bool moves_data(int fd, off_t at, unsigned seed)
{
	unsigned char buffer[LEN + 2];
	unsigned char *bytes = (unsigned char *)((uintptr_t)buffer | 1);

	for (size_t n = 0; n < LEN; n++)
		bytes[n] = byte_of(seed, n);
	return pwrite(fd, bytes, LEN, at) == LEN && holds_data(fd, at, seed);
}

void must_failed(const char *condition, const char *file, int line)
{
	char text[300];
	int n = snprintf(text, sizeof(text), "%s:%d: failed: %s (errno %d)\n", file, line,
			 condition, errno);

	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(2);
	_exit(1);
}
