/* Finding libdioshim.so from the launcher. */
#ifndef DIOSHIM_LIBRARY_H
#define DIOSHIM_LIBRARY_H

/*
 * Returns the path of libdioshim.so, to be freed. Returns NULL after a message if it is not found,
 * or if LD_PRELOAD cannot hold its path.
 */
char *library_find(void);

#endif
