/*
 * Threads of one process write the same misaligned bytes, each call with one value. Afterwards the
 * file must hold what some order of whole calls leaves. One of the threads uses an ordinary
 * descriptor, and writes within one block. In the same blocks, another ordinary descriptor writes
 * its own bytes and calls fsync, and a third reads and drops the page cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neighbours.h"

enum {
	WRITERS = 4,
	CALLS = WRITERS + 1, /* the last one uses an ordinary descriptor */
	REGIONS = 2,
	INNER = 5000, /* offset of the ordinary write in the region; it stays within one block */
	SPOT = 100,
	SIZE = 512 << 10,
	LONGEST_REGION = 200001,
};

/* The bytes that are overwritten. The ordinary writer owns SPOT bytes before and after them. */
static const struct region {
	off_t at;
	size_t len;
} regions[REGIONS] = { { 16384 + 100, 20000 }, { 131072 + 777, LONGEST_REGION } };

struct call {
	off_t at;
	size_t len;
	unsigned char value;
};

static struct {
	struct place file;
	pthread_barrier_t go, done;
	struct call calls[CALLS];
	_Atomic bool over;
	_Atomic uint64_t ordinary_writes, ordinary_reads, fsyncs, mixes, failed;
} game;

static struct writer {
	int number;
	int fd;
} writers[CALLS];

/* Writes bytes that the direct writers write, too. */
static ssize_t ordinary_call(int fd, const unsigned char *bytes, const struct call *c)
{
	ssize_t done;

	usleep(c->value % 50);
	done = raw_pwrite(fd, bytes, c->len, c->at);
	if (!checked(!fsync(fd), "fsync after an overlapping ordinary write: %s", strerror(errno)))
		game.failed++;
	return done;
}

static void *writer_main(void *writer)
{
	const struct writer *w = writer;
	unsigned char *bytes = page_memory(LONGEST_REGION + 8192);

	for (;;) {
		const struct call *c = &game.calls[w->number];
		ssize_t done;

		pthread_barrier_wait(&game.go);
		if (game.over)
			break;
		memset(bytes + 1, c->value, c->len);
		done = w->number < WRITERS ? put_bytes(w->fd, bytes + 1, c->len, c->at)
					   : ordinary_call(w->fd, bytes + 1, c);
		if (!checked(done == (ssize_t)c->len, "overlapping write of %zu bytes: %zd (%s)",
			     c->len, done, strerror(errno)))
			game.failed++;
		pthread_barrier_wait(&game.done);
	}
	page_memory_free(bytes, LONGEST_REGION + 8192);
	return NULL;
}

/* Two calls write the whole region, and two a part of it that may share its start or end. */
static void choose_calls(const struct region *r, struct rng *rng, unsigned round)
{
	for (int i = 0; i < WRITERS; i++) {
		size_t skip = 0;
		size_t len = r->len;

		if (i >= 2) {
			skip = rng_one_in(rng, 4) ? 0 : rng_between(rng, 1, len - 1);
			len = rng_one_in(rng, 4) ? len - skip : rng_between(rng, 1, len - skip);
		}
		game.calls[i] = (struct call){ r->at + (off_t)skip, len,
					       (unsigned char)(round * CALLS + (unsigned)i) };
	}
	game.calls[WRITERS] =
		(struct call){ r->at + INNER, SPOT, (unsigned char)(round * CALLS + WRITERS) };
}

/*
 * The starts and ends of the calls divide the region into segments. Unless the file holds a mix,
 * each segment has a single value, so that an order of the calls can be tried on a few values.
 */
struct segments {
	size_t ends[2 * CALLS + 1]; /* in ascending order, from the region's beginning */
	int count;
};

static void add_end(struct segments *s, size_t end)
{
	int i = s->count;

	for (int k = 0; k < s->count; k++)
		if (s->ends[k] == end)
			return;
	for (s->count++; i > 0 && s->ends[i - 1] > end; i--)
		s->ends[i] = s->ends[i - 1];
	s->ends[i] = end;
}

