/*
 * Places in the library at which others may go first, beside its system calls: its atomic
 * instructions, by which its threads and processes meet in memory. Each gets a breakpoint in the
 * server, which all that it forks inherit; a thread that meets one stops before the instruction.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_POINTS_H
#define DIOSHIM_TEST_INTERLEAVE_POINTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What struct call has for a number where it is no system call; the argument is the place in the
 * library.
 */
enum { POINT_CALL = 0x504f49 };

struct points;

/*
 * `list`: a file with the instructions' addresses in the library, one a line, in hexadecimal, as
 * objdump -d prints them. They are set in process `pid`, which has loaded it.
 */
struct points *points_set(const char *list, const char *library, pid_t pid);
void points_free(struct points *p);

/* Has this thread, which has got a SIGTRAP, met one? Then it stands before the instruction. */
bool points_met(const struct points *p, pid_t tid, uint64_t *place);

/* Execute the instruction, and only that. */
void points_pass(const struct points *p, pid_t tid, uint64_t place);

#endif
