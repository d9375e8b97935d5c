/*
 * The server is a second process of this program, with the library loaded and not yet used. It
 * forks the program under test for each run, so that every run begins with the same memory.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SERVER_H
#define DIOSHIM_TEST_INTERLEAVE_SERVER_H

#include "interleave_trace.h"

enum { SHARED_MAX = 4 };

/* A shared mapping that the library made when it was loaded, and that forked processes inherit. */
struct shared_memory {
	uint64_t address;
	size_t size;
	void *at_first; /* a copy of its initial contents */
};

struct server {
	pid_t pid;
	struct stage *stage;
	struct shared_memory shared[SHARED_MAX];
	int shared_count;
	struct points *points; /* or NULL */
};

/*
 * Starts a server that has the library loaded, or none if it is NULL. `points` is the list of its
 * atomic instructions (interleave_points.h), or NULL.
 */
struct server *server_start(const char *library, const char *points);
void server_stop(struct server *s);

/* Returns NULL if servers can be started here, or the reason why not. */
const char *server_forbidden(void);

/* Forks the program on the stage. Fills in `tasks`: each actor is stopped before its first mark. */
void server_fork(struct server *s, struct task *tasks, int count);

#endif
