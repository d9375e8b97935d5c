/*
 * Names: the shim covers every symbol of common/symbols.h, and what open takes reaches the kernel.
 */
#include "guest.h"

#include <sys/stat.h>

#include "kinds.h"

enum { LEN = 1001, NUMBER = 200 /* a descriptor number that the test leaves free */ };

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static void *must_find(const char *name)
{
	void *function = find_function(name);

	if (!function)
		fail_msg("no function is called %s", name);
	return function;
}

static void every_read_is_covered(void **state)
{
	static const struct named_transfer names[] = { DIOSHIM_READ_SYMBOLS(NAMED_TRANSFER) };
	int fd = open_direct("names");
	unsigned char back[LEN + 1];

	(void)state;
	assert_int_equal(pwrite(fd, odd_bytes(2, LEN), LEN, LEN), LEN);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ssize_t ret;

		memset(back, 0, sizeof(back));
		assert_int_equal(lseek(fd, LEN, SEEK_SET), LEN);
		ret = names[i].by(must_find(names[i].name), fd, back + 1, LEN, LEN);
		if (ret != LEN || memcmp(back + 1, odd_bytes(2, LEN), LEN))
			fail_msg("%s", names[i].name);
	}
	close(fd);
}

static void every_write_is_covered(void **state)
{
	static const struct named_transfer names[] = { DIOSHIM_WRITE_SYMBOLS(NAMED_TRANSFER) };
	int fd = open_direct("names");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ssize_t ret;

		assert_int_equal(lseek(fd, LEN, SEEK_SET), LEN);
		ret = names[i].by(must_find(names[i].name), fd, odd_bytes(i, LEN), LEN, LEN);
		if (ret != LEN || !holds("names", LEN, i, LEN))
			fail_msg("%s", names[i].name);
	}
	close(fd);
}

/* open_<kind>(function, path, flags, mode): calls `function`, a symbol of that kind, for `path`. */

static int open_open(void *function, const char *path, int flags, mode_t mode)
{
	return ((int (*)(const char *, int, ...))function)(path, flags, mode);
}

static int open_openat(void *function, const char *path, int flags, mode_t mode)
{
	return ((int (*)(int, const char *, int, ...))function)(AT_FDCWD, path, flags, mode);
}

static int open_open_2(void *function, const char *path, int flags, mode_t mode)
{
	(void)mode;
	return ((int (*)(const char *, int))function)(path, flags);
}

static int open_openat_2(void *function, const char *path, int flags, mode_t mode)
{
	(void)mode;
	return ((int (*)(int, const char *, int))function)(AT_FDCWD, path, flags);
}

static int open_openat2(void *function, const char *path, int flags, mode_t mode)
{
	const bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	const struct {
		uint64_t flags, mode, resolve;
	} how = { (unsigned)flags, makes ? mode : 0, 0 };

	return ((int (*)(int, const char *, const void *, size_t))function)(AT_FDCWD, path, &how,
									    sizeof(how));
}

/* creat(2) takes no flags. */
static int open_creat(void *function, const char *path, int flags, mode_t mode)
{
	(void)flags;
	return ((int (*)(const char *, mode_t))function)(path, mode);
}

enum { TAKES_FLAGS = 1, TAKES_MODE = 2 };

enum open_takes {
	TAKEN_BY_open = TAKES_FLAGS | TAKES_MODE,
	TAKEN_BY_openat = TAKES_FLAGS | TAKES_MODE,
	TAKEN_BY_open_2 = TAKES_FLAGS,
	TAKEN_BY_openat_2 = TAKES_FLAGS,
	TAKEN_BY_openat2 = TAKES_FLAGS | TAKES_MODE,
	TAKEN_BY_creat = TAKES_MODE,
};

#define NAMED_OPEN(symbol, kind) { #symbol, open_##kind, TAKEN_BY_##kind },

static const struct named_open {
	const char *name;
	int (*by)(void *function, const char *path, int flags, mode_t mode);
	int takes;
} opens[] = { DIOSHIM_OPEN_SYMBOLS(NAMED_OPEN) };

static int open_by_name(size_t i, const char *path, int flags, mode_t mode)
{
	return opens[i].by(must_find(opens[i].name), path, flags, mode);
}

