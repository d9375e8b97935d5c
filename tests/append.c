/*
 * Options, rounds and their checks. See append.h, and usage() below.
 */
#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ROUNDS_LEAST = 3,
	ROUND_SECONDS_MOST = 5,
	BYTES_LEAST = 256 * 1024, /* in a round, however slow the machine is, or valgrind */
};

/* A kind of test: how to set it up, run it and check its result. */
struct game {
	const char *name;
	void (*prepare)(const struct options *o);
	int flags; /* of the description that all share */
	void (*work)(struct worker *w);
	void (*judge)(const struct options *o, struct round *r, int shared);
};

bool round_allows(struct round *r, size_t len)
{
	uint64_t before = atomic_fetch_add(&r->asked, len);

	/* Stay away from the end of a prepared file. */
	return before + len <= ROOM - 1000 && (before < BYTES_LEAST || seconds_now() < r->deadline);
}

int open_file(const struct options *o, int flags)
{
	int fd = open(o->path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		die("%s: %s", o->path, strerror(errno));
	return fd;
}

/* Returns the bytes of the file on the device. To be unmapped with *size + 8192. */
static unsigned char *device_bytes(const struct options *o, size_t *size)
{
	struct stat st;
	unsigned char *bytes;

	if (stat(o->path, &st))
		die("%s: %s", o->path, strerror(errno));
	*size = (size_t)st.st_size;
	bytes = page_memory(*size + 8192);
	if (raw_read_device(o->path, bytes, *size) != *size)
		die("%s: its size changed", o->path);
	return bytes;
}

static void prepare_empty(const struct options *o)
{
	(void)o;
}

/* --- append --- */

/* The workers use in turn the shared description, a duplicate, their own, RWF_APPEND, no shim. */
static void work_append(struct worker *w)
{
	switch (w->id % 6) {
	case 0:
		w->fd = dup(w->fd);
		break;
	case 1 ... 2:
		w->fd = open_file(w->options, O_APPEND);
		break;
	case 3:
		w->fd = open_file(w->options, 0);
		w->by_flag = true;
		break;
	case 4:
		w->fd = open(w->options->path, O_WRONLY | O_APPEND | O_CLOEXEC);
		w->plain = true;
		break;
	default:
		break;
	}
	send_records(w, send_append);
}

static void only_records(const struct options *o, const struct round *r)
{
	uint32_t next[WORKERS_MAX + 1] = { 0 };
	size_t size;
	unsigned char *bytes = device_bytes(o, &size);

	for (size_t pos = 0; pos < size;) {
		size_t len = record_check(r, bytes + pos, size - pos, next);

		if (!len)
			found("byte %zu of %zu (0x%02x) does not begin a record that can come next",
			      pos, size, bytes[pos]);
		pos += len;
	}
	records_complete(r, next);
	munmap(bytes, size + 8192);
}

static void judge_append(const struct options *o, struct round *r, int shared)
{
	(void)shared;
	only_records(o, r);
}

/* --- one offset --- */

static void work_write(struct worker *w)
{
	send_records(w, send_at_offset);
}

static void judge_write(const struct options *o, struct round *r, int shared)
{
	struct stat st;

	only_records(o, r);
	if (fstat(shared, &st) || lseek(shared, 0, SEEK_CUR) != st.st_size)
		found("the offset is %lld, and the file ends at %lld",
		      (long long)lseek(shared, 0, SEEK_CUR), (long long)st.st_size);
}

static void judge_read(const struct options *o, struct round *r, int shared)
{
	struct stat st;

	(void)o;
	if (fstat(shared, &st) || lseek(shared, 0, SEEK_CUR) != st.st_size)
		found("the offset is not at the end of the file");
	all_read_once(r, (size_t)st.st_size);
}

/* Writers and readers share the offset, so that a range is either written or read. */
static void work_both(struct worker *w)
{
	if (w->id % 2)
		send_records(w, send_at_offset);
	else
		read_while_allowed(w);
}

/* Returns how many bytes from `pos` on were read once. */
static size_t read_run(const struct round *r, size_t pos, size_t end)
{
	size_t len = 0;

	while (pos + len < end && r->seen[pos + len] == 1)
		len++;
	return len;
}

static bool nobody_read(const struct round *r, size_t pos, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (r->seen[pos + i])
			return false;
	return true;
}

static void judge_both(const struct options *o, struct round *r, int shared)
{
	uint32_t next[WORKERS_MAX + 1] = { 0 };
	size_t end = (size_t)lseek(shared, 0, SEEK_CUR);
	size_t size;
	unsigned char *bytes = device_bytes(o, &size);

	for (size_t pos = 0; pos < end;) {
		size_t len = read_run(r, pos, end);

		if (len && !is_coded(bytes + pos, pos, len))
			found("some of the %zu bytes from %zu on were both read and written", len,
			      pos);
		if (!len) {
			len = record_check(r, bytes + pos, end - pos, next);
			if (!len || !nobody_read(r, pos, len))
				found("byte %zu was neither read once nor begins a record", pos);
		}
		pos += len;
	}
	records_complete(r, next);
	if (!is_coded(bytes + end, end, size - end))
		found("bytes beyond the offset were written");
	munmap(bytes, size + 8192);
}

static const struct game games[] = {
	{ "append", prepare_empty, O_APPEND, work_append, judge_append },
	{ "write", prepare_empty, 0, work_write, judge_write },
	{ "read", prepare_coded, 0, read_to_end, judge_read },
	{ "both", prepare_coded, 0, work_both, judge_both },
	{ 0 },
};

/* --- workers and rounds --- */

struct start {
	struct worker worker;
	void (*work)(struct worker *w);
};

static void *thread_main(void *start)
{
	struct start *s = start;

	s->worker.buffer = page_memory(LONGEST + 8192);
	s->work(&s->worker);
	return NULL;
}

static void process_main(const struct options *o, struct round *r, const struct game *game,
			 int number, int shared)
{
	struct start starts[WORKERS_MAX];
	pthread_t threads[WORKERS_MAX];

	for (int t = 0; t < o->threads; t++) {
		int id = number * o->threads + t + 1;

		starts[t] = (struct start){ { .options = o,
					      .round = r,
					      .id = id,
					      .fd = shared,
					      .rng = { mix64(r->seed + (uint64_t)id) } },
					    game->work };
		if (pthread_create(&threads[t], NULL, thread_main, &starts[t]))
			die("pthread_create: %s", strerror(errno));
	}
	for (int t = 0; t < o->threads; t++)
		pthread_join(threads[t], NULL);
}

static void count(const struct round *r, unsigned long long totals[2])
{
	for (int id = 1; id <= WORKERS_MAX; id++)
		totals[0] += r->sent[id];
	for (size_t pos = 0; pos < ROOM; pos++)
		totals[1] += r->seen[pos];
}

static void play_round(const struct options *o, const struct game *game, unsigned number,
		       unsigned long long totals[2])
{
	struct round *r = shared_memory(sizeof(*r));
	double seconds = o->seconds / ROUNDS_LEAST;
	int shared;

	r->seed = mix64(o->seed * 1000003 + number);
	r->deadline = seconds_now() + (seconds < ROUND_SECONDS_MOST ? seconds : ROUND_SECONDS_MOST);
	if (unlink(o->path) && errno != ENOENT)
		die("%s: %s", o->path, strerror(errno));
	game->prepare(o);
	shared = open_file(o, game->flags);
	for (int p = 0; p < o->processes; p++) {
		if (fork_child())
			continue;
		process_main(o, r, game, p, shared);
		_exit(0);
	}
	if (wait_children(o->processes))
		found("a child process failed");
	game->judge(o, r, shared);
	close(shared);
	count(r, totals);
	munmap(r, sizeof(*r));
}

static void usage(void)
{
	die("usage: append [--seconds N] [--threads N] [--processes N] [--seed S] WHAT PATH\n"
	    "WHAT: append (records to one file), write, read, both (through one file offset).\n"
	    "PATH: a file, which is replaced. Up to %d threads in total.",
	    WORKERS_MAX);
}

static const struct option long_options[] = {
	{ "seconds", required_argument, NULL, 's' },
	{ "threads", required_argument, NULL, 't' },
	{ "processes", required_argument, NULL, 'p' },
	{ "seed", required_argument, NULL, 'r' },
	{ 0 },
};

static struct options parse(int argc, char **argv)
{
	struct options o = { .seconds = 1, .threads = 3, .processes = 4, .seed = 1 };
	int letter;

	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (letter) {
		case 's':
			o.seconds = atof(optarg);
			break;
		case 't':
			o.threads = atoi(optarg);
			break;
		case 'p':
			o.processes = atoi(optarg);
			break;
		case 'r':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		default:
			usage();
		}
	}
	if (optind != argc - 2 || o.threads < 1 || o.processes < 1 ||
	    o.threads * o.processes > WORKERS_MAX)
		usage();
	o.what = argv[optind];
	o.path = argv[optind + 1];
	return o;
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	const struct game *game = games;
	double end = seconds_now() + o.seconds;
	unsigned long long totals[2] = { 0 };
	unsigned rounds = 0;

	while (game->name && strcmp(game->name, o.what))
		game++;
	if (!game->name)
		usage();
	/* Fail if the test hangs. */
	alarm((unsigned)o.seconds * 2 + 60);
	do {
		play_round(&o, game, rounds++, totals);
	} while (seconds_now() < end);
	printf("append: %s: %u rounds, %d threads in %d processes, ", o.what, rounds,
	       o.threads * o.processes, o.processes);
	printf("%llu records whole, %llu bytes read once\n", totals[0], totals[1]);
	/* If nothing was done, nothing was shown. */
	return totals[0] || totals[1] ? 0 : 1;
}
