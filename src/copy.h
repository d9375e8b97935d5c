/*
 * sendfile(2), splice(2) and copy_file_range(2) with a direct descriptor at one end or both.
 *
 * The kernel is asked first, so that what it can do by itself (shared extents, copies on a server)
 * stays its own. Where it refuses because of alignment it has moved nothing, or whole blocks only;
 * the shim moves the rest through memory that is mapped for the duration of the call
 * (copy_buffer.h).
 *
 * Nothing is held while a pipe or a socket may block: such a move takes what is possible without
 * waiting, and the wait is made by a call of the kernel with the program's own signal mask.
 */
#ifndef DIOSHIM_COPY_H
#define DIOSHIM_COPY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "descriptor.h"
#include "request.h"
#include "symbols.h"

enum copy_name { COPY_SENDFILE, COPY_SPLICE, COPY_RANGE };

/* The program's call. */
struct copy {
	enum copy_name name;
	int in, out;
	int64_t *in_pos, *out_pos; /* the program's memory; null: at the description's offset */
	size_t len;
	unsigned flags;
#ifdef DIOSHIM_OFF32
	bool off32; /* the positions at these addresses have 32 bits: sendfile(2) with such an off_t */
#endif
};

static inline bool copy_has_off32(const struct copy *c)
{
#ifdef DIOSHIM_OFF32
	return c->off32;
#else
	(void)c;
	return false;
#endif
}

/* Makes the program's own call. */
typedef ssize_t copy_issue(const struct copy *c);

enum copy_kind { COPY_FILE, COPY_PIPE, COPY_STREAM, COPY_SINK, COPY_OTHER };

enum copy_way {
	COPY_NO_WAY, /* the kernel's answer stands */
	COPY_FILES,
	COPY_TO_PIPE,
	COPY_FROM_PIPE,
	COPY_TO_STREAM,
};

/* One end of a copy. */
struct copy_end {
	enum copy_kind kind;
	bool direct;
	int64_t pos; /* the next byte, where there are positions */
	struct request
		rq; /* all that this end has to move, as one call; for pieces, and the record */
	struct descriptor d; /* of a COPY_FILE; otherwise only the flags */
};

enum {
	/* Sent by a call that may block (copy_stream.c); small, because it is on the stack. */
	COPY_REST = 32,
	/* At most this much is in memory at one time. */
	COPY_PIECE = 256 << 10,
};

/* A copy in progress. */
struct copying {
	const struct copy *call;
	struct copy_end in, out;
	size_t left;		/* bytes to be moved */
	size_t done;		/* by the kernel's first call, and by all rounds before this one */
	size_t moved;		/* in this round */
	uint32_t generation[2]; /* of the numbers, when the call began; 0: unknown */
	size_t rest_len;
	char rest[COPY_REST];
};

/* Answers beside counts and errors. */
enum {
	COPY_ASIDE = -5000, /* the kernel's answer stands */
	COPY_AGAIN = -5001, /* the kernel is to be asked again: it waits for the pipe */
};

/*
 * Moves what the kernel has refused to move, after it has moved `done` bytes. `refusal`: its errno,
 * 0 after a short count. Returns the count for all of the call, a negative errno, or one of the
 * above.
 */
long copy_by_hand(const struct copy *c, int refusal, size_t done, const uint32_t generation[2]);

/* Chooses the way (copy_choose.c): a decision about numbers, which asks nobody. */
enum copy_way copy_choose(const struct copying *w);

/* Returns how much of what is left there is to read, as far as that is known (copy_choose.c). */
size_t copy_there(const struct copying *w);

/*
 * Returns whether the kernel refuses this because of an alignment (copy_choose.c). May replace
 * guessed alignments by larger ones.
 */
bool copy_explained(struct copying *w, enum copy_way way, int refusal);

/*
 * The ways. Signals are blocked and the numbers entered. Each returns what stopped it: 0 or a
 * negative errno, COPY_ASIDE or COPY_AGAIN; w->moved counts what was moved.
 */
long copy_files(struct copying *w);
long copy_to_pipe(struct copying *w);
long copy_from_pipe(struct copying *w);
long copy_to_stream(struct copying *w);

/* Reads or writes one piece (copy_files.c). Return the count, or a negative errno. */
long copy_read(struct copying *w, void *to, size_t len);
long copy_write(struct copying *w, void *from, size_t len);

/* Counts `n` bytes as moved, and moves both positions on. */
void copy_advance(struct copying *w, size_t n);

#endif
