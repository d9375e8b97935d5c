/* Where the shim is, as seen from the launcher. */
#ifndef DIOSHIM_LIBRARY_H
#define DIOSHIM_LIBRARY_H

/* Its path, to be freed; NULL, and a message, if it is nowhere or cannot be preloaded there. */
char *library_find(void);

#endif
