/*
 * stdio on O_DIRECT descriptors: the calls that the C library's streams make themselves are handled as
 * read(2), write(2) and close(2) are.
 */
#ifndef DIOSHIM_STDIO_CALLS_H
#define DIOSHIM_STDIO_CALLS_H

/*
 * Called by the constructor. If the C library's tables are not as expected (stdio_table.h), stdio stays as
 * it is: what it does on an O_DIRECT descriptor fails as without the shim.
 */
void stdio_start(void);

#endif
