/* Opens and transfers where the file system may refuse O_DIRECT. See refused_hooks.h. */
#include "refused_hooks.h"

#include <fcntl.h>
#include <string.h>

#include "hooks.h"
#include "refused.h"
#include "refused_open.h"
#include "rwf.h"
#include "sys64.h"
#include "transfers.h"
#include "usermem.h"

static struct real next;

/* --- opens --- */

/* `call` has the flags o_.flags. */
#define OPENED(begin, asked, call) \
	({ \
		struct opening o_; \
		int fd_; \
\
		begin(&o_, asked); \
		do \
			fd_ = (int)(call); \
		while (opening_goes_on(&o_, &fd_)); \
		fd_; \
	})

#define HOOK_open(symbol) \
	static int hook_##symbol(const char *path, int flags, ...) \
	{ \
		mode_t mode = MODE_AFTER(flags); \
\
		return OPENED(opening_begin, flags, next.symbol(path, o_.flags, mode)); \
	}

#define HOOK_openat(symbol) \
	static int hook_##symbol(int dirfd, const char *path, int flags, ...) \
	{ \
		mode_t mode = MODE_AFTER(flags); \
\
		return OPENED(opening_begin, flags, next.symbol(dirfd, path, o_.flags, mode)); \
	}

/* The FORTIFY variants abort the program if it asks to create. */
#define HOOK_open_2(symbol) \
	static int hook_##symbol(const char *path, int flags) \
	{ \
		if (flags & O_CREAT) \
			return next.symbol(path, flags); \
		return OPENED(opening_begin, flags, next.symbol(path, o_.flags)); \
	}

#define HOOK_openat_2(symbol) \
	static int hook_##symbol(int dirfd, const char *path, int flags) \
	{ \
		if (flags & O_CREAT) \
			return next.symbol(dirfd, path, flags); \
		return OPENED(opening_begin, flags, next.symbol(dirfd, path, o_.flags)); \
	}

/* The C library has changed the template when it fails; but not if the template is bad. */
#define HOOK_mkostemp(symbol) \
	static int hook_##symbol(char *template, int flags) \
	{ \
		return OPENED(opening_begin_creating, flags, next.symbol(template, o_.flags)); \
	}

#define HOOK_mkostemps(symbol) \
	static int hook_##symbol(char *template, int suffix, int flags) \
	{ \
		return OPENED(opening_begin_creating, flags, \
			      next.symbol(template, suffix, o_.flags)); \
	}

/* openat2(2): the structure may grow. */
union how_copy {
	uint64_t flags; /* its first member */
	char bytes[64];
};

enum { HOW_LEAST = 24 }; /* bytes: its first version */

static bool copy_how(const struct open_how *how, size_t size, union how_copy *copy)
{
	const struct iovec iov = { (void *)(uintptr_t)how, size };
	struct cursor c = cursor_at_start(&iov, 1);

	return size >= HOW_LEAST && size <= sizeof(*copy) && usermem_gather(&c, copy, size) == size;
}

bool refused_how_direct(const struct open_how *how, size_t size)
{
	union how_copy copy;

	return copy_how(how, size, &copy) && (copy.flags & O_DIRECT);
}

static void set_flags(union how_copy *how, int flags)
{
	how->flags = (how->flags & ~(uint64_t)UINT32_MAX) | (uint32_t)flags;
}

/* The kernel reads it from the program's memory, unless it asks for O_DIRECT. */
#define OPENED_HOW(how, size, call) \
	({ \
		union how_copy copy_; \
		const void *given_ = (how); \
		bool direct_ = copy_how(how, size, &copy_) && (copy_.flags & O_DIRECT); \
\
		if (direct_) \
			given_ = &copy_; \
		OPENED(opening_begin, direct_ ? (int)copy_.flags : 0, ({ \
			       if (direct_) \
				       set_flags(&copy_, o_.flags); \
			       call; \
		       })); \
	})

#define HOOK_openat2(symbol) \
	static int hook_##symbol(int dirfd, const char *path, const struct open_how *how, \
				 size_t size) \
	{ \
		return OPENED_HOW(how, size, next.symbol(dirfd, path, given_, size)); \
	}

#define HOOK_creat(symbol) HOOK_NONE(symbol, creat)

/* --- transfers --- */

static ssize_t moved(int fd, bool write, int64_t pos, ssize_t ret)
{
	return ret > 0 ? refused_moved(fd, write, pos, ret) : ret;
}

#define HOOK_MOVES(symbol, write, at, parameters, arguments) \
	static ssize_t hook_##symbol parameters \
	{ \
		return moved(fd, write, at, next.symbol arguments); \
	}

#define PLACE(at, rwf) ((rwf)&KERNEL_RWF_APPEND ? REFUSED_UNKNOWN : (at))

#define HOOK_read(symbol) \
	HOOK_MOVES(symbol, false, REFUSED_IMPLIED, (int fd, void *buf, size_t n), (fd, buf, n))
#define HOOK_PREAD(symbol, offset) \
	HOOK_MOVES(symbol, false, at, (int fd, void *buf, size_t n, offset at), (fd, buf, n, at))
#define HOOK_readv(symbol) \
	HOOK_MOVES(symbol, false, REFUSED_IMPLIED, (int fd, VECTOR), (fd, iov, n))
#define HOOK_PREADV(symbol, offset) \
	HOOK_MOVES(symbol, false, at, (int fd, VECTOR, offset at), (fd, iov, n, at))
