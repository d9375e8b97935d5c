/*
 * Building blocks of the calls that actors make.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_ACTS_H
#define DIOSHIM_TEST_INTERLEAVE_ACTS_H

#include "interleave_puppet.h"

enum { BUFFER = 32768 };

extern struct stage *stage;

/* One of BUFFER bytes for each actor. The last page of each is not mapped. */
extern unsigned char *buffers[ACTORS_MAX];

/* Reports to the tool why the program cannot be set up, and exits. */
void puppet_trouble(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Tells the tool the position of the calling actor, see MARK_CALL. */
void puppet_mark(enum mark what, int number);

/* Runs an actor's function, and then ends the process. */
void puppet_play(struct actor *a, void (*play)(struct actor *a)) __attribute__((noreturn));

/*
 * Record one call of the C library: call_begin() allocates the record, call_name() describes it,
 * call_starts() and call_ends() make the marks before and after it.
 */
struct op *call_begin(struct actor *a, enum op_kind kind, const struct handle *h);
void call_name(struct op *op, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_starts(struct actor *a);
void call_ends(struct actor *a, struct op *op, long ret);

/* Returns the letter that the actor's next write is made of. Each write has its own. */
char call_letter(const struct actor *a);

/* Returns the name of the file in reports: A or B. */
char call_file(struct handle h);

#endif
