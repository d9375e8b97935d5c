/*
 * See start.h. Where nothing is to be watched the launcher becomes COMMAND: the same process, with
 * the same signals, limits and parent.
 */
#include "start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "library.h"
#include "message.h"
#include "reach.h"
#include "supervise.h"

int start_failed(const char *command, int error)
{
	if (error == ENOENT && strchr(command, '/') && !access(command, F_OK))
		message("%s: what it names as its interpreter or dynamic linker is not there", command);
	else
		message("%s: %s", command, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* False if the COMMAND is not to be started. That it cannot be found is for exec to say. */
static bool may_start(const struct options *o, const char *library)
{
	struct reach r;
	bool out;

	if (o->quiet && !o->strict)
		return true;
	out = !reach_look(o->operands, library, &r) && r.verdict == REACH_NO;
	if (out)
		reach_warn(o->operands[0], &r);
	reach_free(&r);
	return !out || !o->strict;
}

static int become(const struct options *o, const char *library)
{
	if (!environment_set(o, library, NULL))
		return EXIT_LAUNCHER;
	execvp(o->operands[0], o->operands);
	return start_failed(o->operands[0], errno);
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
