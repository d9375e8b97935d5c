/*
 * How the shim coexists (promise P7), beyond what guest.h and signals.h test: with other preloaded
 * libraries, with dlopen(), and with descriptors that it must leave alone.
 *
 * coexistence.bats starts this program, and preloads the two libraries that are built for it.
 */
#ifndef DIOSHIM_TEST_COEXISTENCE_H
#define DIOSHIM_TEST_COEXISTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	LEN = 13001, /* bytes: whole blocks between two partial ones, at any misaligned offset */
	MALLOC_FD = 100, /* inherited, because malloc is called before getenv() works */
	MALLOC_RECORD = 77,
};

/*
 * Writes LEN bytes, derived from `seed`, from an odd address, and checks them with holds_data().
 * Async-signal-safe; calls no malloc.
 */
bool moves_data(int fd, off_t at, unsigned seed);

/* Whether LEN bytes at `at` are those that moves_data() writes. */
bool holds_data(int fd, off_t at, unsigned seed);

/* Reports a false condition and ends the process, without calling malloc. */
#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
void must_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

/*
 * When coexistence_library.c does I/O. At each moment it writes LEN bytes of $DIOSHIM_TEST_FILE, at
 * moment * LEN.
 */
enum moment { IN_CONSTRUCTOR, IN_MAIN, IN_ATEXIT, IN_DESTRUCTOR, MOMENTS };

/*
 * Symbols that coexistence_malloc.c exports: while the first is set, malloc ends the process; its
 * calls.
 */
#define MALLOC_FORBIDDEN "coexistence_malloc_forbidden"
#define MALLOC_COUNT "coexistence_malloc_count"

/*
 * Runs the program that the arguments name (coexistence_programs.c). Returns false if there is
 * none.
 */
bool run_program(int argc, char **argv);

#endif