static void every_open_is_covered(void **state)
{
	(void)state;
	close(open_direct("names"));
	for (size_t i = 0; i < COUNT_OF(opens); i++) {
		int fd;

		if (!(opens[i].takes & TAKES_FLAGS))
			continue;
		fd = open_by_name(i, in_dir("names"), O_RDWR | O_DIRECT, 0);
		if (fd < 0 || !(fcntl(fd, F_GETFL) & O_DIRECT) || !moves_data(fd, 3, i, LEN))
			fail_msg("%s", opens[i].name);
		close(fd);
	}
}

/* Each name has a mode of its own. */
static mode_t mode_for(size_t i)
{
	return 0600 + (mode_t)(i + 1) % 64;
}

/* Closes `fd`, and fails unless the file has the mode that was asked for. */
static void has_mode(int fd, size_t i)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || (st.st_mode & 07777) != mode_for(i))
		fail_msg("%s", opens[i].name);
	assert_int_equal(close(fd), 0);
}

static void the_mode_of_a_new_file_arrives(void **state)
{
	const int flags = O_CREAT | O_EXCL | O_RDWR | O_DIRECT;

	(void)state;
	umask(0);
	for (size_t i = 0; i < COUNT_OF(opens); i++)
		if (opens[i].takes & TAKES_MODE) {
			has_mode(open_by_name(i, in_dir("mode"), flags, mode_for(i)), i);
			unlink(in_dir("mode"));
		}
}

static void the_mode_of_a_temporary_file_arrives(void **state)
{
	const int flags = O_TMPFILE | O_RDWR | O_DIRECT;
	int fd = open(in_dir("."), flags, 0640);

	(void)state;
	if (fd < 0 && errno == EOPNOTSUPP)
		skip();
	assert_true(moves_data(fd, 3, 5, LEN));
	close(fd);
	umask(0);
	for (size_t i = 0; i < COUNT_OF(opens); i++)
		if (opens[i].takes == (TAKES_FLAGS | TAKES_MODE))
			has_mode(open_by_name(i, in_dir("."), flags, mode_for(i)), i);
}

/*
 * try_<kind>(function, fd): whether `function`, a symbol of that kind, works on the direct
 * descriptor `fd`.
 */

static bool is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* Closes `copy`. */
static bool is_good_copy(int copy)
{
	return copy >= 0 && moves_data(copy, 7, (unsigned)copy, LEN) && close(copy) == 0;
}

static bool try_fcntl(void *function, int fd)
{
	int flags = ((int (*)(int, int, ...))function)(fd, F_GETFL);

	return flags >= 0 && (flags & O_DIRECT);
}

static bool try_dup(void *function, int fd)
{
	return is_good_copy(((int (*)(int))function)(fd));
}

static bool try_dup2(void *function, int fd)
{
	return ((int (*)(int, int))function)(fd, NUMBER) == NUMBER && is_good_copy(NUMBER);
}

static bool try_dup3(void *function, int fd)
{
	return ((int (*)(int, int, int))function)(fd, NUMBER, O_CLOEXEC) == NUMBER &&
	       is_good_copy(NUMBER);
}

/* Whether there is a copy of `fd` at NUMBER. */
static bool copied(int fd)
{
	return dup2(fd, NUMBER) == NUMBER && moves_data(NUMBER, 7, 1, LEN);
}

static bool try_close(void *function, int fd)
{
	return copied(fd) && ((int (*)(int))function)(NUMBER) == 0 && is_closed(NUMBER);
}

static bool try_close_range(void *function, int fd)
{
	return copied(fd) &&
	       ((int (*)(unsigned, unsigned, int))function)(NUMBER, NUMBER + 1, 0) == 0 &&
	       is_closed(NUMBER);
}

static bool try_closefrom(void *function, int fd)
{
	if (!copied(fd))
		return false;
	((void (*)(int))function)(NUMBER);
	return is_closed(NUMBER);
}

#define NAMED_FD(symbol, kind) { #symbol, try_##kind },

static void every_call_on_descriptors_is_covered(void **state)
{
	static const struct {
		const char *name;
		bool (*try)(void *function, int fd);
	} names[] = { DIOSHIM_FD_SYMBOLS(NAMED_FD) };
	int fd = open_direct("names");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!names[i].try(must_find(names[i].name), fd) || !moves_data(fd, 3, i, LEN))
			fail_msg("%s", names[i].name);
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_read_is_covered),
	cmocka_unit_test(every_write_is_covered),
	cmocka_unit_test(every_open_is_covered),
	cmocka_unit_test(every_call_on_descriptors_is_covered),
	cmocka_unit_test(the_mode_of_a_new_file_arrives),
	cmocka_unit_test(the_mode_of_a_temporary_file_arrives),
};

SUITE(names_suite, tests);
