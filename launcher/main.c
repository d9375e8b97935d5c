/*
 * dioshim, the launcher: runs a command under the shim (run/), tells whether the shim can reach one
 * (check/), prints the alignment that direct I/O requires at a path (probe/), and prints reports
 * and traces (report/). options.c parses the command line; print/ has what all of them print with.
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
 * If one of the descriptors 0, 1, 2 is closed, the next file opened would get its number, and
 * messages for stderr could end up in that file. Fills the free ones with O_PATH descriptors:
 * reading and writing them fails with EBADF, as on a closed descriptor, and exec closes them.
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

/*
 * Returns `status`, or EXIT_LAUNCHER after a message if not everything could be written to stdout.
 */
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
	if (!options_parse(argc, argv, &o))
		return EXIT_USAGE;
	/* File names in reports and messages are printed in the locale's encoding. Numbers do not depend on the locale. */
	if (o.mode != MODE_RUN || o.stats || o.trace || options_name_refused(&o))
		setlocale(LC_CTYPE, "");
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
