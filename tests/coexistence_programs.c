/* The programs that coexistence.bats starts, each with its own preloaded libraries or settings. */
#include "coexistence.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_direct(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_DIRECT, 0600);

	must(fd >= 0);
	return fd;
}

/*
 * once FILE: writes and reads once. Leaves the pieces that coexistence_library.c writes unchanged.
 */
static void once(const char *file, const char *unused)
{
	int fd = open_direct(file);

	(void)unused;
	must(moves_data(fd, IN_MAIN * LEN, IN_MAIN));
	close(fd);
}

/* moments FILE: checks that each moment has written its piece. */
static void moments(const char *file, const char *unused)
{
	int fd = open(file, O_RDONLY);
	struct stat st;

	(void)unused;
	must(fd >= 0 && fstat(fd, &st) == 0);
	for (unsigned moment = 0; moment < MOMENTS; moment++)
		must(holds_data(fd, (off_t)moment * LEN, moment));
	must(st.st_size == MOMENTS * LEN);
}

/* given FD AT: writes and reads through an inherited descriptor. */
static void given(const char *fd, const char *at)
{
	must(moves_data(atoi(fd), atoi(at), 7));
}

/* --- malloc --- */

/*
 * with-malloc FILE LIBRARIES: executes `mallocs` with the descriptor that coexistence_malloc.c
 * needs.
 */
static void with_malloc(const char *file, const char *libraries)
{
	char path[4096];
	int fd = open_direct(file);

	must(dup2(fd, MALLOC_FD) == MALLOC_FD);
	close(fd);
	snprintf(path, sizeof(path), "%s.own", file);
	must(setenv("LD_PRELOAD", libraries, 1) == 0);
	execl("/proc/self/exe", "coexistence", "mallocs", path, NULL);
	must(!"executed");
}

static void *allocate_and_write(void *file)
{
	int fd = open_direct(file);
	static atomic_uint threads;
	unsigned number = atomic_fetch_add(&threads, 1);

	for (unsigned n = 0; n < 50; n++) {
		volatile char *block = malloc(n * 100 + 1);

		must(block);
		block[n] = 'x';
		must(moves_data(fd, (off_t)number * LEN, number));
		free((void *)(uintptr_t)block);
	}
	close(fd);
	return NULL;
}

/* The shim's calls allocate nothing, not even the first in a process. */
static void write_without_malloc(const char *file, atomic_bool *forbidden)
{
	char buffer[LEN] = { 0 };
	int fd = open_direct(file);

	atomic_store(forbidden, true);
	must(moves_data(fd, 3, 1));
	must(write(fd, buffer, LEN) == LEN);
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_APPEND) == 0);
	must(write(fd, buffer, LEN) == LEN);
	must(close(fd) == 0);
	atomic_store(forbidden, false);
	must(unlink(file) == 0);
}

static void check_records(unsigned count)
{
	char bytes[MALLOC_RECORD + 1];

	must(count > 100);
	for (unsigned n = 0; n < count; n++) {
		must(pread(MALLOC_FD, bytes + 1, MALLOC_RECORD, (off_t)n * MALLOC_RECORD) ==
		     MALLOC_RECORD);
		for (int i = 1; i <= MALLOC_RECORD; i++)
			must((unsigned char)bytes[i] == n % 250 + 1);
	}
}

/* mallocs FILE: allocates and writes; malloc must be coexistence_malloc.c's. */
static void mallocs(const char *file, const char *unused)
{
	atomic_bool *forbidden = dlsym(RTLD_DEFAULT, MALLOC_FORBIDDEN);
	atomic_uint *count = dlsym(RTLD_DEFAULT, MALLOC_COUNT);
	pthread_t threads[4];

	(void)unused;
	must(forbidden && count);
	/* The loader and the constructor have called malloc. */
	must(atomic_load(count) > 0);
	write_without_malloc(file, forbidden);
	for (int i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], NULL, allocate_and_write,
				     (void *)(uintptr_t)file));
	for (int i = 0; i < 4; i++)
		must(!pthread_join(threads[i], NULL));
	check_records(atomic_load(count));
}

/* --- dlopen --- */

typedef ssize_t (*pwrite_function)(int, const void *, size_t, off_t);