/* An offset of -1 stands for the description's, here as in the calls that take flags. */
#define HOOK_PREADV2(symbol, offset) \
	HOOK_MOVES(symbol, false, at, (int fd, VECTOR, offset at, int rwf), (fd, iov, n, at, rwf))

#define HOOK_write(symbol) \
	HOOK_MOVES(symbol, true, REFUSED_IMPLIED, (int fd, const void *buf, size_t n), (fd, buf, n))
#define HOOK_PWRITE(symbol, offset) \
	HOOK_MOVES(symbol, true, at, (int fd, const void *buf, size_t n, offset at), \
		   (fd, buf, n, at))
#define HOOK_writev(symbol) \
	HOOK_MOVES(symbol, true, REFUSED_IMPLIED, (int fd, VECTOR), (fd, iov, n))
#define HOOK_PWRITEV(symbol, offset) \
	HOOK_MOVES(symbol, true, at, (int fd, VECTOR, offset at), (fd, iov, n, at))
#define HOOK_PWRITEV2(symbol, offset) \
	HOOK_MOVES(symbol, true, PLACE(at, rwf), (int fd, VECTOR, offset at, int rwf), \
		   (fd, iov, n, at, rwf))

/*
 * A copy is at the offset of a description, or at one that is in the program's memory. Then all of the
 * file is settled.
 */
static ssize_t copied(int in, bool in_given, int out, bool out_given, ssize_t ret)
{
	ret = moved(in, false, in_given ? REFUSED_UNKNOWN : REFUSED_IMPLIED, ret);
	return moved(out, true, out_given ? REFUSED_UNKNOWN : REFUSED_IMPLIED, ret);
}

#define HOOK_SENDFILE(symbol, offset_pointer) \
	static ssize_t hook_##symbol(int out, int in, offset_pointer pos, size_t n) \
	{ \
		return copied(in, pos, out, false, next.symbol(out, in, pos, n)); \
	}

#define HOOK_sendfile(symbol) HOOK_SENDFILE(symbol, int64_t *)
#define HOOK_sendfile_off32(symbol) HOOK_SENDFILE(symbol, off_t *)

#define HOOK_two_positions(symbol) \
	static ssize_t hook_##symbol(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n, \
				     unsigned flags) \
	{ \
		return copied(in, in_pos, out, out_pos, \
			      next.symbol(in, in_pos, out, out_pos, n, flags)); \
	}

#define HOOK_splice(symbol) HOOK_two_positions(symbol)
#define HOOK_copy_file_range(symbol) HOOK_two_positions(symbol)

/* --- by number --- */

static ssize_t moved_by_number(long nr, int takes, const long x[6], ssize_t ret)
{
	int64_t pos = takes & TRANSFER_OFFSET ? sys64_offset(takes & TRANSFER_VECTOR, x)
					      : REFUSED_IMPLIED;

	if ((takes & TRANSFER_FLAGS) && nr == SYS_pwritev2)
		pos = PLACE(pos, x[5]);
	return moved((int)x[0], takes & TRANSFER_WRITE, pos, ret);
}

static long hook_number(long nr, const long x[6])
{
	int takes = transfer_takes(nr);

	if (takes >= 0)
		return moved_by_number(nr, takes, x,
				       next.syscall(nr, x[0], x[1], x[2], x[3], x[4], x[5]));
	switch (nr) {
#ifdef SYS_open
	case SYS_open:
		return OPENED(opening_begin, (int)x[1], next.syscall(nr, x[0], o_.flags, x[2]));
#endif
	case SYS_openat:
		return OPENED(opening_begin, (int)x[2],
			      next.syscall(nr, x[0], x[1], o_.flags, x[3]));
#ifdef SYS_openat2
	case SYS_openat2:
		return OPENED_HOW((const struct open_how *)x[2], (size_t)x[3],
				  next.syscall(nr, x[0], x[1], given_, x[3]));
#endif
	case SYS_open_by_handle_at:
		return OPENED(opening_begin, (int)x[2], next.syscall(nr, x[0], x[1], o_.flags));
	case SYS_sendfile:
#ifdef SYS_sendfile64
	case SYS_sendfile64:
#endif
		return copied((int)x[1], x[2], (int)x[0], false,
			      next.syscall(nr, x[0], x[1], x[2], x[3]));
	case SYS_splice:
	case SYS_copy_file_range:
		return copied((int)x[0], x[1], (int)x[2], x[3],
			      next.syscall(nr, x[0], x[1], x[2], x[3], x[4], x[5]));
	default:
		return next.syscall(nr, x[0], x[1], x[2], x[3], x[4], x[5]);
	}
}

#define HOOK_syscall(symbol) HOOK_BY_NUMBER(symbol, hook_number)

/* Without hooks: what is known of a number follows it (description.h). */
#define HOOK_dup(symbol) HOOK_NONE(symbol, dup)
#define HOOK_dup2(symbol) HOOK_NONE(symbol, dup2)
#define HOOK_dup3(symbol) HOOK_NONE(symbol, dup3)
#define HOOK_close(symbol) HOOK_NONE(symbol, close)

DIOSHIM_SYMBOLS(HOOK_DEFINE)

void refused_start(void)
{
	next = real;
	DIOSHIM_SYMBOLS(HOOK_INSTALL)
	refused_buffered = true;
}
