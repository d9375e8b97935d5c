/*
 * sendfile, splice and copy_file_range. The kernel is asked first; a call that it refuses, or does
 * not complete, on a direct descriptor continues in copy.c.
 */
#include "public_copy.h"

#include "hint.h"
#include "pass.h"
#include "public.h"
#include "real.h"
#include "record_call.h"
#include "recording.h"
#include "sys.h"

/* Counts a call that is the kernel's, on each of its files that is direct. */
static ssize_t counted(const struct copy *c, ssize_t ret)
{
	if (likely(!recording.any))
		return ret;
	record_answered(c->in, RECORD_READ, ret);
	record_answered(c->out, RECORD_WRITE, ret);
	return ret;
}

/*
 * One end of a call that the kernel makes. The call may block on a socket or a pipe, so it does not
 * wait in the gate as others do (pass_wait()). If a window is open meanwhile, the file is brought to
 * the device, or dropped from the page cache, afterwards.
 */
static void begin(struct pass *p, int fd)
{
	*p = (struct pass){ .fd = fd };
	if (!hint_get(fd))
		return;
	p->key = description_key(fd);
	p->since = window_now(p->key);
	p->generation = description_generation(fd);
	p->met = window_count(p->since) && window_is_open(p->key);
}

static ssize_t end(struct pass *p, bool write, ssize_t ret)
{
	return p->generation ? pass_end(p, write, -1, ret) : ret;
}

/*
 * The kernel's own call. Stores the generations of the numbers that are known to be direct. *undone:
 * it may have left something undone because of an alignment. A short count counts only where a
 * descriptor is known to be direct.
 */
static __attribute__((noinline)) ssize_t pass(const struct copy *c, copy_issue *issue,
					      uint32_t generation[2], bool *undone)
{
	struct pass in, out;
	ssize_t ret;

	begin(&in, c->in);
	begin(&out, c->out);
	generation[0] = in.generation;
	generation[1] = out.generation;
	ret = issue(c);
	if (ret < 0)
		*undone = errno == EINVAL || errno == EIO;
	else
		*undone = ret && (size_t)ret < c->len && (in.generation || out.generation);
	ret = end(&out, true, end(&in, false, ret));
	/* It was moved, but could not be brought to the device. */
	if (ret < 0 && (in.met || out.met))
		*undone = *undone && errno == EINVAL;
	return ret;
}

/* Others may be quicker to fill or to empty a pipe, but not a thousand times. */
ssize_t copy_call(const struct copy *c, copy_issue *issue)
{
	enum { TRIES = 1000 };
	const int before = errno_before();
	uint32_t generation[2];
	bool undone;
	ssize_t ret;
	long answer;
	int refusal;
	int tries = 0;

	do {
		ret = pass(c, issue, generation, &undone);
		if (likely(!undone))
			return counted(c, ret);
		refusal = ret < 0 ? errno : 0;
		answer = copy_by_hand(c, refusal, ret < 0 ? 0 : (size_t)ret, generation);
	} while (answer == COPY_AGAIN && ++tries < TRIES);
	if (answer == COPY_ASIDE || answer == COPY_AGAIN) {
		errno = refusal ? refusal : before;
		return counted(c, ret);
	}
	errno = answer < 0 ? (int)-answer : before;
	return answer < 0 ? -1 : answer;
}

#ifdef DIOSHIM_OFF32
#define NOT_OFF32 , false
#else
#define NOT_OFF32
#endif

#define PUBLIC_sendfile(symbol) \
	static ssize_t issue_##symbol(const struct copy *c) \
	{ \
		return real.symbol(c->out, c->in, c->in_pos, c->len); \
	} \
\
	PUBLIC ssize_t symbol(int out, int in, int64_t *pos, size_t n) \
	{ \
		const struct copy c = { COPY_SENDFILE, in, out, pos, NULL, n, 0 NOT_OFF32 }; \
\
		return copy_call(&c, issue_##symbol); \
	}

#ifdef DIOSHIM_OFF32
#define PUBLIC_sendfile_off32(symbol) \
	static ssize_t issue_##symbol(const struct copy *c) \
	{ \
		return real.symbol(c->out, c->in, (off_t *)(void *)c->in_pos, c->len); \
	} \
\
	PUBLIC ssize_t symbol(int out, int in, off_t *pos, size_t n) \
	{ \
		const struct copy c = { COPY_SENDFILE, in, out, (int64_t *)(void *)pos, \
					NULL,	       n,  0,	true }; \
\
		return copy_call(&c, issue_##symbol); \
	}
#endif

#define PUBLIC_TWO_POSITIONS(symbol, name) \
	static ssize_t issue_##symbol(const struct copy *c) \
	{ \
		return real.symbol(c->in, c->in_pos, c->out, c->out_pos, c->len, c->flags); \
	} \
\
	PUBLIC ssize_t symbol(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n, \
			      unsigned flags) \
	{ \
		const struct copy c = { name, in, out, in_pos, out_pos, n, flags NOT_OFF32 }; \
\
		return copy_call(&c, issue_##symbol); \
	}

#define PUBLIC_splice(symbol) PUBLIC_TWO_POSITIONS(symbol, COPY_SPLICE)
#define PUBLIC_copy_file_range(symbol) PUBLIC_TWO_POSITIONS(symbol, COPY_RANGE)

DIOSHIM_COPY_SYMBOLS(PUBLIC_SYMBOL)
