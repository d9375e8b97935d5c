/*
 * A stream of stdio on a description: some calls on it, between them some on the descriptor, as POSIX allows after
 * fflush(3) and before fseeko(3). All results are compared.
 */
#include "differential.h"
#include "raw.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STEPS = 12, LONGEST = 20000 };

struct result {
	const char *what;
	long ret;
	int error;
	uint64_t bytes; /* a hash of what was read */
};

struct story {
	struct result steps[2 * STEPS + 4];
	int count;
};
static struct story stories[SIDES];

static void note(struct story *story, const char *what, long ret, const void *bytes, long len)
{
	uint64_t hash = 0;

	for (long i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
	story->steps[story->count++] = (struct result){ what, ret, errno, hash };
	errno = 0;
}

static const char *mode_of(int flags)
{
	bool append = flags & O_APPEND;

	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return "r";
	case O_WRONLY:
		return append ? "a" : "w";
	default:
		return append ? "a+" : "r+";
	}
}

static size_t some_length(struct random *r)
{
	return one_in(r, 2) ? around_units(r, 8192) : 1 + below(r, one_in(r, 4) ? LONGEST : 600);
}

static void input(struct story *story, FILE *fp, struct random *r)
{
	static char memory[LONGEST + 64];
	char *at = memory + below(r, 8);
	size_t len = some_length(r);
	long got;

	switch (below(r, 4)) {
	case 0:
		note(story, "getc", getc(fp), NULL, 0);
		break;
	case 1:
		got = fgets(at, (int)len + 1, fp) ? (long)strlen(at) : -1;
		note(story, "fgets", got, at, got);
		break;
	case 2:
		got = (long)fread_unlocked(at, 1, len, fp);
		note(story, "fread_unlocked", got, at, got);
		break;
	default:
		got = (long)fread(at, 1, len, fp);
		note(story, "fread", got, at, got);
	}
}

static void output(struct story *story, FILE *fp, struct random *r)
{
	static unsigned char memory[LONGEST + 64];
	unsigned char *at = memory + below(r, 8);
	size_t len = some_length(r);

	random_fill(r, at, len);
	switch (below(r, 4)) {
	case 0:
		note(story, "putc", putc(at[0], fp), NULL, 0);
		break;
	case 1:
		note(story, "fprintf", fprintf(fp, "%*d\n", (int)len, at[0]), NULL, 0);
		break;
	default:
		note(story, "fwrite", (long)fwrite(at, 1, len, fp), NULL, 0);
	}
}

/* After this, input may follow output and the other way round. */
static void move(struct story *story, FILE *fp, off_t end, struct random *r)
{
	off_t to = (off_t)below(r, (uint64_t)end + 5000);

	switch (below(r, 3)) {
	case 0:
		note(story, "fseeko", fseeko(fp, (off_t)below(r, 2000) - 1000, SEEK_CUR), NULL, 0);
		break;
	case 1:
		note(story, "fseeko", fseeko(fp, -(off_t)below(r, 9000), SEEK_END), NULL, 0);
		break;
	default:
		note(story, "fseeko", fseeko(fp, to, SEEK_SET), NULL, 0);
	}
	note(story, "ftello", ftello(fp), NULL, 0);
}

/* Calls on the descriptor itself, of an odd length. */
static void beside(struct story *story, FILE *fp, enum which which, struct random *r)
{
	static unsigned char memory[5000];
	size_t len = 1 + below(r, sizeof(memory) - 1);
	int fd = fileno(fp);
	long got;

	note(story, "fflush", fflush(fp), NULL, 0);
	if (one_in(r, 2)) {
		got = which == DIRECT ? read(fd, memory, len)
				      : raw_syscall(SYS_read, fd, memory, len);
		note(story, "read", got, memory, got);
		return;
	}
	random_fill(r, memory, len);
	got = which == DIRECT ? write(fd, memory, len) : raw_syscall(SYS_write, fd, memory, len);
	note(story, "write", got, NULL, 0);
}

static void tell(struct story *story, FILE *fp, off_t end, enum which which, struct random *r)
{
	bool reads = one_in(r, 2);

	for (int i = 0; i < STEPS; i++)
		switch (below(r, 8)) {
		case 0:
			reads = one_in(r, 2);
			move(story, fp, end, r);
			break;
		case 1:
			beside(story, fp, which, r);
			reads = one_in(r, 2);
			move(story, fp, end, r);
			i++;
			break;
		default:
			(reads ? input : output)(story, fp, r);
		}
	note(story, "ferror", ferror(fp), NULL, 0);
}

void choose_stream(struct call *c, const struct scene *s, struct random *r)
{
	off_t end = end_of(s);

	c->pos = end < LARGE_FILE ? end : LARGE_FILE;
	c->count = 0;
	c->fill = random_word(r);
}

/* Returns 1 if the stream could be opened. Its own descriptor is closed with it. */
long make_stream(const struct call *c, const struct scene *s, enum which which)
{
	static char buffer[SIDES][1000];
	struct story *story = &stories[which];
	struct random r = { c->fill };
	int fd = s->side[which].fd[c->slot];
	int flags = (int)raw_syscall(SYS_fcntl, fd, F_GETFL);
	FILE *fp;

	/* What becomes of a number that was not seen is not known to the others (doc/design.md, Limits). */
	fd = which == DIRECT && (c->door % 2 || s->refused) ? dup(fd)
							    : (int)raw_syscall(SYS_dup, fd);
	fp = fdopen(fd, mode_of(flags));
	if (!fp)
		err(2, "fdopen");
	errno = 0;
	story->count = 0;
	if (one_in(&r, 3))
		note(story, "setvbuf",
		     setvbuf(fp, one_in(&r, 3) ? NULL : buffer[which] + 1,
			     one_in(&r, 4) ? _IONBF : _IOFBF, 1 + below(&r, 998)),
		     NULL, 0);
	tell(story, fp, c->pos, which, &r);
	note(story, "fclose", fclose(fp), NULL, 0);
	errno = 0;
	return 1;
}

const char *stream_difference(void)
{
	static char text[200];

	for (int i = 0; i < stories[ORDINARY].count; i++) {
		const struct result *want = &stories[ORDINARY].steps[i];
		const struct result *got = &stories[DIRECT].steps[i];

		if (got->ret == want->ret && got->error == want->error && got->bytes == want->bytes)
			continue;
		snprintf(text, sizeof(text),
			 "step %d of a stream, %s: %ld, errno %d, not %ld, errno %d%s", i,
			 want->what, got->ret, got->error, want->ret, want->error,
			 got->bytes == want->bytes ? "" : ", other bytes");
		return text;
	}
	return NULL;
}
