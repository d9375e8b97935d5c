/*
 * A thread's io_uring. See ring.h.
 *
 * The bookkeeping is in the page that a child of fork finds empty (process.h); the memory that the
 * kernel shares lies beside the bounce buffers, which children do not get. Which ring is whose is a matter of thread numbers:
 * a thread that ends leaves its place behind, and who finds no free one takes that of the dead.
 */
#include "ring.h"

#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "bounce.h"
#include "process.h"
#include "sys.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x08
#endif

/* include/uapi/linux/io_uring.h; the headers at hand may be older. */
enum {
	SETUP_COOP_TASKRUN = 1 << 8,       /* Linux 5.19 */
	SETUP_SINGLE_ISSUER = 1 << 12,     /* 6.0 */
	SETUP_NO_MMAP = 1 << 14,           /* 6.5 */
	SETUP_REGISTERED_FD_ONLY = 1 << 15, /* 6.5 */
	ENTER_GETEVENTS = 1 << 0,
	ENTER_REGISTERED_RING = 1 << 4,

	ENTRIES = 2 * RING_DEPTH,
	SQE_BYTES = 64,
};

/* The kernel's struct io_uring_params, with the two addresses that are its since 6.5. */
struct ring_params {
	uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
	struct {
		uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, resv;
		uint64_t user_addr; /* of the submission queue's entries */
	} sq;
	struct {
		uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv;
		uint64_t user_addr; /* of both queues' rings */
	} cq;
};

_Static_assert(sizeof(struct ring_params) == 120, "include/uapi/linux/io_uring.h");

/* The place that the thread had last in process()->ring, plus one. */
static __thread uint8_t my_place __attribute__((tls_model("initial-exec")));

static _Atomic uint32_t *word_at(const struct ring *r, uint32_t offset)
{
	return (_Atomic uint32_t *)(r->memory + offset);
}

/*
 * Two pages: the rings, and the entries to submit. Those of a thread that has ended may still be the
 * kernel's for a moment; dropped, they are ours anew.
 */
static char *memory_of(int place, size_t page)
{
	char *memory = bounce_side_room((size_t)place * 2 * page, 2 * page);

	if (memory && sys(SYS_madvise, memory, 2 * page, MADV_DONTNEED))
		return NULL;
	return memory;
}

static void take_offsets(struct ring *r, const struct ring_params *params)
{
	uint32_t *array = (uint32_t *)(r->memory + params->sq.array);

	r->sq_head = params->sq.head;
	r->sq_tail = params->sq.tail;
	r->sq_mask = params->sq_entries - 1;
	r->cq_head = params->cq.head;
	r->cq_tail = params->cq.tail;
	r->cq_mask = params->cq_entries - 1;
	r->cqes = params->cq.cqes;
	/* The queue's order is the entries' order. */
	for (uint32_t i = 0; i < params->sq_entries; i++)
		array[i] = i;
}

/* Returns 0, or a negative errno. */
static long set_up(struct ring *r, int place)
{
	size_t page = getpagesize();
	struct ring_params params = {
		.flags = SETUP_COOP_TASKRUN | SETUP_SINGLE_ISSUER | SETUP_NO_MMAP |
			 SETUP_REGISTERED_FD_ONLY,
	};
	long number;

	r->memory = (uintptr_t)memory_of(place, page);
	if (!r->memory)
		return -ENOMEM;
	params.cq.user_addr = r->memory;
	params.sq.user_addr = r->memory + page;
	number = sys(SYS_io_uring_setup, ENTRIES, &params);
	if (number < 0)
		return number;
	r->number = number;
	r->sqes = r->memory + page;
	take_offsets(r, &params);
	return 0;
}

/* A child of vfork(2) or clone(CLONE_VM) is not to leave its rings in its parent's memory. */
static bool own_process(struct process *p, pid_t pid)
{
	uint32_t none = 0;

	return atomic_compare_exchange_strong(&p->ring_pid, &none, (uint32_t)pid) ||
	       none == (uint32_t)pid;
}

/* Would a filter have a say? It might be one that kills, and io_uring is on few lists. */
static bool filtered(void)
{
	return sys(SYS_prctl, PR_GET_SECCOMP, 0L, 0L, 0L, 0L) != 0;
}

/* A thread that ended in the process cannot come back for its ring. */
static bool gone(pid_t pid, pid_t tid)
{
	return sys(SYS_tgkill, pid, tid, 0) == -ESRCH;
}

