/*
 * What the calls of actors are made of.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_ACTS_H
#define DIOSHIM_TEST_INTERLEAVE_ACTS_H

#include "interleave_puppet.h"

enum { BUFFER = 32768 };

extern struct stage *stage;

/* One for each actor; the last page of each is not there. */
extern unsigned char *buffers[ACTORS_MAX];

/* The program cannot be set up: tells the tool why, and ends. */
void puppet_trouble(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Tells the tool where it is. */
void puppet_mark(enum mark what, int number);

/* Plays an actor's part to the end. */
void puppet_play(struct actor *a, void (*play)(struct actor *a)) __attribute__((noreturn));

/* A call of the C library: what it is, the marks before and after it, what it has returned. */
struct op *call_begin(struct actor *a, enum op_kind kind, const struct handle *h);
void call_name(struct op *op, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_starts(struct actor *a);
void call_ends(struct actor *a, struct op *op, long ret);

/* Of the next write: each has its own. The first actor's are a, b, c, the second's A, B, C. */
char call_letter(const struct actor *a);

char call_file(struct handle h);

#endif
