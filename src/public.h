/*
 * The levels of calls, by name. PUBLIC name(): what the program calls, in the public_*.c files;
 * real.name(): what it would have called without the shim (real.h); sys(): the kernel, for the
 * shim's own calls (sys.h). Nothing below the public level calls a public name, so nothing
 * recurses.
 */
#ifndef DIOSHIM_PUBLIC_H
#define DIOSHIM_PUBLIC_H

#include <errno.h>

#include "real.h"

/*
 * errno as the program left it, read before each call because a refused call overwrites it. Each
 * thread keeps a pointer to it: __errno_location() on every call would cost more than the rest of
 * the wrapper.
 */
extern __thread int *public_errno __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline int errno_before(void)
{
	if (__builtin_expect(!public_errno, 0))
		public_errno = &errno;
	return *public_errno;
}

/* Exports a symbol; everything else in the library is hidden. */
#define PUBLIC __attribute__((visibility("default")))

/* X(symbol, kind) for symbols.h: PUBLIC_<kind>(symbol) defines the public function. */
#define PUBLIC_SYMBOL(symbol, kind) PUBLIC_##kind(symbol)

/* For a public function that is a cancellation point (pthreads(7)) and does not make its call itself. */
static inline void cancellation_point(void)
{
	if (real_testcancel)
		real_testcancel();
}

/* HOT: the path of nearly every call, to be kept short. COLD: what is off that path. */
#define HOT static inline __attribute__((always_inline))
#define COLD static __attribute__((noinline, cold))

#endif
