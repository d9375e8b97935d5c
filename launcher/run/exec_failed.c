/* Why COMMAND was not executed. See exec_failed.h. */
#include "run/exec_failed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "print/message.h"

int exec_failed(const char *command, int error)
{
	if (error == ENOENT && strchr(command, '/') && !access(command, F_OK))
		message("%s: interpreter or dynamic linker not found", command);
	else
		message("%s: %s", command, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