static struct segments cut_at_calls(const struct region *r)
{
	struct segments s = { .count = 0 };

	for (int i = 0; i < CALLS; i++) {
		size_t start = (size_t)(game.calls[i].at - r->at);

		if (start)
			add_end(&s, start);
		add_end(&s, start + game.calls[i].len);
	}
	return s;
}

/* Stores the value of each segment. Returns false if a segment has more than one. */
static bool values_of(const unsigned char *got, const struct segments *s, unsigned char *values)
{
	size_t start = 0;

	for (int i = 0; i < s->count; i++) {
		size_t len = s->ends[i] - start;

		if (memcmp(got + start, got + start + 1, len - 1))
			return false;
		values[i] = got[start];
		start = s->ends[i];
	}
	return true;
}

static bool covers(const struct call *c, const struct region *r, size_t end)
{
	size_t start = (size_t)(c->at - r->at);

	return end > start && end <= start + c->len;
}

/*
 * Returns whether the calls that are not in `after` can have been made in some order before those
 * that are. The values of the segments in `open` come from these earlier calls. The search begins
 * with the last call: all open segments that it covers must have its value.
 */
static bool some_order(const unsigned char *values, const struct segments *s,
		       const struct region *r, unsigned after, unsigned open)
{
	for (int i = 0; i < CALLS; i++) {
		unsigned left = open;
		bool fits = !(after & 1U << i);

		for (int k = 0; k < s->count && fits; k++) {
			if (!(open & 1U << k) || !covers(&game.calls[i], r, s->ends[k]))
				continue;
			fits = values[k] == game.calls[i].value;
			left &= ~(1U << k);
		}
		if (fits && (after | 1U << i) == (1U << CALLS) - 1)
			return true;
		if (fits && some_order(values, s, r, after | 1U << i, left))
			return true;
	}
	return false;
}

static bool left_by_whole_calls(const unsigned char *got, const struct region *r)
{
	struct segments s = cut_at_calls(r);
	unsigned char values[2 * CALLS + 1];

	return values_of(got, &s, values) && some_order(values, &s, r, 0, (1U << s.count) - 1);
}

/* Describes the runs of equal values, for the message. */
static const char *runs_of(const unsigned char *bytes, size_t len, char *text, size_t room)
{
	size_t used = 0;
	size_t start = 0;

	for (size_t i = 1; i <= len && used < room - 40; i++) {
		if (i < len && bytes[i] == bytes[start])
			continue;
		used += (size_t)snprintf(text + used, room - used, " %zu*%d", i - start,
					 (unsigned char)(bytes[start] - game.calls[0].value));
		start = i;
	}
	return text;
}

static void judge(const struct region *r, const unsigned char *got, const char *how)
{
	char text[200] = "";

	if (!checked(left_by_whole_calls(got, r), "%s: a mix of calls, bytes*writer:%s", how,
		     runs_of(got, r->len, text, sizeof(text))))
		game.mixes++;
}

/* Checks the bytes in the page cache, and those on the device. */
static void judge_round(const struct region *r, int ordinary, int device)
{
	static unsigned char got[SIZE] __attribute__((aligned(4096)));

	if (raw_pread(ordinary, got, r->len, r->at) != (ssize_t)r->len)
		wrong("ordinary read: %s", strerror(errno));
	judge(r, got, "page cache");
	if (raw_pread(device, got, SIZE, 0) != SIZE)
		wrong("direct read: %s", strerror(errno));
	judge(r, got + r->at, "device");
}

static off_t spot_at(unsigned n)
{
	const struct region *r = &regions[n / 2 % REGIONS];

	return n % 2 ? r->at + (off_t)r->len : r->at - SPOT;
}

