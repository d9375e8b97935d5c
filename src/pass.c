/* Calls that go to the kernel as they are. See pass.h. */
#include "pass.h"

#include <errno.h>

#include "buffered.h"
#include "direct.h"
#include "gate.h"
#include "number.h"
#include "public.h"
#include "record_call.h"
#include "recording.h"

__thread int *public_errno;

void pass_wait(struct pass *p, bool implied)
{
	bool turn = implied && turn_any();

	if (!turn && !window_is_open(p->key))
		return;
	sigmask_hold(&p->signals);
	claims_begin(&p->outer, p->signals.signals);
	p->waited = true;
	if (turn)
		p->turn = turn_take(p->key);
	p->gate = gate_enter_direct(p->key);
	/* The windows of this process are closed now. */
	if (window_is_open(p->key) && p->key)
		window_wait(p->key);
	p->since = window_now(p->key);
	p->met = window_is_open(p->key);
}

void pass_leave(struct pass *p)
{
	gate_leave_direct(p->gate);
	turn_end(p->turn);
	claims_end(&p->outer);
	sigmask_release(&p->signals);
}

ssize_t pass_settle(struct pass *p, bool write, int64_t pos, ssize_t ret)
{
	kernel_sigset signals;
	long err;

	p->met = true;
	if (window_is_stale(p->key)) {
		signals = sigmask_block();
		number_enter(p->fd);
		if (description_generation(p->fd) == p->generation)
			buffered_repair(p->fd, p->key);
		number_leave(p->fd);
		sigmask_restore(signals);
	}
	if (ret <= 0)
		return ret;
	err = direct_settle(p->fd, write, pos, (uint64_t)ret);
	if (unlikely(recording.any))
		record_met_window(p->fd, write ? RECORD_WRITE : RECORD_READ, ret);
	if (!err)
		return ret;
	errno = (int)-err;
	return -1;
}
