/* Every way to open a file with O_DIRECT: nothing is made twice, nothing is lost. See refused_test.h. */
#include "refused_test.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

int __open_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);

struct how {
	uint64_t flags, mode, resolve;
};

static struct how how_of(int flags, mode_t mode)
{
	return (struct how){ (unsigned)flags, flags & O_CREAT ? mode : 0, 0 };
}

static int by_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static int by_openat(const char *path, int flags, mode_t mode)
{
	return openat(AT_FDCWD, path, flags, mode);
}

static int by_open_2(const char *path, int flags, mode_t mode)
{
	(void)mode;
	return __open_2(path, flags);
}

static int by_openat_2(const char *path, int flags, mode_t mode)
{
	(void)mode;
	return __openat_2(AT_FDCWD, path, flags);
}

static int by_openat2(const char *path, int flags, mode_t mode)
{
	int (*function)(int, const char *, const struct how *, size_t) =
		(int (*)(int, const char *, const struct how *, size_t))dlsym(RTLD_DEFAULT,
									      "openat2");
	const struct how how = how_of(flags, mode);

	return function(AT_FDCWD, path, &how, sizeof(how));
}

static int by_open_number(const char *path, int flags, mode_t mode)
{
#ifdef SYS_open
	return (int)syscall(SYS_open, path, flags, mode);
#else
	return open(path, flags, mode);
#endif
}

static int by_openat_number(const char *path, int flags, mode_t mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int by_openat2_number(const char *path, int flags, mode_t mode)
{
	/* A later version of the structure: what was added is 0. */
	struct {
		struct how how;
		uint64_t added;
	} larger = { how_of(flags, mode), 0 };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &larger, sizeof(larger));
}

static const struct way {
	const char *name;
	int (*open)(const char *path, int flags, mode_t mode);
	bool creates;
} ways[] = {
	{ "open", by_open, true },
	{ "openat", by_openat, true },
	{ "__open_2", by_open_2, false },
	{ "__openat_2", by_openat_2, false },
	{ "openat2", by_openat2, true },
	{ "open by number", by_open_number, true },
	{ "openat by number", by_openat_number, true },
	{ "openat2 by number", by_openat2_number, true },
};

enum { ERRNO_BEFORE = 77 };

/* Closes `fd`, which must be direct in the program's eyes only, and take any call. */
static void check(const char *way, int fd)
{
	char bytes[778] = "", got[778] = "";
	int error = errno;

	if (fd < 0 || error != ERRNO_BEFORE || !shown(fd) || is_true(fd))
		fail_msg("%s: %d, errno %d", way, fd, error);
	memset(bytes, *way, sizeof(bytes) - 1);
	assert_int_equal(pwrite(fd, bytes + 1, 777, 5), 777);
	assert_int_equal(pread(fd, got + 1, 777, 5), 777);
	assert_memory_equal(bytes + 1, got + 1, 777);
	close(fd);
}

static void existing_files_are_opened(void **state)
{
	(void)state;
	close(open_new("existing"));
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		errno = ERRNO_BEFORE;
		check(ways[i].name, ways[i].open(in_dir("existing"), O_RDWR | O_DIRECT, 0));
	}
}

/* Returns how many events there were since the last call. */
static int events_of(int watch)
{
	char events[4096] __attribute__((aligned(8)));
	ssize_t got = read(watch, events, sizeof(events));
	int count = 0;

	for (ssize_t at = 0; at < got; count++)
		at += (ssize_t)sizeof(struct inotify_event) +
		      ((struct inotify_event *)(void *)(events + at))->len;
	return count;
}

static int watch_dir(void)
{
	int watch = inotify_init1(IN_NONBLOCK);

	assert_true(inotify_add_watch(watch, in_dir("."), IN_CREATE) >= 0);
	return watch;
}

