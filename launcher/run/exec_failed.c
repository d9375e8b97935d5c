/* Why COMMAND was not executed. See exec_failed.h. */
#include "run/exec_failed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "print/message.h"
#include "values.h"

/* An optional argument follows its option without a space; with one, it is taken for COMMAND. */
static const char *meant(const struct options *o)
{
	unsigned seconds;

	if (o->operand_count < 2)
		return NULL;
	if (o->stats && !o->seconds && value_seconds(o->operands[0], &seconds))
		return "--stats";
	return o->trace && !o->trace_file ? "--trace" : NULL;
}

int exec_failed(const struct options *o, int error)
{
	const char *command = o->operands[0];
	const char *option = meant(o);

	if (error == ENOENT && strchr(command, '/') && !access(command, F_OK))
		message("%s: interpreter or dynamic linker not found", command);
	else if (error == ENOENT && option)
		message("%s: %s; did you mean %s=%s?", command, strerror(error), option, command);
	else
		message("%s: %s", command, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
