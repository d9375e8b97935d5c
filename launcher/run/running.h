/* Looks through /proc for processes that record. */
#ifndef DIOSHIM_RUNNING_H
#define DIOSHIM_RUNNING_H

#include <stdbool.h>
#include <sys/types.h>

struct running {
	unsigned mapped; /* processes that have the record file mapped */
	bool forked;	 /* one of them has not yet executed a program since it was forked */
	bool starting;	 /* a process has executed one, and will probably map the file */
};

/*
 * Looks at all processes but this one, or, if `since` is not 0, at those that are younger than that process. `inode` is
 * the record file's, and `name` is what it is called in the environment.
 */
struct running running_look(ino_t inode, const char *name, pid_t since);

/*
 * The same, after waiting for processes that are just starting a program: at most some 50 ms, because one that is out
 * of reach never maps the file, and some 20 ms for those that may never start one. A look at one number, if there is no
 * younger process at all.
 */
struct running running_settled(ino_t inode, const char *name, pid_t since);

#endif
