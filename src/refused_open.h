/*
 * An open with O_DIRECT, where the file system may refuse that (refused.h).
 *
 * The kernel finds out that a file has no direct I/O when it has opened it already (do_dentry_open(),
 * fs/open.c): open(2) fails with EINVAL, but a file that O_CREAT has made stays. A second open with
 * O_EXCL would then fail with EEXIST, one without it may find the file gone, or have no permission by
 * the new file's mode. So an open that may create is made once, without O_DIRECT, and F_SETFL then asks
 * for it. All others, which leave nothing behind, are made as they are, and again without O_DIRECT if the
 * answer was EINVAL.
 *
 * The caller makes the calls, in whatever form the program's call has:
 *
 *	opening_begin(&o, flags);
 *	do
 *		fd = next(path, o.flags, mode);
 *	while (opening_goes_on(&o, &fd));
 */
#ifndef DIOSHIM_REFUSED_OPEN_H
#define DIOSHIM_REFUSED_OPEN_H

#include <stdbool.h>

struct opening {
	int flags;  /* of the next call */
	int asked;  /* the program's */
	int before; /* errno, which stays as it was if the file is opened */
	enum {
		OPENING_AS_IT_IS, /* the answer stands */
		OPENING_CREATES,  /* without O_DIRECT, which is asked for afterwards */
		OPENING_DIRECT,	  /* as the program asks, and first */
		OPENING_LOOKS,	  /* with O_PATH, to see what it is */
		OPENING_WITHOUT,  /* without O_DIRECT, because that was refused */
	} step;
};

void opening_begin(struct opening *o, int flags);

/* The same for a call that always creates, like mkostemp(3). */
void opening_begin_creating(struct opening *o, int flags);

/*
 * Takes the answer, a descriptor or -1 with errno. Returns true if another call is to be made. Otherwise
 * *fd and errno are what the program gets.
 */
bool opening_goes_on(struct opening *o, int *fd);

#endif
