/* iocbs that are different while they are submitted. See aio_change.h. */
#include "aio_change.h"

#include <stddef.h>
#include <stdint.h>

#include "process.h"
#include "sys.h"
#include "usermem.h"

enum { PATIENCE = 2 /* seconds */ };

bool aio_change_possible(struct iocb *cb)
{
	const struct iovec iov = { cb, sizeof(*cb) };
	struct cursor c = cursor_at_start(&iov, 1);

	return usermem_check(&c, sizeof(*cb), USERMEM_WRITE) == sizeof(*cb);
}

/* Takes a free place in the list. Returns -1 if all are taken. */
static int take_place(struct process *p, const struct iocb *cb)
{
	for (int i = 0; i < AIO_CHANGES; i++) {
		uintptr_t none = 0;

		if (atomic_compare_exchange_strong(&p->aio_changed[i], &none, (uintptr_t)cb))
			return i;
	}
	return -1;
}

/* Waits while all are taken, for a limited time: a place is lost if the iocb is unmapped while it is changed. */
static int enlist(struct process *p, const struct iocb *cb)
{
	bool in_time = true;
	int place = take_place(p, cb);

	while (place < 0 && in_time) {
		uint32_t ended = atomic_load(&p->aio_ended);

		atomic_fetch_add(&p->aio_waiters, 1);
		place = take_place(p, cb);
		if (place < 0)
			in_time = process_wait_bounded(&p->aio_ended, ended, PATIENCE);
		atomic_fetch_sub(&p->aio_waiters, 1);
	}
	return place;
}

static void copy_fields(struct iocb *to, const struct iocb *from)
{
	to->aio_data = from->aio_data;
	to->aio_rw_flags = from->aio_rw_flags;
	to->aio_lio_opcode = from->aio_lio_opcode;
	to->aio_fildes = from->aio_fildes;
	to->aio_buf = from->aio_buf;
	to->aio_nbytes = from->aio_nbytes;
	to->aio_offset = from->aio_offset;
	to->aio_flags = from->aio_flags;
	to->aio_resfd = from->aio_resfd;
}

static bool same_fields(const struct iocb *a, const struct iocb *b)
{
	return a->aio_data == b->aio_data && a->aio_rw_flags == b->aio_rw_flags &&
	       a->aio_lio_opcode == b->aio_lio_opcode && a->aio_fildes == b->aio_fildes &&
	       a->aio_buf == b->aio_buf && a->aio_nbytes == b->aio_nbytes &&
	       a->aio_offset == b->aio_offset && a->aio_flags == b->aio_flags &&
	       a->aio_resfd == b->aio_resfd;
}

bool aio_change_begin(struct aio_change *c, struct iocb *cb)
{
	c->process = process();
	if (!c->process)
		return false;
	c->cb = cb;
	c->was = *cb;
	atomic_fetch_add(&c->process->aio_changes, 1);
	c->place = enlist(c->process, cb);
	copy_fields(cb, &c->is);
	return true;
}

void aio_change_end(struct aio_change *c)
{
	struct process *p = c->process;

	if (same_fields(c->cb, &c->is))
		copy_fields(c->cb, &c->was);
	if (c->place >= 0)
		atomic_store(&p->aio_changed[c->place], 0);
	atomic_fetch_sub(&p->aio_changes, 1);
	atomic_fetch_add(&p->aio_ended, 1);
	if (atomic_load(&p->aio_waiters))
		process_wake(&p->aio_ended, INT32_MAX);
}

static bool is_changed(struct process *p, const struct io_event *events, long n)
{
	for (int i = 0; i < AIO_CHANGES; i++) {
		uintptr_t cb = atomic_load(&p->aio_changed[i]);

		for (long k = 0; cb && k < n; k++)
			if (events[k].obj == cb)
				return true;
	}
	return false;
}

void aio_change_wait(const struct io_event *events, long n)
{
	struct process *p = process_if_any();
	uint32_t ended;

	/* The event was posted after the count had gone up. */
	if (!p || likely(!atomic_load(&p->aio_changes)))
		return;
	atomic_fetch_add(&p->aio_waiters, 1);
	for (;;) {
		ended = atomic_load(&p->aio_ended);
		if (!is_changed(p, events, n) ||
		    !process_wait_bounded(&p->aio_ended, ended, PATIENCE))
			break;
	}
	atomic_fetch_sub(&p->aio_waiters, 1);
}
