/*
 * Where the file system refuses O_DIRECT: refused_test.h.
 *
 *   refused opens            every way to open a file; O_DIRECT is refused at open, or by the file system below
 *   refused numbers          what is shown for a number, and in other processes
 *   refused calls-refused    every call through an O_DIRECT descriptor is refused
 *   refused calls-taken      only misaligned ones are
 *   refused cached FILE      read FILE, and print how many of its pages are in the page cache afterwards
 *   refused shown FD         print whether O_DIRECT is shown
 */
#include "refused_test.h"

#include <err.h>
#include <string.h>
#include <sys/stat.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5 */
#endif

static int print_cached(const char *path)
{
	static unsigned char memory[1 << 16];
	const uint64_t all[2] = { 0, 0 };
	uint64_t counts[5] = { 0 };
	int fd = open(path, O_RDONLY | O_DIRECT);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	while (read(fd, memory + 1, sizeof(memory) - 1001) > 0)
		;
	if (raw_syscall(SYS_cachestat, fd, all, counts, 0))
		err(77, "cachestat");
	printf("%lu of %ld\n", (unsigned long)counts[0], (long)(st.st_size / 4096));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "opens"))
		return test_opens();
	if (!strcmp(what, "numbers"))
		return test_numbers();
	if (!strcmp(what, "calls-refused"))
		return test_calls(true);
	if (!strcmp(what, "calls-taken"))
		return test_calls(false);
	if (!strcmp(what, "cached") && argc > 2)
		return print_cached(argv[2]);
	if (!strcmp(what, "shown") && argc > 2)
		return puts(shown(atoi(argv[2])) ? "direct" : "ordinary") < 0;
	errx(2, "unknown test");
}
