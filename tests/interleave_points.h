/*
 * Points at which the tool can switch to another thread, in addition to system calls: the library's
 * atomic instructions, by which threads and processes synchronize in memory. Each gets a breakpoint
 * in the server, which all forked processes inherit. A thread stops before the instruction.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_POINTS_H
#define DIOSHIM_TEST_INTERLEAVE_POINTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The number in struct call for a stop at such a point, which is no system call. The argument is
 * the offset of the instruction in the library.
 */
enum { POINT_CALL = 0x504f49 };

struct points;

/*
 * Sets breakpoints in process `pid`, which has loaded the library. `list` is a file with one
 * instruction per line that begins with its address in the library in hexadecimal, like the output
 * of objdump -d.
 */
struct points *points_set(const char *list, const char *library, pid_t pid);
void points_free(struct points *p);

/*
 * Returns whether a thread that got a SIGTRAP has reached a breakpoint. If so, stores its offset in
 * `place` and moves the thread back to the instruction.
 */
bool points_met(const struct points *p, pid_t tid, uint64_t *place);

/* Executes the instruction at the breakpoint and stops after it. */
void points_pass(const struct points *p, pid_t tid, uint64_t place);

#endif