/* Checks that its bytes stay, and that neither its writes nor its fsync fail. */
static void *ordinary_main(void *unused)
{
	unsigned char mine[2 * REGIONS][SPOT] = { 0 };
	unsigned char back[SPOT];
	int fd = open_ordinary(game.file.path, 0);
	struct rng rng = { scene.seed };

	for (unsigned n = 0; !game.over; n++) {
		unsigned spot = (unsigned)rng_between(&rng, 0, 2 * REGIONS - 1);

		checked(raw_pread(fd, back, SPOT, spot_at(spot)) == SPOT &&
				!memcmp(back, mine[spot], SPOT),
			"bytes of the ordinary writer were lost");
		memset(mine[spot], (int)(n & 0xff), SPOT);
		checked(raw_pwrite(fd, mine[spot], SPOT, spot_at(spot)) == SPOT,
			"ordinary write: %s", strerror(errno));
		game.ordinary_writes++;
		if (n % 4)
			continue;
		if (!checked(!fsync(fd), "the ordinary writer's fsync: %s", strerror(errno)))
			game.failed++;
		game.fsyncs++;
	}
	for (unsigned spot = 0; spot < 2 * REGIONS; spot++)
		checked(raw_pread(fd, back, SPOT, spot_at(spot)) == SPOT &&
				!memcmp(back, mine[spot], SPOT),
			"bytes of the ordinary writer were lost at the end");
	close(fd);
	(void)unused;
	return NULL;
}

static void *reader_main(void *unused)
{
	static unsigned char bytes[SIZE];
	int fd = open_ordinary(game.file.path, 0);

	while (!game.over) {
		checked(raw_pread(fd, bytes, SIZE, 0) == SIZE, "ordinary read: %s",
			strerror(errno));
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		game.ordinary_reads++;
		usleep(200);
	}
	close(fd);
	(void)unused;
	return NULL;
}

static unsigned play_rounds(void)
{
	double deadline = seconds_now() + scene.seconds;
	int ordinary = open_ordinary(game.file.path, 0);
	int device = open_ordinary(game.file.path, O_DIRECT);
	struct rng rng = { mix64(scene.seed) };
	unsigned rounds = 0;

	while (seconds_now() < deadline) {
		const struct region *r = &regions[rng_one_in(&rng, 5)];

		choose_calls(r, &rng, rounds++);
		pthread_barrier_wait(&game.go);
		pthread_barrier_wait(&game.done);
		judge_round(r, ordinary, device);
	}
	close(ordinary);
	close(device);
	return rounds;
}

static void prepare(void)
{
	unsigned char *zeros = page_memory(SIZE);

	game.file = place_of("overlap");
	prepare_file(game.file.path, zeros, SIZE);
	page_memory_free(zeros, SIZE);
	pthread_barrier_init(&game.go, NULL, CALLS + 1);
	pthread_barrier_init(&game.done, NULL, CALLS + 1);
}

void mode_overlap(void)
{
	struct crew overlapping = { .count = 0 };
	struct crew ordinary = { .count = 0 };
	unsigned rounds;

	prepare();
	for (int i = 0; i < WRITERS; i++) {
		/* The first two share a description. */
		writers[i] = (struct writer){ i, i == 1 ? writers[0].fd
							: open_direct(game.file.path, 0) };
		crew_add(&overlapping, writer_main, &writers[i]);
	}
	writers[WRITERS] = (struct writer){ WRITERS, open_ordinary(game.file.path, 0) };
	crew_add(&overlapping, writer_main, &writers[WRITERS]);
	crew_add(&ordinary, ordinary_main, NULL);
	crew_add(&ordinary, reader_main, NULL);
	rounds = play_rounds();
	game.over = true;
	pthread_barrier_wait(&game.go);
	crew_wait(&overlapping);
	crew_wait(&ordinary);
	for (int i = 0; i < WRITERS; i++)
		check_direct_flag(writers[i].fd, "at the end");
	check_fsync(game.file.path);
	exercised("rounds", rounds);
	exercised("ordinary writes", game.ordinary_writes);
	exercised("ordinary fsyncs", game.fsyncs);
	exercised("ordinary reads", game.ordinary_reads);
	printf("  mixed views of a round: %llu; writes and fsyncs that failed: %llu\n",
	       (unsigned long long)game.mixes, (unsigned long long)game.failed);
}
