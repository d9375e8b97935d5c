/*
 * A guest's coexistence (promise P7), beyond what guest.h and signals.h have: in the company of other
 * preloaded libraries, loaded by dlopen(), and with descriptors that are none of the shim's business.
 *
 * coexistence.bats starts the program, and preloads the two libraries that are made for it.
 */
#ifndef DIOSHIM_TEST_COEXISTENCE_H
#define DIOSHIM_TEST_COEXISTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	LEN = 13001, /* whole blocks between two partial ones, wherever it begins */
	MALLOC_FD = 100, /* inherited: malloc is called before there is an environment */
	MALLOC_RECORD = 77,
};

/*
 * Write LEN bytes that stand for `seed` at an odd address, read them back. Async-signal-safe, and
 * without malloc.
 */
bool moves_data(int fd, off_t at, unsigned seed);

/* The second half of that. */
bool holds_data(int fd, off_t at, unsigned seed);

/* With nothing that could call malloc: report, and end the process. */
#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
void must_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

/* The moments of coexistence_library.c; each writes its piece of $DIOSHIM_TEST_FILE at its number * LEN. */
enum moment { IN_CONSTRUCTOR, IN_MAIN, IN_ATEXIT, IN_DESTRUCTOR, MOMENTS };

/* What coexistence_malloc.c exports: while it is set, malloc ends the process. */
#define MALLOC_FORBIDDEN "coexistence_malloc_forbidden"
#define MALLOC_COUNT "coexistence_malloc_count"

/* The programs that coexistence is when it has arguments; coexistence_programs.c. False: no such program. */
bool run_program(int argc, char **argv);

#endif
