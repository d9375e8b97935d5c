/* From file to file: sendfile(2) and copy_file_range(2), by name and by number. */
#include "copies.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum call { SENDFILE, SENDFILE_NUMBER, RANGE, RANGE_NUMBER, CALLS };

struct one {
	const char *name;
	off_t in, out;
	size_t len;
};

static const struct one ways[] = {
	{ "aligned", 0, 0, 8192 },
	{ "a length", 0, 0, 5000 },
	{ "a position of the input", 100, 0, 4096 },
	{ "a position of the output", 0, 100, 4096 },
	{ "both positions", 100, 100, 20000 },
	{ "different positions", 1001, 333, 20000 },
	{ "in one block", 16390, 5, 10 },
	{ "two parts and a rest", 0, 0, 140000 },
	{ "all, from an odd position", 7, 4097, ROOM },
	{ "to the end", 131072, 8192, ROOM },
	{ "the last bytes", IN_SIZE - 5, 1, 100 },
	{ "beyond the end of the output", 3, 70001, 9000 },
	{ "from the end on", IN_SIZE, 0, 4096 },
	{ "from behind the end", IN_SIZE + 4096, 0, 4096 },
	{ "nothing", 5, 5, 0 },
	{ "to the last offset", 5, INT64_MAX - 2560, 49814 },
	{ "to the last offset, aligned", 4096, INT64_MAX - 8191, 16384 },
	{ "too long", 512, 512, SIZE_MAX },
	{ "a negative position of the input", -5, 0, 100 },
	{ "a negative position of the output", 0, -5, 100 },
};

/* What a call has done. */
struct outcome {
	ssize_t ret;
	int error;
	off_t in_given, out_given, in_offset, out_offset;
	size_t size;
	unsigned char bytes[ROOM];
};

static ssize_t make(enum call call, int in, off_t *in_pos, int out, off_t *out_pos, size_t len)
{
	switch (call) {
	case SENDFILE:
		return sendfile(out, in, in_pos, len);
	case SENDFILE_NUMBER:
		return syscall(SYS_sendfile, out, in, in_pos, len);
	case RANGE:
		return copy_file_range(in, in_pos, out, out_pos, len, 0);
	default:
		return syscall(SYS_copy_file_range, in, in_pos, out, out_pos, len, 0);
	}
}

static void finish(struct outcome *o, int in, int out)
{
	const unsigned char *bytes;

	o->in_offset = lseek(in, 0, SEEK_CUR);
	o->out_offset = lseek(out, 0, SEEK_CUR);
	bytes = contents("out", 0, &o->size);
	memcpy(o->bytes, bytes, o->size);
	close(in);
	close(out);
}

/* sendfile(2) has no position for its output. */
static void try_one(enum call call, const struct one *one, bool given, int in_flags, int out_flags,
		    struct outcome *o)
{
	bool range = call >= RANGE;
	int in = open(path_of("in"), O_RDONLY | in_flags);
	int out = file_with("out", 2, 30000, O_RDWR | out_flags);

	memset(o, 0, sizeof(*o));
	o->in_given = one->in;
	o->out_given = one->out;
	if (!given)
		lseek(in, one->in, SEEK_SET);
	if (!given || !range)
		lseek(out, one->out, SEEK_SET);
	errno = 77;
	o->ret = make(call, in, given ? &o->in_given : NULL, out,
		      given && range ? &o->out_given : NULL, one->len);
	o->error = errno;
	finish(o, in, out);
}

static void same(const struct outcome *got, const struct outcome *wanted, const char *what,
		 const char *where)
{
	if (got->ret != wanted->ret || got->error != wanted->error)
		fail_msg("%s, %s: %zd, errno %d; not %zd, errno %d", what, where, got->ret,
			 got->error, wanted->ret, wanted->error);
	if (got->in_given != wanted->in_given || got->out_given != wanted->out_given ||
	    got->in_offset != wanted->in_offset || got->out_offset != wanted->out_offset)
		fail_msg("%s, %s: positions %ld %ld %ld %ld, not %ld %ld %ld %ld", what, where,
			 (long)got->in_given, (long)got->out_given, (long)got->in_offset,
			 (long)got->out_offset, (long)wanted->in_given, (long)wanted->out_given,
			 (long)wanted->in_offset, (long)wanted->out_offset);
	if (got->size != wanted->size || memcmp(got->bytes, wanted->bytes, got->size))
		fail_msg("%s, %s: other bytes in the file", what, where);
}

