/*
 * The server: this program once more, with the library loaded and not yet used. It forks the program
 * under test anew for each run, which so finds the same memory each time.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SERVER_H
#define DIOSHIM_TEST_INTERLEAVE_SERVER_H

#include "interleave_trace.h"

enum { SHARED_MAX = 4 };

/* Memory that the server shares with what it forks: the library's own, made when it was loaded. */
struct shared_memory {
	uint64_t address;
	size_t size;
	void *at_first;
};

struct server {
	pid_t pid;
	struct stage *stage;
	struct shared_memory shared[SHARED_MAX];
	int shared_count;
	struct points *points; /* or NULL */
};

/*
 * Start a server with the library loaded, or without if it is NULL. `points`: the list of its
 * atomic instructions (interleave_points.h), or NULL.
 */
struct server *server_start(const char *library, const char *points);
void server_stop(struct server *s);

/* Why there can be no server here, or NULL. */
const char *server_forbidden(void);

/* Fork the program on the stage. Fills in the task of each actor, all before their first mark. */
void server_fork(struct server *s, struct task *tasks, int count);

#endif
