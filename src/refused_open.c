/* An open with O_DIRECT, where the file system may refuse that. See refused_open.h. */
#include "refused_open.h"

#include <errno.h>
#include <fcntl.h>

#include "descriptor.h"
#include "refused.h"
#include "sys.h"

static void begin(struct opening *o, int flags, bool creates)
{
	*o = (struct opening){ .flags = flags, .asked = flags, .before = errno };
	if (!(flags & O_DIRECT) || (flags & O_PATH)) {
		o->step = OPENING_AS_IT_IS;
	} else if (creates) {
		o->step = OPENING_CREATES;
		o->flags &= ~O_DIRECT;
	} else {
		o->step = OPENING_DIRECT;
	}
}

void opening_begin(struct opening *o, int flags)
{
	begin(o, flags, flags & O_CREAT);
}

void opening_begin_creating(struct opening *o, int flags)
{
	begin(o, flags, true);
}

/* Ends it with the kernel's answer to what the program asked for. Returns false. */
static bool refuse(int *fd)
{
	if (*fd >= 0)
		sys(SYS_close, *fd);
	*fd = -1;
	errno = EINVAL;
	return false;
}

/* Returns false, with the file opened without O_DIRECT; or refuses, if it is no file at all. */
static bool go_on_without(const struct opening *o, int *fd)
{
	if (!descriptor_file(*fd))
		return refuse(fd);
	errno = o->before;
	return false;
}

/*
 * Asks for O_DIRECT on what was opened or created. A FIFO takes it for packet mode (pipe(2)), but open(2)
 * refuses it there, as on all that is no file. (There refused_advice() fails, too.)
 */
static bool ask_for_direct(const struct opening *o, int *fd)
{
	long ret = sys(SYS_fcntl, *fd, F_SETFL, o->asked);

	if (!ret)
		ret = refused_advice(*fd);
	if (ret == -EINVAL)
		sys(SYS_fcntl, *fd, F_SETFL, o->asked & ~O_DIRECT);
	if (ret)
		return go_on_without(o, fd);
	errno = o->before;
	return false;
}

static bool is_temporary(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

static bool after_direct(struct opening *o, const int *fd)
{
	if (*fd >= 0 || errno != EINVAL)
		return false;
	if (is_temporary(o->asked)) {
		o->step = OPENING_WITHOUT;
		o->flags = o->asked & ~O_DIRECT;
	} else {
		o->step = OPENING_LOOKS;
		o->flags = O_PATH | O_CLOEXEC | (o->asked & O_NOFOLLOW);
	}
	return true;
}

/* Opening anything else a second time might block (FIFOs), or do something (devices). */
static bool after_look(struct opening *o, int *fd)
{
	bool file = *fd >= 0 && descriptor_file(*fd);

	if (!file)
		return refuse(fd);
	sys(SYS_close, *fd);
	o->step = OPENING_WITHOUT;
	o->flags = o->asked & ~O_DIRECT;
	return true;
}

bool opening_goes_on(struct opening *o, int *fd)
{
	switch (o->step) {
	case OPENING_CREATES:
		return *fd >= 0 && ask_for_direct(o, fd);
	case OPENING_DIRECT:
		return after_direct(o, fd);
	case OPENING_LOOKS:
		return after_look(o, fd);
	case OPENING_WITHOUT:
		return *fd < 0 ? refuse(fd) : go_on_without(o, fd);
	default:
		return false;
	}
}
