/* Files as a process sees them whose root directory is another one. */
#ifndef DIOSHIM_OTHER_ROOT_H
#define DIOSHIM_OTHER_ROOT_H

#include <stdbool.h>

/* Returns false if there is no `path`, an absolute one, below `root`; true also if that cannot be told. */
bool other_root_has(const char *root, const char *path);

#endif
