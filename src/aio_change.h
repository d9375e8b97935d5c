/*
 * An iocb of the program that is different while it is submitted.
 *
 * The kernel copies an iocb at io_submit(2), and its event has the address of the program's. So the iocb is changed in
 * place, submitted and put back. Another thread may take the event before this one has put the iocb back; it must
 * not find it changed, nor be overwritten when it uses the iocb anew. So those that are changed are listed, and the
 * covered calls that take events (public_syscall.c) wait for one that they have an event of. Where a thread reads the ring
 * of events itself, while another submits, nothing can wait; the iocb is put back only if it is still as
 * it was submitted.
 */
#ifndef DIOSHIM_AIO_CHANGE_H
#define DIOSHIM_AIO_CHANGE_H

#include <linux/aio_abi.h>
#include <stdbool.h>

struct process;

struct aio_change {
	struct process *process;
	struct iocb *cb;
	struct iocb was, is;
	int place; /* in the list; -1: none */
};

/* Returns whether the iocb can be written. The kernel requires that, too. */
bool aio_change_possible(struct iocb *cb);

/*
 * Changes the iocb, which can be written, to c->is, which the caller has filled in; its key is left to the kernel.
 * Signals must be blocked until aio_change_end(). Returns false if there is no memory for the list.
 */
bool aio_change_begin(struct aio_change *c, struct iocb *cb);
void aio_change_end(struct aio_change *c);

/* Waits until no iocb of these events is changed. For events that the kernel has just given to the program. */
void aio_change_wait(const struct io_event *events, long n);

#endif
