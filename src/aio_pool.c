/* Bounce memory for requests under way. See aio_pool.h. */
#include "aio_pool.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <time.h>

#include "bounce.h"
#include "process.h"
#include "sys.h"

enum {
	UNITS = BOUNCE_LARGE / AIO_POOL_UNIT,
	WORD = 64,	  /* bits */
	WATCHES = 128,	  /* requests under way at the same time, counted in fs.aio-max-nr */
	AT_A_TIME = 8,	  /* events; also, requests after which they are looked for */
	SLOT_SHIFT = 20,  /* in a name, */
	FIRST_SHIFT = 10, /* above the number of units */
};

_Static_assert(UNITS == AIO_POOL_WORDS * WORD, "a bit for each unit");
_Static_assert(AIO_POOL_LONGEST / AIO_POOL_UNIT < 1 << FIRST_SHIFT, "a piece has a name");

static bool used(const struct aio_slot *s, unsigned unit)
{
	return s->used[unit / WORD] >> unit % WORD & 1;
}

static void mark(struct aio_slot *s, unsigned first, unsigned count, bool use)
{
	for (unsigned i = first; i < first + count; i++) {
		uint64_t bit = UINT64_C(1) << i % WORD;

		if (use)
			s->used[i / WORD] |= bit;
		else
			s->used[i / WORD] &= ~bit;
	}
}

/* Returns the first of `count` free units in a row; -1 if there are none. */
static int find(const struct aio_slot *s, unsigned count)
{
	unsigned row = 0;

	for (unsigned i = 0; i < UNITS; i++) {
		if (!row && i % WORD == 0 && s->used[i / WORD] == UINT64_MAX) {
			i += WORD - 1;
			continue;
		}
		row = used(s, i) ? 0 : row + 1;
		if (row == count)
			return (int)(i + 1 - count);
	}
	return -1;
}

static void give_back(struct aio_pool *pool, uint32_t name)
{
	unsigned count = name & ((1 << FIRST_SHIFT) - 1);
	unsigned first = name >> FIRST_SHIFT & ((1 << (SLOT_SHIFT - FIRST_SHIFT)) - 1);

	mark(&pool->slot[name >> SLOT_SHIFT], first, count, false);
}

/* Gives back the pieces whose requests have ended. */
static void collect(struct aio_pool *pool)
{
	struct io_event events[AT_A_TIME] = { 0 };
	const struct timespec at_once = { 0, 0 };
	long n;

	pool->since_look = 0;
	do {
		if (!pool->watched)
			return;
		n = sys(SYS_io_getevents, (aio_context_t)pool->context, 0L, (long)AT_A_TIME, events,
			&at_once);
		for (long i = 0; i < n; i++, pool->watched--)
			give_back(pool, (uint32_t)events[i].data);
	} while (n == AT_A_TIME);
}

static bool take(struct aio_pool *pool, unsigned slot, unsigned count, struct aio_piece *p)
{
	struct aio_slot *s = &pool->slot[slot];
	int first = find(s, count);

	if (first < 0)
		return false;
	mark(s, (unsigned)first, count, true);
	p->addr = (char *)s->addr + (size_t)first * AIO_POOL_UNIT;
	p->name = slot << SLOT_SHIFT | (unsigned)first << FIRST_SHIFT | count;
	return true;
}

static bool get(struct aio_pool *pool, unsigned count, struct aio_piece *p)
{
	struct bounce b;

	for (unsigned i = 0; i < pool->slots; i++)
		if (take(pool, i, count, p))
			return true;
	if (pool->slots == AIO_SLOTS || !bounce_keep(&b, (int)pool->slots))
		return false;
	pool->slot[pool->slots].addr = (uintptr_t)b.addr;
	return take(pool, pool->slots++, count, p);
}

bool aio_pool_get(struct aio_piece *p, size_t len)
{
	struct process *own = process();
	unsigned count = (unsigned)((len + AIO_POOL_UNIT - 1) / AIO_POOL_UNIT);
	bool got;

	if (!own || len > AIO_POOL_LONGEST)
		return false;
	process_lock(&own->aio.lock);
	if (own->aio.since_look++ >= AT_A_TIME)
		collect(&own->aio);
	got = get(&own->aio, count, p);
	if (!got && own->aio.since_look) {
		collect(&own->aio);
		got = get(&own->aio, count, p);
	}
	process_unlock(&own->aio.lock);
	return got;
}

void aio_pool_put(uint32_t name)
{
	struct aio_pool *pool = &process()->aio;

	process_lock(&pool->lock);
	give_back(pool, name);
	process_unlock(&pool->lock);
}

/* Returns whether there is a context of the shim's own. It is asked for once. */
static bool have_context(struct aio_pool *pool)
{
	aio_context_t context = 0;

	if (!pool->context && !pool->refused)
		pool->refused = sys(SYS_io_setup, WATCHES, &context) < 0;
	if (context)
		pool->context = context;
	return pool->context;
}

bool aio_pool_put_when_signalled(uint32_t name, int eventfd)
{
	struct aio_pool *pool = &process()->aio;
	struct iocb cb = {
		.aio_data = name,
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = (uint32_t)eventfd,
		.aio_buf = POLLIN,
	};
	struct iocb *list[] = { &cb };
	bool watched;

	process_lock(&pool->lock);
	watched = have_context(pool) &&
		  sys(SYS_io_submit, (aio_context_t)pool->context, 1L, list) == 1;
	pool->watched += watched;
	process_unlock(&pool->lock);
	return watched;
}