static void answers_as_ordinary_files_do(void **state)
{
	static const char *const names[] = { "sendfile", "sendfile by number", "copy_file_range",
					     "copy_file_range by number" };
	static struct outcome wanted, got;
	char where[100];

	(void)state;
	close(file_with("in", 1, IN_SIZE, O_RDONLY));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (int variant = 0; variant < CALLS * 2; variant++) {
			enum call call = variant / 2;
			bool given = variant % 2;

			/* Half of them: the others are the same code. */
			if ((i + (unsigned)variant) % 2 &&
			    (call == SENDFILE_NUMBER || call == RANGE_NUMBER))
				continue;
			try_one(call, &ways[i], given, 0, 0, &wanted);
			for (int direct = 1; direct < 4; direct++) {
				snprintf(where, sizeof(where), "%s, direct %d, given %d",
					 ways[i].name, direct, given);
				try_one(call, &ways[i], given, direct & 1 ? O_DIRECT : 0,
					direct & 2 ? O_DIRECT : 0, &got);
				same(&got, &wanted, names[call], where);
			}
		}
	}
}

/* A position: mostly near a multiple of some block, where the ways differ. */
static off_t any_position(unsigned *seed, off_t most)
{
	static const off_t blocks[] = { 1, 512, 4096, 65536 };
	off_t at = (off_t)rand_r(seed) % most;

	at -= at % blocks[rand_r(seed) % 4];
	return at + (rand_r(seed) % 4 ? 0 : rand_r(seed) % 9);
}

/* DIOSHIM_TEST_ROUNDS: more of them. */
static void any_copy_answers_as_ordinary_files_do(void **state)
{
	static struct outcome wanted, got;
	const char *rounds = getenv("DIOSHIM_TEST_ROUNDS");
	unsigned seed = rounds ? (unsigned)time(NULL) : 1;
	char where[100];

	(void)state;
	close(file_with("in", 1, IN_SIZE, O_RDONLY));
	for (int i = rounds ? atoi(rounds) : 30; i > 0; i--) {
		enum call call = (enum call)(rand_r(&seed) % CALLS);
		bool given = rand_r(&seed) % 2;
		int direct = 1 + rand_r(&seed) % 3;
		struct one one = { NULL, any_position(&seed, IN_SIZE + 5000),
				   any_position(&seed, 100000), 0 };

		one.len = (size_t)any_position(&seed, rand_r(&seed) % 2 ? 10000 : 300000);
		snprintf(where, sizeof(where), "%ld to %ld, %zu bytes, direct %d, given %d",
			 (long)one.in, (long)one.out, one.len, direct, given);
		try_one(call, &one, given, 0, 0, &wanted);
		try_one(call, &one, given, direct & 1 ? O_DIRECT : 0, direct & 2 ? O_DIRECT : 0,
			&got);
		same(&got, &wanted, call < RANGE ? "sendfile" : "copy_file_range", where);
	}
}

/* Copies within one file, whose end they move. The kernel makes the first by itself if the file is a hole. */
static const struct {
	size_t size;
	struct one one;
	bool less; /* the shim cannot know that the file went on, and may return less (doc/design.md, Limits) */
} within[] = {
	{ 56520, { "over the end", 53859, 58466, 4097 }, false },
	{ 60000, { "to the end", 50001, 60000, 30000 }, false },
	{ 57344, { "ends with a block", 53248, 61440, 8192 }, false },
	{ 200000, { "two parts", 0, 200000, 120303 }, false },
	{ 90001, { "two parts, the second to the end", 0, 200000, 120303 }, true },
	{ 65536, { "a part that ends the file", 0, 65536, 120303 }, false },
	{ 312 << 10, { "ends with a piece", (200 << 10) + 1, (400 << 10) + 1, 1 << 20 }, false },
};

static void try_within(bool hole, size_t size, const struct one *one, int in_flags, int out_flags,
		       struct outcome *o)
{
	int out = file_with("out", 2, hole ? 0 : size, O_RDWR | out_flags);
	int in = open(path_of("out"), O_RDONLY | in_flags);

	memset(o, 0, sizeof(*o));
	assert_int_equal(ftruncate(out, (off_t)size), 0);
	o->in_given = one->in;
	o->out_given = one->out;
	errno = 77;
	o->ret = make(RANGE, in, &o->in_given, out, &o->out_given, one->len);
	o->error = errno;
	finish(o, in, out);
}