static void new_files_are_made_once(void **state)
{
	int watch = watch_dir();
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		const int flags = O_RDWR | O_DIRECT | O_CREAT | O_EXCL;
		mode_t mode = 0640 + (mode_t)i % 8;

		if (!ways[i].creates)
			continue;
		errno = ERRNO_BEFORE;
		check(ways[i].name, ways[i].open(in_dir("new"), flags, mode));
		assert_int_equal(events_of(watch), 1);
		assert_return_code(stat(in_dir("new"), &st), 0);
		assert_int_equal(st.st_mode & 07777, mode);
		assert_int_equal(ways[i].open(in_dir("new"), flags, mode), -1);
		assert_int_equal(errno, EEXIST);
		errno = ERRNO_BEFORE;
		check(ways[i].name, ways[i].open(in_dir("new"), flags & ~O_EXCL, mode));
		check(ways[i].name, ways[i].open(in_dir("new"), (flags & ~O_EXCL) | O_TRUNC, mode));
		assert_return_code(stat(in_dir("new"), &st), 0);
		assert_int_equal(st.st_size, 782);
		assert_int_equal(events_of(watch), 0);
		unlink(in_dir("new"));
	}
	close(watch);
}

/* mkostemp(3) makes the file inside the C library, and would leave one for each refusal. */
static void temporary_files_are_made_once(void **state)
{
	int (*const by_template[])(char *, int) = { mkostemp, mkostemp64 };
	int (*const by_suffix[])(char *, int, int) = { mkostemps, mkostemps64 };
	int watch = watch_dir();
	char name[4096];
	int fd;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s", in_dir(i < 2 ? "t.XXXXXX" : "t.XXXXXX.c"));
		errno = ERRNO_BEFORE;
		fd = i < 2 ? by_template[i](name, O_DIRECT) : by_suffix[i - 2](name, 2, O_DIRECT);
		/* The C library may change it. */
		errno = ERRNO_BEFORE;
		check("mkostemp", fd);
		assert_int_equal(events_of(watch), 1);
		assert_return_code(unlink(name), 0);
	}
	assert_int_equal(mkostemp(strcpy(name, "no template"), O_DIRECT), -1);
	assert_int_equal(errno, EINVAL);
	close(watch);
}

