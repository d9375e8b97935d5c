/* Why COMMAND was not executed. */
#ifndef DIOSHIM_EXEC_FAILED_H
#define DIOSHIM_EXEC_FAILED_H

/* Says on stderr why COMMAND could not be executed, and returns the exit status for that. */
int exec_failed(const char *command, int error);

#endif
