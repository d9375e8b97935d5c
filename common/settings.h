/*
 * Settings from the environment on which the shim and the launcher have to agree: the shim reads
 * DIOSHIM_BOUNCE_MAX, DIOSHIM_DISABLE and DIOSHIM_REFUSED (config.c), and the launcher checks the options that set
 * them.
 */
#ifndef DIOSHIM_SETTINGS_H
#define DIOSHIM_SETTINGS_H

/* DIOSHIM_BOUNCE_MAX, in bytes. The texts are for messages. */
#define BOUNCE_MAX_LEAST ((size_t)64 << 10)
#define BOUNCE_MAX_MOST ((size_t)64 << 20)
#define BOUNCE_MAX_DEFAULT ((size_t)16 << 20)
#define BOUNCE_MAX_RANGE_TEXT "from 64K to 64M"
#define BOUNCE_MAX_DEFAULT_TEXT "16M"

/*
 * X(name, word): an optimisation, and the word for it in DIOSHIM_DISABLE.
 *
 * HINTS: a call that is known to be misaligned does not go to the kernel first. HUGEPAGES: bounce
 * buffers are in huge pages. PREFETCH: the edge blocks of a write are read ahead. STDIO is none, but is
 * disabled in the same way: the tables of the C library's stdio are replaced (stdio_table.h).
 */
#define DIOSHIM_OPTIMISATIONS(X) \
	X(HINTS, "hints") \
	X(HUGEPAGES, "hugepages") \
	X(PREFETCH, "prefetch") \
	X(STDIO, "stdio")

#define OPTIMISATION_WORDS_TEXT "hints, hugepages, prefetch, stdio"

/* DIOSHIM_REFUSED: what becomes of files on which the file system refuses O_DIRECT (refused.h). */
#define REFUSED_FAIL "fail"
#define REFUSED_BUFFERED "buffered"
#define REFUSED_WORDS_TEXT REFUSED_FAIL ", " REFUSED_BUFFERED

#endif