/* Take a place: a free one, our own number's (of a dead namesake), or that of a thread that has ended. */
static struct ring *take_place(struct process *p, pid_t pid, pid_t tid)
{
	for (int dead = 0; dead < 2; dead++) {
		for (int i = 0; i < RINGS; i++) {
			struct ring *r = &p->ring[i];
			uint32_t owner = atomic_load(&r->owner);

			if (owner && owner != (uint32_t)tid && !(dead && gone(pid, owner)))
				continue;
			if (atomic_compare_exchange_strong(&r->owner, &owner, tid))
				return r;
		}
	}
	return NULL;
}

static struct ring *make(struct process *p, pid_t pid, pid_t tid)
{
	struct ring *r = take_place(p, pid, tid);
	long err;

	if (!r)
		return NULL;
	err = set_up(r, (int)(r - p->ring));
	if (!err) {
		my_place = (uint8_t)(r - p->ring + 1);
		return r;
	}
	atomic_store(&r->owner, 0);
	/* EBUSY: the program has as many rings registered for this thread as there may be. */
	if (err != -EBUSY)
		atomic_store(&p->rings_refused, 1);
	return NULL;
}

struct ring *ring_get(void)
{
	struct process *p = process();
	pid_t tid;
	pid_t pid;

	if (!p || atomic_load_explicit(&p->rings_refused, memory_order_relaxed))
		return NULL;
	tid = sys(SYS_gettid);
	if (my_place && atomic_load(&p->ring[my_place - 1].owner) == (uint32_t)tid)
		return &p->ring[my_place - 1];
	pid = sys(SYS_getpid);
	if (!own_process(p, pid))
		return NULL;
	if (filtered()) {
		atomic_store(&p->rings_refused, 1);
		return NULL;
	}
	return make(p, pid, tid);
}

static void fill(struct io_uring_sqe *sqe, int fd, const void *addr, size_t len, uint64_t pos,
		 unsigned tag)
{
	memset(sqe, 0, SQE_BYTES);
	sqe->opcode = IORING_OP_WRITE;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)addr;
	sqe->len = (uint32_t)len;
	sqe->off = pos;
	sqe->rw_flags = RWF_NOWAIT;
	sqe->user_data = tag;
}

bool ring_write(struct ring *r, int fd, const void *addr, size_t len, uint64_t pos, unsigned tag)
{
	uint32_t tail = atomic_load_explicit(word_at(r, r->sq_tail), memory_order_relaxed);

	fill((struct io_uring_sqe *)(r->sqes + (tail & r->sq_mask) * (size_t)SQE_BYTES), fd, addr, len,
	     pos, tag);
	atomic_store_explicit(word_at(r, r->sq_tail), tail + 1, memory_order_release);
	if (sys(SYS_io_uring_enter, r->number, 1L, 0L, (long)ENTER_REGISTERED_RING, NULL, 0L) == 1)
		return true;
	/* Not taken, and never to be: the next one must not find it there. */
	if (atomic_load_explicit(word_at(r, r->sq_head), memory_order_acquire) == tail + 1)
		return true;
	atomic_store_explicit(word_at(r, r->sq_tail), tail, memory_order_release);
	return false;
}

bool ring_done(const struct ring *r)
{
	return atomic_load_explicit(word_at(r, r->cq_tail), memory_order_acquire) !=
	       atomic_load_explicit(word_at(r, r->cq_head), memory_order_relaxed);
}

unsigned ring_wait(struct ring *r, long *ret)
{
	const struct io_uring_cqe *cqe;
	uint32_t head;
	unsigned tag;

	/* A call that fails changes nothing about what is under way: the memory is not ours before. */
	while (!ring_done(r))
		if (sys(SYS_io_uring_enter, r->number, 0L, 1L,
			(long)(ENTER_GETEVENTS | ENTER_REGISTERED_RING), NULL, 0L) < 0)
			sys(SYS_sched_yield);
	head = atomic_load_explicit(word_at(r, r->cq_head), memory_order_relaxed);
	cqe = (const struct io_uring_cqe *)(r->memory + r->cqes) + (head & r->cq_mask);
	tag = (unsigned)cqe->user_data;
	*ret = cqe->res;
	atomic_store_explicit(word_at(r, r->cq_head), head + 1, memory_order_release);
	return tag;
}