static void a_copy_within_a_file_ends_where_it_ended(void **state)
{
	static struct outcome wanted, got;
	char where[100];

	(void)state;
	for (unsigned i = 0; i < sizeof(within) / sizeof(within[0]) * 2; i++) {
		const struct one *one = &within[i / 2].one;
		size_t size = within[i / 2].size;

		try_within(i % 2, size, one, 0, 0, &wanted);
		for (int direct = 1; direct < 4; direct++) {
			snprintf(where, sizeof(where), "%s, direct %d, hole %u", one->name, direct,
				 i % 2);
			try_within(i % 2, size, one, direct & 1 ? O_DIRECT : 0,
				   direct & 2 ? O_DIRECT : 0, &got);
			if (within[i / 2].less && got.ret > 0 && got.ret < wanted.ret)
				assert_int_equal(got.size, one->out + got.ret);
			else
				same(&got, &wanted, "within a file", where);
		}
	}
}

/* Refusals that are not about alignment, and what else may be wrong with a call. */

static void same_refusal(const char *what, ssize_t direct, int error, ssize_t ordinary,
			 int ordinary_error)
{
	if (direct != ordinary || (direct < 0 && error != ordinary_error))
		fail_msg("%s: %zd, errno %d; not %zd, errno %d", what, direct, error, ordinary,
			 ordinary_error);
}

/* Evaluates the call on ordinary descriptors and on direct ones; both must have one answer. */
#define SAME(what, in_flags, out_flags, call) \
	do { \
		ssize_t ret_[2]; \
		int error_[2]; \
\
		for (int n_ = 0; n_ < 2; n_++) { \
			int direct_ = n_ ? O_DIRECT : 0; \
			int in = file_with("in", 1, IN_SIZE, (in_flags) | direct_); \
			int out = file_with("out", 2, 30000, (out_flags) | direct_); \
			off_t pos = 100, other = 101; \
\
			errno = 0; \
			ret_[n_] = call; \
			error_[n_] = errno; \
			close(in); \
			close(out); \
			(void)pos; \
			(void)other; \
		} \
		same_refusal(what, ret_[1], error_[1], ret_[0], error_[0]); \
	} while (0)

static void wrong_calls_have_the_kernels_answers(void **state)
{
	off_t *bad = (off_t *)8;
	off_t *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	SAME("appending", O_RDONLY, O_WRONLY | O_APPEND, sendfile(out, in, &pos, 1000));
	SAME("appending range", O_RDONLY, O_WRONLY | O_APPEND,
	     copy_file_range(in, &pos, out, NULL, 1000, 0));
	SAME("the input cannot be read", O_WRONLY, O_RDWR, sendfile(out, in, &pos, 1000));
	SAME("the output cannot be written", O_RDONLY, O_RDONLY, sendfile(out, in, &pos, 1000));
	SAME("flags", O_RDONLY, O_RDWR, copy_file_range(in, &pos, out, &other, 1000, 1));
	SAME("over itself", O_RDWR, O_RDWR, copy_file_range(in, &pos, in, &other, 1000, 0));
	SAME("in one file", O_RDWR, O_RDWR, copy_file_range(in, &pos, in, NULL, 100, 0));
	SAME("no pipe", O_RDONLY, O_RDWR, splice(in, &pos, out, &other, 1000, 0));
	SAME("a bad pointer", O_RDONLY, O_RDWR, sendfile(out, in, bad, 1000));
	SAME("bad pointers", O_RDONLY, O_RDWR, copy_file_range(in, &pos, out, bad, 1000, 0));
	SAME("a pointer to constant memory", O_RDONLY, O_RDWR, sendfile(out, in, constant, 1000));
	SAME("no descriptor", O_RDONLY, O_RDWR, sendfile(-1, in, &pos, 1000));
	SAME("the null device", O_RDONLY, O_RDWR, ({
		     int null = open("/dev/null", O_WRONLY);
		     ssize_t n = sendfile(null, in, &pos, 1001);

		     close(null);
		     n;
	     }));
	munmap(constant, 4096);
}