/* The program's own calls stay bound to the C library, so they do as without the shim. */
static void calls_are_the_c_librarys(int fd, bool refuses)
{
	char bytes[LEN] = { 0 };

	memset(bytes, 'a', LEN);
	if (refuses)
		must(pwrite(fd, bytes, LEN, 3) < 0 && errno == EINVAL);
	else
		must(pwrite(fd, bytes, LEN, 3) == LEN);
}

static void use_library(int fd, const char *library, int mode)
{
	void *handle = dlopen(library, mode);
	pwrite_function theirs;
	char bytes[LEN] = { 0 };

	must(handle);
	theirs = (pwrite_function)dlsym(handle, "pwrite");
	must(theirs && theirs != pwrite);
	must(theirs(fd, bytes, LEN, 3) == LEN);
	must(dlclose(handle) == 0);
	/* Another thread may still be inside the library: so it stays loaded, and works. */
	must(theirs(fd, bytes, LEN, 3) == LEN);
}

static void *use_library_in_thread(void *library)
{
	void *handle = dlopen(library, RTLD_NOW);

	must(handle && dlclose(handle) == 0);
	return NULL;
}

/*
 * dlopened FILE LIBRARY: loads and unloads the shim, which is not preloaded. Prints what the kernel
 * does.
 */
static void dlopened(const char *file, const char *library)
{
	int fd = open_direct(file);
	char bytes[LEN] = { 0 };
	bool refuses = pwrite(fd, bytes, LEN, 3) < 0;
	pthread_t thread;
	void *handle;

	must(!dlopen(library, RTLD_NOW | RTLD_NOLOAD));
	for (int n = 0; n < 50; n++) {
		use_library(fd, library, n % 2 ? RTLD_NOW | RTLD_GLOBAL : RTLD_LAZY);
		calls_are_the_c_librarys(fd, refuses);
		must(!pthread_create(&thread, NULL, use_library_in_thread,
				     (void *)(uintptr_t)library));
		must(!pthread_join(thread, NULL));
	}
	handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
	must(handle);
	puts(refuses ? "refused" : "taken");
}

/* --- memory --- */

/*
 * Returns the KiB of mappings that a fork leaves out (proc(5), VmFlags dc): only the bounce memory
 * is so.
 */
static long bounce_memory(void)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char line[4200];
	long size = 0, sum = 0;

	must(maps);
	while (fgets(line, sizeof(line), maps)) {
		sscanf(line, "Size: %ld kB", &size);
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " dc"))
			sum += size;
	}
	fclose(maps);
	return sum;
}

enum { CROWD = 48, MUCH = 3 << 20 };

static pthread_barrier_t all_here;

static void *write_much(void *file)
{
	char *bytes =
		mmap(NULL, MUCH + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_direct(file);

	must(bytes != MAP_FAILED);
	memset(bytes, 'b', MUCH + 1);
	pthread_barrier_wait(&all_here);
	must(pwrite(fd, bytes + 1, MUCH, 5) == MUCH);
	for (int n = 0; n < 3; n++)
		must(pread(fd, bytes + 1, MUCH - 3, 7) == MUCH - 3);
	for (int n = 0; n < 30; n++)
		must(pread(fd, bytes + 1, 333, n * 1001 + 5) == 333);
	close(fd);
	return NULL;
}

/*
 * crowd FILE: prints the KiB of bounce memory before the first call, and after the calls of many
 * threads.
 */
static void crowd(const char *file, const char *unused)
{
	pthread_t threads[CROWD];
	long before = bounce_memory();

	(void)unused;
	must(!pthread_barrier_init(&all_here, NULL, CROWD));
	for (int i = 0; i < CROWD; i++)
		must(!pthread_create(&threads[i], NULL, write_much, (void *)(uintptr_t)file));
	for (int i = 0; i < CROWD; i++)
		must(!pthread_join(threads[i], NULL));
	printf("%ld %ld\n", before, bounce_memory());
}

bool run_program(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const char *, const char *);
	} programs[] = {
		{ "once", once },	{ "moments", moments },
		{ "given", given },	{ "with-malloc", with_malloc },
		{ "mallocs", mallocs }, { "dlopened", dlopened },
		{ "crowd", crowd },
	};

	for (size_t i = 0; argc > 2 && i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(argv[1], programs[i].name) != 0)
			continue;
		programs[i].run(argv[2], argc > 3 ? argv[3] : NULL);
		return true;
	}
	return false;
}
