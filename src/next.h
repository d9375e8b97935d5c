/*
 * The next definition of a name: the first in the objects that the dynamic linker searches after this library.
 *
 * dlsym(RTLD_NEXT) finds the same. But a library that was linked with glibc 2.34 or later needs version
 * GLIBC_2.34 of dlsym(), and then no program starts with an older glibc that has the library preloaded: a weak
 * reference needs the version, too. Nor does this allocate memory when a name does not exist.
 *
 * Not on the I/O path: dl_iterate_phdr(3) takes a lock of the dynamic linker.
 */
#ifndef DIOSHIM_NEXT_H
#define DIOSHIM_NEXT_H

struct next_name {
	const char *name;
	void *at; /* where it is defined; null if nowhere. Null before. */
};

/* Finds all of them. */
void next_find(struct next_name *names, int count);

#endif
