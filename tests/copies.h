/*
 * sendfile(2), splice(2) and copy_file_range(2) on direct descriptors, compared with the same calls on
 * ordinary ones.
 *
 * copies.bats starts this program under the shim: DIOSHIM_TEST_DIR is a directory, and
 * DIOSHIM_TEST_DEVICE, if it is set, a block device. DIOSHIM_TEST_CACHED is set where the kernel accepts
 * any alignment and uses the page cache as it likes.
 */
#ifndef DIOSHIM_TEST_COPIES_H
#define DIOSHIM_TEST_COPIES_H

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suites.h"

enum {
	IN_SIZE =
		150001, /* more than two parts of the kernel's size, and no multiple of anything */
	ROOM = 1 << 20,
};

/* "in" and "out" in the directory, or the device. In a static buffer for each name. */
const char *path_of(const char *name);

/* Returns a descriptor of a file that has the first `size` bytes of bytes_of(seed); direct or not. */
int file_with(const char *name, unsigned seed, size_t size, int flags);

/* Brings the file to the device, and its pages out of the page cache. */
void leave_page_cache(const char *name);

/* Returns how many of its pages are in the page cache. */
size_t cached_pages(const char *name);

/* Returns ROOM bytes that depend on the seed; valid until the second next call. */
const unsigned char *bytes_of(unsigned seed);

/* Returns what the file has from `pos` on, ROOM bytes at most, read through the page cache. */
const unsigned char *contents(const char *name, off_t pos, size_t *size);

/* Whether the file has exactly this from `pos` on. */
bool file_holds(const char *name, off_t pos, const unsigned char *bytes, size_t len);

extern const struct suite files_suite;
extern const struct suite pipes_suite;
extern const struct suite sockets_suite;
extern const struct suite device_suite;

#endif
