/*
 * dioshim, the launcher: runs a command under the shim, and says what direct I/O asks for and what
 * became of it. The command line is in options.c, the running in start.c and supervise.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "run/library.h"
#include "print/message.h"
#include "options.h"
#include "probe/probe.h"
#include "check/check.h"
#include "report/report.h"
#include "run/start.h"

/*
 * If one of the descriptors 0, 1, 2 is closed, the next file opened gets its number, and what is
 * meant for stderr would go there. What takes the place here answers EBADF, as a closed one does,
 * and gives it up when COMMAND is executed.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/", O_PATH | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int check(const struct options *o)
{
	char *library = library_find();
	int status = library ? check_command(o->operands, library, o->json) : EXIT_LAUNCHER;

	free(library);
	return status;
}

/* An answer that could not be written is none. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	message("stdout: %s", strerror(errno));
	return EXIT_LAUNCHER;
}

int main(int argc, char **argv)
{
	struct options o;

	fill_standard_descriptors();
	/* Names in tables are printed as they are where the terminal can; numbers are the same everywhere. */
	setlocale(LC_CTYPE, "");
	if (!options_parse(argc, argv, &o))
		return EXIT_USAGE;
	switch (o.mode) {
	case MODE_RUN:
		return start(&o);
	case MODE_CHECK:
		return finish(check(&o));
	case MODE_PROBE:
		return finish(probe_paths(o.operands, o.operand_count, o.try, o.json));
	case MODE_REPORT:
		return finish(report_file(o.report, stdout, o.json));
	case MODE_VERSION:
		help_print_version();
		return finish(EXIT_SUCCESS);
	case MODE_HELP:
		help_print();
		return finish(EXIT_SUCCESS);
	}
	return EXIT_LAUNCHER;
}
