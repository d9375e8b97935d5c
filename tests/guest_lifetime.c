/*
 * Calls work throughout the life of a process: before any library's constructor has run
 * (DT_PREINIT_ARRAY), in the program's constructors, in main, in atexit handlers, in destructors.
 *
 * In the child process that the test starts, each of these moments writes a piece of the file.
 */
#include "guest.h"

#include <sys/stat.h>

enum { PIECE = 5001, MOMENTS = 5 };

static const char *lifetime_name;

static void write_piece(unsigned moment)
{
	char path[4096];
	int fd;

	/* Not open_direct(): `dir` is not set before main. */
	snprintf(path, sizeof(path), "%s/%s", getenv("DIOSHIM_TEST_DIR"), lifetime_name);
	fd = open(path, O_CREAT | O_RDWR | O_DIRECT, 0600);
	must(fd >= 0);
	must(moves_data(fd, (off_t)moment * PIECE, moment, PIECE));
	must(close(fd) == 0);
}

static bool is_lifetime(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--lifetime"))
		lifetime_name = argv[2];
	return lifetime_name;
}

static void before_constructors(int argc, char **argv, char **envp)
{
	environ = envp; /* the C library sets it later */
	if (is_lifetime(argc, argv))
		write_piece(0);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const preinit)(int, char **, char **) = before_constructors;

__attribute__((constructor)) static void constructor(int argc, char **argv)
{
	if (is_lifetime(argc, argv))
		write_piece(1);
}

__attribute__((destructor)) static void destructor(void)
{
	if (lifetime_name)
		write_piece(4);
}

static void at_exit(void)
{
	write_piece(3);
}

void lifetime_main(const char *name)
{
	must(!strcmp(name, lifetime_name));
	must(atexit(at_exit) == 0);
	write_piece(2);
}

static void io_works_from_the_first_moment_to_the_last(void **state)
{
	struct stat st;

	(void)state;
	unlink(in_dir("lifetime"));
	assert_int_equal(status_of_self("--lifetime", "lifetime", NULL), 0);
	for (unsigned moment = 0; moment < MOMENTS; moment++)
		assert_true(holds("lifetime", (off_t)moment * PIECE, moment, PIECE));
	assert_int_equal(stat(in_dir("lifetime"), &st), 0);
	assert_int_equal(st.st_size, MOMENTS * PIECE);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(io_works_from_the_first_moment_to_the_last),
};

SUITE(lifetime_suite, tests);
