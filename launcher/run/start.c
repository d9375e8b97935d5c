/*
 * See start.h. Where nothing is to be watched the launcher becomes COMMAND: the same process, with
 * the same signals, limits and parent.
 */
#include "run/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/environment.h"
#include "run/exec_failed.h"
#include "run/library.h"
#include "print/message.h"
#include "check/check.h"
#include "run/supervise.h"

/* False if the COMMAND is not to be started. That it cannot be found is for exec to say. */
static bool may_start(const struct options *o, const char *library)
{
	if (o->quiet && !o->strict)
		return true;
	return !check_warn(o->operands, library) || !o->strict;
}

static int become(const struct options *o, const char *library)
{
	if (!environment_set(o, library, NULL))
		return EXIT_LAUNCHER;
	execvp(o->operands[0], o->operands);
	return exec_failed(o->operands[0], errno);
}

int start(const struct options *o)
{
	char *library = library_find();
	int status = EXIT_LAUNCHER;

	if (library && may_start(o, library))
		status = o->stats || o->trace ? supervise(o, library) : become(o, library);
	free(library);
	return status;
}
