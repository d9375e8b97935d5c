/* The program's own F_GETFL and F_SETFL. See flags.h. */
#include "flags.h"

#include <fcntl.h>

#include "description.h"
#include "descriptor.h"
#include "gate.h"
#include "hint.h"
#include "refused.h"
#include "sys.h"

/* A number without a hint gets its key from its file. */
static uint32_t key_of(int fd)
{
	struct descriptor d;

	if (hint_get(fd) && description_key(fd))
		return description_key(fd);
	return descriptor_look(fd, false, &d) ? description_find(fd, d.file) : 0;
}

void flags_begin(struct flags_change *c, int fd)
{
	bool known = hint_get(fd);
	uint32_t key = key_of(fd);

	*c = (struct flags_change){ .fd = fd, .known = known };
	/* Neither a file nor a device: there are no windows on it. */
	if (!key)
		return;
	number_pause_begin(&c->calls, key);
	c->begun = true;
	c->gate = gate_enter_direct(key);
	window_open(&c->window, key);
}

void flags_end(struct flags_change *c, int flags)
{
	/*
	 * A description that is no longer direct needs no help. The hints of its other numbers only
	 * cost time. (They also tell which numbers are marked together, see refused.c.)
	 */
	if (flags < 0 ? !c->known : !(flags & O_DIRECT) && likely(!refused_buffered))
		hint_forget(c->fd);
	if (flags >= 0)
		description_set_appends(c->fd, flags & O_APPEND);
	if (!c->begun)
		return;
	if (flags >= 0)
		description_all_append(c->calls.key, flags & O_APPEND);
	window_close(&c->window);
	gate_leave_direct(c->gate);
	number_end_finish(&c->calls, false);
}

/* Returns the flags while no thread of this process has O_DIRECT off. */
static int flags_outside_windows(int fd, uint32_t key)
{
	kernel_sigset signals = sigmask_block();
	struct gate *g = gate_enter_direct(key);
	long flags = window_flags(key, fd);

	gate_leave_direct(g);
	sigmask_restore(signals);
	return (int)flags;
}

int flags_shown(int fd, int flags)
{
	uint32_t key = description_key(fd);
	int again;

	if (flags < 0 || (flags & O_DIRECT) || !key)
		return flags;
	if (unlikely(refused_buffered) && refused_is(fd))
		return flags | O_DIRECT;
	again = flags_outside_windows(fd, key);
	return again < 0 ? flags : again;
}
