/* See uncovered.h. */
#include "check/uncovered.h"

#include <stddef.h>
#include <string.h>

/*
 * liburing's other functions are inline in the program, or of no use without one of these. A program that has all
 * of liburing in itself imports none; ring_code.c finds its code.
 */
static const struct {
	const char *function;
	enum uncovered way;
} table[] = {
	{ "io_uring_queue_init", UNCOVERED_IO_URING },
	{ "io_uring_queue_init_params", UNCOVERED_IO_URING },
	{ "io_uring_queue_init_mem", UNCOVERED_IO_URING },
	{ "io_uring_queue_init_try_nosqarr", UNCOVERED_IO_URING },
	{ "io_uring_setup", UNCOVERED_IO_URING },
};

unsigned uncovered_way(const char *function)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].function, function))
			return table[i].way;
	return 0;
}

const char *uncovered_name(enum uncovered way)
{
	switch (way) {
	case UNCOVERED_IO_URING:
		return "io_uring";
	}
	return NULL;
}

const char *uncovered_advice(enum uncovered way)
{
	switch (way) {
	case UNCOVERED_IO_URING:
		return "with --no-io-uring many programs use other calls";
	}
	return NULL;
}