static void files_without_a_name(void **state)
{
	char link[64];
	int fd;

	(void)state;
	errno = ERRNO_BEFORE;
	fd = open(in_dir("."), O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	assert_true(fd >= 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_return_code(linkat(AT_FDCWD, link, AT_FDCWD, in_dir("linked"), AT_SYMLINK_FOLLOW),
			   0);
	check("O_TMPFILE", fd);
	unlink(in_dir("linked"));
}

static void by_handle(void **state)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount, dir = open(in_dir("."), O_RDONLY | O_DIRECTORY);

	(void)state;
	close(open_new("handle"));
	if (name_to_handle_at(AT_FDCWD, in_dir("handle"), &h.handle, &mount, 0)) {
		close(dir);
		skip();
	}
	errno = ERRNO_BEFORE;
	check("open_by_handle_at",
	      (int)syscall(SYS_open_by_handle_at, dir, &h.handle, O_RDWR | O_DIRECT));
	close(dir);
}

static void other_errors_stay(void **state)
{
	const struct {
		const char *path;
		int flags, error;
	} errors[] = {
		{ in_dir("missing"), O_RDWR, ENOENT },
		{ "", O_RDWR | O_CREAT, ENOENT },
		{ "/proc/version", O_RDWR | O_CREAT | O_EXCL, EEXIST },
		{ ".", O_RDONLY, EINVAL },
		{ ".", O_RDWR, EISDIR },
		{ ".", O_RDONLY | O_DIRECTORY, EINVAL },
		{ "/dev/null", O_RDWR, EINVAL },
		{ "/dev/null", O_RDWR | O_CREAT, EINVAL },
		{ "/proc/self/exe", O_RDONLY | O_NOFOLLOW, ELOOP },
		{ "/proc/version", O_RDONLY | O_DIRECTORY, ENOTDIR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		int fd = open(errors[i].path, errors[i].flags | O_DIRECT, 0600);

		if (fd >= 0 || errno != errors[i].error)
			fail_msg("%zu: %d %s", i, fd, strerror(errno));
	}
	assert_int_equal(by_openat2((const char *)1, O_RDWR | O_DIRECT, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(syscall(SYS_openat2, AT_FDCWD, ".", (void *)1, 24), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(syscall(SYS_openat2, AT_FDCWD, ".", NULL, 8), -1);
	assert_int_equal(errno, EINVAL);
}

static void *open_other_end(void *path)
{
	int fd = open(path, O_WRONLY);

	close(fd);
	return NULL;
}

/* A second open would be seen, and might wait for ever: the writer comes only once. */
static void fifos_are_opened_once(void **state)
{
	int watch = inotify_init1(IN_NONBLOCK);
	char path[4096];
	pthread_t writer;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s", in_dir("fifo"));
	assert_return_code(mkfifo(path, 0600), 0);
	assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
	assert_int_equal(open(path, O_RDONLY | O_NONBLOCK | O_DIRECT), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(events_of(watch), 0);
	close(watch);
	for (int flags = 0; flags <= O_CREAT; flags += O_CREAT) {
		assert_int_equal(pthread_create(&writer, NULL, open_other_end, path), 0);
		alarm(20);
		assert_int_equal(open(path, O_RDONLY | O_DIRECT | flags, 0600), -1);
		assert_int_equal(errno, EINVAL);
		alarm(0);
		pthread_join(writer, NULL);
	}
	fd = open(path, O_RDWR);
	assert_return_code(fcntl(fd, F_SETFL, O_DIRECT), errno); /* packet mode */
	assert_true(is_true(fd));
	close(fd);
	unlink(path);
}

/* Creating gives access that the new file's mode does not give to a second open. */
static void modes_without_access(void **state)
{
	int status;
	pid_t child;

	(void)state;
	assert_return_code(mkdir(in_dir("free"), 0777), 0);
	assert_return_code(chmod(in_dir("free"), 0777), 0);
	child = fork();
	if (!child) {
		int fd = -1;

		/* The other user may have no way to the directory. */
		if (!chdir(in_dir("free")) && !setuid(65534))
			fd = open("file", O_RDWR | O_CREAT | O_DIRECT, 0);
		_exit(fd < 0 || write(fd, "hello", 5) != 5);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	unlink(in_dir("free/file"));
	rmdir(in_dir("free"));
}

enum { RACERS = 8, ROUNDS = 200 };

static void one_of_many_creates(void **state)
{
	_Atomic int *won = mmap(NULL, ROUNDS * sizeof(*won), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const size_t count = COUNT_OF(ways);
	char name[32];

	(void)state;
	for (int racer = 0; racer < RACERS; racer++) {
		if (fork())
			continue;
		for (int round = 0; round < ROUNDS; round++) {
			const struct way *way = &ways[(size_t)(racer + round) % count];

			if (!way->creates)
				way = &ways[0];
			snprintf(name, sizeof(name), "race%d", round);
			int fd =
				way->open(in_dir(name), O_RDWR | O_CREAT | O_EXCL | O_DIRECT, 0600);

			won[round] += fd >= 0 && shown(fd) ? 1 : errno == EEXIST ? 0 : 1000;
			close(fd);
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	for (int round = 0; round < ROUNDS; round++) {
		snprintf(name, sizeof(name), "race%d", round);
		assert_int_equal(won[round], 1);
		assert_return_code(unlink(in_dir(name)), 0);
	}
}

/* The number that is taken for a look is the one that the file gets. */
static void the_last_number_is_enough(void **state)
{
	struct rlimit old, limit;
	int fd;

	(void)state;
	close(open_new("last"));
	fd = dup(0);
	close(fd);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = (struct rlimit){ (rlim_t)fd + 1, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	errno = ERRNO_BEFORE;
	check("last", open(in_dir("last"), O_RDWR | O_DIRECT));
	setrlimit(RLIMIT_NOFILE, &old);
}

int test_opens(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(existing_files_are_opened),
		cmocka_unit_test(new_files_are_made_once),
		cmocka_unit_test(temporary_files_are_made_once),
		cmocka_unit_test(files_without_a_name),
		cmocka_unit_test(by_handle),
		cmocka_unit_test(other_errors_stay),
		cmocka_unit_test(fifos_are_opened_once),
		cmocka_unit_test(modes_without_access),
		cmocka_unit_test(one_of_many_creates),
		cmocka_unit_test(the_last_number_is_enough),
	};

	umask(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
