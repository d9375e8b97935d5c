/* Child processes of every kind, and processes with few rights or resources. */
#include "guest.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { LEN = 10001 };

static void write_in_child(void *fd)
{
	must(moves_data(*(int *)fd, 3, 2, LEN));
}

static void a_forked_child_can_write(void **state)
{
	int fd = open_direct("forked");

	(void)state;
	assert_true(moves_data(fd, 3, 1, LEN));
	assert_int_equal(status_of_child(write_in_child, &fd), 0);
	assert_true(holds("forked", 3, 2, LEN));
	assert_true(moves_data(fd, 3, 3, LEN));
	close(fd);
}

void inherited_main(const char *fd, const char *seed)
{
	must(moves_data(atoi(fd), 5, (unsigned)atoi(seed), LEN));
	must(write(atoi(fd), odd_bytes(9, 777), 777) == 777);
}

static void an_executed_program_can_write(void **state)
{
	int fd = open_direct("executed");
	char number[12];

	(void)state;
	snprintf(number, sizeof(number), "%d", fd);
	assert_int_equal(lseek(fd, 20001, SEEK_SET), 20001);
	assert_int_equal(status_of_self("--inherited", number, "4"), 0);
	assert_true(holds("executed", 5, 4, LEN) && holds("executed", 20001, 9, 777));
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 20001 + 777);
	close(fd);
}

/*
 * Closes and opens descriptors in the child of a vfork, which shares the memory but not the
 * descriptors.
 */
static void __attribute__((noinline)) reshuffle_in_vfork(int fd)
{
	pid_t child = vfork();
	int status;

	if (child == 0) {
		if (!moves_data(fd, 7, 5, LEN))
			_exit(1);
		if (close(fd) || open(in_dir("ordinary"), O_CREAT | O_RDWR, 0600) != fd)
			_exit(2);
		_exit(moves_data(fd, 7, 6, LEN) ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_vforked_child_can_do_as_it_likes(void **state)
{
	int fd = open_direct("vforked");
	int twin = dup(fd);

	(void)state;
	assert_true(moves_data(fd, 7, 1, LEN));
	for (unsigned n = 0; n < 3; n++) {
		reshuffle_in_vfork(fd);
		assert_true(holds("vforked", 7, 5, LEN));
		assert_true(moves_data(fd, 7, 7, LEN));
		assert_true(moves_data(twin, 7, 8, LEN));
	}
	close(fd);
	close(twin);
}

static void write_without_proc(void *root)
{
	int fd;

	must(chroot(root) == 0 && chdir("/") == 0);
	must(access("/proc/self/fd", F_OK) < 0);
	fd = open("/chrooted", O_CREAT | O_RDWR | O_DIRECT, 0600);
	must(fd >= 0);
	must(moves_data(fd, 3, 1, LEN));
}

static void no_proc_is_needed(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(status_of_child(write_without_proc, (void *)(uintptr_t)in_dir(".")), 0);
	assert_true(holds("chrooted", 3, 1, LEN));
}

static void write_as_nobody(void *fd)
{
	must(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	must(open(in_dir("private"), O_RDWR) < 0 && errno == EACCES);
	must(moves_data(*(int *)fd, 3, 1, LEN));
}

/* Root opens the file, and only root may. */
static void no_privilege_is_needed(void **state)
{
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	fd = open_direct("private");
	assert_int_equal(status_of_child(write_as_nobody, &fd), 0);
	assert_true(holds("private", 3, 1, LEN));
	close(fd);
}

static void write_without_free_numbers(void *name)
{
	int fd = open_direct(name);
	struct rlimit none = { (rlim_t)fd + 1, (rlim_t)fd + 1 };

	must(setrlimit(RLIMIT_NOFILE, &none) == 0);
	must(dup(fd) < 0 && errno == EMFILE);
	must(moves_data(fd, 3, 1, LEN));
}

static void no_free_descriptor_is_needed(void **state)
{
	char name[] = "full";

	(void)state;
	assert_int_equal(status_of_child(write_without_free_numbers, name), 0);
	assert_true(holds(name, 3, 1, LEN));
}

static rlim_t address_space_now(void)
{
	FILE *status = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	must(status && fscanf(status, "%lu", &pages) == 1);
	fclose(status);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/*
 * Whole blocks at an odd address, misaligned ranges, large ones, without memory for a bounce
 * buffer.
 */
void tight_main(const char *name)
{
	int fd = open_direct(name);
	rlim_t now = address_space_now();
	struct rlimit all = { now, now };

	odd_bytes(0, 1);
	must(setrlimit(RLIMIT_AS, &all) == 0);
	must(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	must(moves_data(fd, 0, 1, 65536));
	must(moves_data(fd, 65536, 2, 1));
	must(moves_data(fd, 65537, 3, LEN));
	must(moves_data(fd, 100003, 4, ODD_BYTES_MAX));
}

static void no_memory_is_needed(void **state)
{
	(void)state;
	assert_int_equal(status_of_self("--tight", "tight", NULL), 0);
	assert_true(holds("tight", 0, 1, 65536) && holds("tight", 65536, 2, 1));
	assert_true(holds("tight", 65537, 3, LEN) && holds("tight", 100003, 4, ODD_BYTES_MAX));
}

/* Reads the lines of /proc/self/status about threads and signals. */
static void read_status(char *into, size_t size)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[200];

	*into = 0;
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, "Threads", 7) || (!strncmp(line, "Sig", 3) && line[3] != 'Q') ||
		    !strncmp(line, "Shd", 3))
			strncat(into, line, size - strlen(into) - 1);
	fclose(status);
}

static void no_thread_and_no_signal_handler_is_added(void **state)
{
	char before[1000], after[1000];
	int fd = open_direct("coexistence");

	(void)state;
	read_status(before, sizeof(before));
	assert_non_null(strstr(before, "SigCgt"));
	for (unsigned n = 0; n < 20; n++)
		assert_true(moves_data(fd, n * 4097, n, LEN));
	read_status(after, sizeof(after));
	assert_string_equal(before, after);
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_forked_child_can_write),
	cmocka_unit_test(an_executed_program_can_write),
	cmocka_unit_test(a_vforked_child_can_do_as_it_likes),
	cmocka_unit_test(no_proc_is_needed),
	cmocka_unit_test(no_privilege_is_needed),
	cmocka_unit_test(no_free_descriptor_is_needed),
	cmocka_unit_test(no_memory_is_needed),
	cmocka_unit_test(no_thread_and_no_signal_handler_is_added),
};

SUITE(processes_suite, tests);
