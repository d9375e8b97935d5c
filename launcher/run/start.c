/*
 * See start.h. Without --stats, --trace and --refused, the launcher executes COMMAND in its own process, so
 * that COMMAND has the same signals, limits and parent.
 */
#include "run/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/environment.h"
#include "run/exec_failed.h"
#include "run/library.h"
#include "run/multilib.h"
#include "run/no_io_uring.h"
#include "print/message.h"
#include "check/check.h"
#include "run/supervise.h"

static int become(const struct options *o, const char *first, const char *library)
{
	if (!environment_set(o, first, library, NULL))
		return EXIT_LAUNCHER;
	execvp(o->operands[0], o->operands);
	return exec_failed(o, errno);
}

/*
 * Warns if COMMAND is out of reach, and then does not start it if --strict is given. --quiet omits the warning of
 * a COMMAND that is started. That a COMMAND is not found is left to exec to report.
 */
static int start_with(const struct options *o, const char *library)
{
	char *first;
	bool out = check_before(o->operands, library, o->strict || !o->quiet, &first);
	char *name = multilib_name(library);
	int status = EXIT_LAUNCHER;

	if (!(out && o->strict) && (!o->no_io_uring || no_io_uring()))
		status = o->stats || o->trace || options_name_refused(o) ? supervise(o, first, name)
									 : become(o, first, name);
	free(name);
	free(first);
	return status;
}

int start(const struct options *o)
{
	char *library = library_find();
	int status = library ? start_with(o, library) : EXIT_LAUNCHER;

	free(library);
	return status;
}
