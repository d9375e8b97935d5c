/*
 * Optimisations that DIOSHIM_WITHOUT has switched off (config.c): to see what each is worth, or to
 * find out whether one is to blame. What a call does is the same with and without them.
 */
#ifndef DIOSHIM_WITHOUT_H
#define DIOSHIM_WITHOUT_H

enum {
	WITHOUT_HINTS = 1,     /* each misaligned call is shown to the kernel first */
	WITHOUT_HUGEPAGES = 2, /* bounce buffers in ordinary pages */
	WITHOUT_PREFETCH = 4,  /* edges one after the other, and not before their turn */
};

/* The bits above. Set when the library is loaded, and only read from then on. */
extern unsigned without;

#endif
