/* Options, and what the parts share. See aiodio.h. */
#include "aiodio.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"

const char *path;
static struct timespec end;
static int faults;

bool going_on(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return !__atomic_load_n(&faults, __ATOMIC_RELAXED) &&
	       (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

void wrong(const char *format, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED) > 10)
		return;
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
}

int open_path(int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static void leave_garbage(void)
{
	static unsigned char garbage[1 << 20];
	int fd = open_path(O_RDWR | O_CREAT | O_TRUNC);

	memset(garbage, 'G', sizeof(garbage));
	if (raw_syscall(SYS_pwrite64, fd, garbage, sizeof(garbage), 0L) < 0 || fdatasync(fd))
		err(2, "%s", path);
	close(fd);
}

int open_new(void)
{
	leave_garbage();
	return open_path(O_RDWR | O_CREAT | O_TRUNC | O_DIRECT);
}

unsigned below(unsigned *seed, unsigned limit)
{
	return (unsigned)rand_r(seed) % limit;
}

unsigned char *page_of_memory(size_t size)
{
	unsigned char *memory = aligned_alloc(4096, (size + 4095) / 4096 * 4096);

	if (!memory)
		err(2, "memory");
	return memory;
}

aio_context_t new_context(void)
{
	aio_context_t ctx = 0;

	if (raw_syscall(SYS_io_setup, DEPTH, &ctx)) {
		if (errno != EAGAIN)
			err(2, "io_setup");
		printf("no context for AIO here (fs.aio-max-nr)\n");
		exit(77);
	}
	return ctx;
}

struct iocb write_of(int fd, const void *from, size_t len, off_t pos)
{
	return (struct iocb){ .aio_lio_opcode = IOCB_CMD_PWRITE,
			      .aio_fildes = (uint32_t)fd,
			      .aio_buf = (uintptr_t)from,
			      .aio_nbytes = len,
			      .aio_offset = pos };
}

void submit_all(aio_context_t ctx, struct iocb *cb, int count)
{
	struct iocb *list[DEPTH];
	long done = 0;

	for (int i = 0; i < count; i++)
		list[i] = &cb[i];
	while (done < count) {
		long ret = syscall(SYS_io_submit, ctx, count - done, list + done);

		if (ret <= 0)
			err(2, "io_submit");
		done += ret;
	}
}

void fetch_any(aio_context_t ctx, int count, struct io_event *events)
{
	if (raw_syscall(SYS_io_getevents, ctx, (long)count, (long)count, events, NULL) != count)
		err(2, "io_getevents");
}

void fetch_all(aio_context_t ctx, int count)
{
	struct io_event event[DEPTH];

	fetch_any(ctx, count, event);
	for (int i = 0; i < count; i++) {
		const struct iocb *cb = (const struct iocb *)(uintptr_t)event[i].obj;

		if (event[i].res != (int64_t)cb->aio_nbytes)
			wrong("a write of %llu bytes at %lld: %lld",
			      (unsigned long long)cb->aio_nbytes, (long long)cb->aio_offset,
			      (long long)event[i].res);
	}
}

void start(struct helper *h)
{
	if (pthread_create(&h->thread, NULL, h->run, h))
		errx(2, "no thread");
}

void stop(struct helper *h)
{
	pthread_join(h->thread, NULL);
}

static bool allowed(unsigned char byte, const char *letters)
{
	return byte ? strchr(letters, byte) != NULL : letters[0] == '0';
}

void *read_all(void *helper)
{
	struct helper *h = helper;
	unsigned char *memory = page_of_memory(65536 + 8);
	ssize_t got;

	for (off_t pos = 0; going_on(); pos = got > 0 ? pos + got : 0) {
		unsigned char *at = memory + below(&h->seed, 4);

		got = pread(h->fd, at, 1 + below(&h->seed, 65535), pos);
		if (got < 0)
			wrong("a read at %lld: %s", (long long)pos, strerror(errno));
		for (ssize_t i = 0; i < got; i++)
			if (!allowed(at[i], h->letters)) {
				wrong("byte %lld is %#x", (long long)pos + i, at[i]);
				break;
			}
	}
	return NULL;
}

static const struct part *find(const struct part *parts, const char *name)
{
	for (; parts->name; parts++)
		if (!strcmp(parts->name, name))
			return parts;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct part *part = NULL;

	if (argc == 4) {
		part = find(parts_that_grow, argv[1]);
		part = part ? part : find(parts_of_life, argv[1]);
	}
	if (!part)
		errx(2, "usage: aiodio PART FILE SECONDS");
	path = argv[2];
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += (long)(strtod(argv[3], NULL) * 1e9);
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	part->run();
	printf("%s: %d faults\n", part->name, faults);
	return faults ? 1 : 0;
}