static void sets_limit(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

/* The signal counts as a part of the answer. */
static void a_limit_on_the_size_ends_a_copy(void **state)
{
	static const struct {
		off_t from, start;
	} copies[] = { { 0, 5 }, { 0, 40003 }, { IN_SIZE - 5000, 38000 } };

	(void)state;
	signal(SIGXFSZ, count_signal);
	for (size_t i = 0; i < sizeof(copies) / sizeof(*copies); i++)
		SAME("a limit", O_RDONLY, O_RDWR, ({
			     ssize_t n;

			     signals = 0;
			     pos = copies[i].from;
			     sets_limit(40000);
			     lseek(out, copies[i].start, SEEK_SET);
			     n = sendfile(out, in, &pos, 100001);
			     sets_limit(RLIM_INFINITY);
			     n * 10 + signals;
		     }));
}

/* Whole blocks are moved by direct I/O: pages of at most the edges stay in the page cache. */
static void whole_blocks_are_direct(void **state)
{
	int in = file_with("in", 1, 500001, O_RDONLY | O_DIRECT);
	int out = file_with("out", 2, 0, O_RDWR | O_DIRECT);
	struct stat st;

	(void)state;
	if (fstat(in, &st) || getenv("DIOSHIM_TEST_CACHED"))
		skip();
	leave_page_cache("in");
	lseek(in, 3, SEEK_SET);
	lseek(out, 777, SEEK_SET);
	assert_int_equal(sendfile(out, in, NULL, ROOM), 500001 - 3);
	assert_true(cached_pages("in") == 0);
	/* The pages around each edge, which may be read ahead as large folios. */
	assert_in_range(cached_pages("out"), 0, 40);
	assert_true(file_holds("out", 777, bytes_of(1) + 3, 500001 - 3));
	close(in);
	close(out);
}

static size_t lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;

	assert_non_null(file);
	for (int c = getc(file); c != EOF; c = getc(file))
		lines += c == '\n';
	fclose(file);
	return lines;
}

static void no_memory_stays_mapped(void **state)
{
	size_t before;

	(void)state;
	for (int i = 0; i < 50; i++) {
		int in = file_with("in", 1, 9000, O_RDONLY | O_DIRECT);
		int out = file_with("out", 2, 0, O_RDWR | O_DIRECT);

		assert_int_equal(sendfile(out, in, NULL, 8999), 8999);
		close(in);
		close(out);
		if (!i)
			before = lines_of("/proc/self/maps");
	}
	assert_in_range(lines_of("/proc/self/maps"), 1, before + 5);
}

/* Neighbours on one descriptor: each writes a range of its own in another way. */

#define must(condition) ((condition) ? (void)0 : abort())

static unsigned char same_bytes[ROOM];

enum { ROUNDS = 10, SHARE = 70001, WRITERS = 4 };

struct writer {
	int number, in, out;
	pthread_t thread;
};

static void write_share(const struct writer *w, off_t pos, int round)
{
	off_t from = round * 3 % 1000 + w->number;
	const size_t len = SHARE - 1;
	int ends[2];

	switch (w->number) {
	case 0:
		must(pwrite(w->out, same_bytes + from, len, pos) == (ssize_t)len);
		break;
	case 1:
		must(copy_file_range(w->in, &from, w->out, &pos, len, 0) == (ssize_t)len);
		break;
	case 2:
		must(pipe(ends) == 0);
		for (size_t done = 0; done < len;) {
			ssize_t n = splice(w->in, &from, ends[1], NULL, len - done, 0);

			must(n > 0);
			done += (size_t)n;
			while (n > 0)
				n -= splice(ends[0], NULL, w->out, &pos, (size_t)n, 0);
			must(n == 0);
		}
		close(ends[0]);
		close(ends[1]);
		break;
	default:
		for (size_t done = 0; done < len; done += 4096)
			must(pwrite(w->out, same_bytes + from + done,
				    len - done < 4096 ? len - done : 4096, pos + (off_t)done) > 0);
	}
}

static void *write_shares(void *arg)
{
	const struct writer *w = arg;

	for (int round = 0; round < ROUNDS; round++)
		write_share(w, 5 + (off_t)w->number * SHARE, round);
	return NULL;
}

static void neighbours_lose_nothing(void **state)
{
	struct writer writers[WRITERS];
	int in = file_with("in", 1, ROOM, O_RDONLY | O_DIRECT);
	int out = file_with("out", 2, 0, O_RDWR | O_DIRECT);

	(void)state;
	memcpy(same_bytes, bytes_of(1), ROOM);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ i, in, out, 0 };
		must(!pthread_create(&writers[i].thread, NULL, write_shares, &writers[i]));
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	for (int i = 0; i < WRITERS; i++)
		assert_true(file_holds("out", 5 + (off_t)i * SHARE,
				       same_bytes + (ROUNDS - 1) * 3 % 1000 + i, SHARE - 1));
	assert_true(fcntl(out, F_GETFL) & O_DIRECT);
	close(in);
	close(out);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(answers_as_ordinary_files_do),
	cmocka_unit_test(any_copy_answers_as_ordinary_files_do),
	cmocka_unit_test(a_copy_within_a_file_ends_where_it_ended),
	cmocka_unit_test(wrong_calls_have_the_kernels_answers),
	cmocka_unit_test(a_limit_on_the_size_ends_a_copy),
	cmocka_unit_test(whole_blocks_are_direct),
	cmocka_unit_test(no_memory_stays_mapped),
	cmocka_unit_test(neighbours_lose_nothing),
};

SUITE(files_suite, tests);
