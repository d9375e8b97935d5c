/* The main program of the guest tests, and what they share. See guest.h. */
#include "guest.h"

#include <limits.h>
#include <sys/wait.h>

static const char *dir;

void must_failed(const char *condition, const char *file, int line)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "%s:%d: failed: %s (errno %d)\n", file, line,
			 condition, errno);

	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(2);
	_exit(1);
}

const char *in_dir(const char *name)
{
	static char paths[4][PATH_MAX];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

int open_direct(const char *name)
{
	return open(in_dir(name), O_CREAT | O_TRUNC | O_RDWR | O_DIRECT, 0600);
}

static unsigned char byte_of(unsigned seed, size_t n)
{
	return (unsigned char)(seed * 31 + n * 7 + n / 256);
}

static unsigned char first_space[ODD_BYTES_MAX + 8] __attribute__((aligned(8)));
static _Thread_local unsigned char *space = first_space;

unsigned char *use_space(unsigned char *new_space)
{
	unsigned char *old = space;

	space = new_space;
	return old;
}

unsigned char *odd_bytes(unsigned seed, size_t len)
{
	for (size_t n = 0; n < len; n++)
		space[n + 1] = byte_of(seed, n);
	return space + 1;
}

static bool same(const unsigned char *got, unsigned seed, size_t len)
{
	for (size_t n = 0; n < len; n++)
		if (got[n] != byte_of(seed, n))
			return false;
	return true;
}

bool holds(const char *name, off_t off, unsigned seed, size_t len)
{
	unsigned char *got = malloc(len);
	int fd = open(in_dir(name), O_RDONLY);
	bool ok = got && fd >= 0 && pread(fd, got, len, off) == (ssize_t)len &&
		  same(got, seed, len);

	if (fd >= 0)
		close(fd);
	free(got);
	return ok;
}

bool moves_data(int fd, off_t off, unsigned seed, size_t len)
{
	unsigned char *bytes = odd_bytes(seed, len);

	if (pwrite(fd, bytes, len, off) != (ssize_t)len)
		return false;
	memset(bytes, 0, len);
	return pread(fd, bytes, len, off) == (ssize_t)len && same(bytes, seed, len);
}

static int wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int status_of_child(void (*body)(void *), void *arg)
{
	pid_t child = fork();

	if (child == 0) {
		body(arg);
		_exit(0);
	}
	return wait_for(child);
}

int status_of_self(const char *how, const char *arg1, const char *arg2)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/proc/self/exe", "guest", how, arg1, arg2, (char *)NULL);
		_exit(127);
	}
	return wait_for(child);
}

static int run_all(const char *only)
{
	const struct suite *suites[] = { &names_suite,	   &descriptors_suite, &origins_suite,
					 &processes_suite, &interrupted_suite, &stack_suite,
					 &lifetime_suite,  &faults_suite };

	return run_suites("guest", suites, sizeof(suites) / sizeof(suites[0]), only);
}

int main(int argc, char **argv)
{
	dir = getenv("DIOSHIM_TEST_DIR");
	if (!dir) {
		fputs("guest: DIOSHIM_TEST_DIR is not set; run this through guest.bats\n", stderr);
		return 99;
	}
	if (argc > 3 && !strcmp(argv[1], "--inherited"))
		inherited_main(argv[2], argv[3]);
	else if (argc > 2 && !strcmp(argv[1], "--tight"))
		tight_main(argv[2]);
	else if (argc > 2 && !strcmp(argv[1], "--lifetime"))
		lifetime_main(argv[2]);
	else
		return run_all(argv[1]);
	return 0;
}
