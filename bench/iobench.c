/*
 * iobench repeats one kind of I/O and measures the time. bench.py starts it with and without the
 * shim and compares. It uses the ordinary functions of the C library, which the shim interposes.
 *
 *	iobench --op OP [OPTION...] --count N | --time MS     one batch, its result as one line of JSON
 *	iobench --op OP [OPTION...]                           a batch for each line of standard input
 *
 * In the second form a line is "count N" or "time NANOSECONDS", and the program ends at the end of
 * the input. So a process with the shim and one without can take turns of a few milliseconds, and a
 * drift of the machine affects both.
 */
#include "iobench.h"

#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("iobench: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static const char usage[] =
	"usage: iobench --op OP [OPTION...] [-- CHILD ARG...]\n"
	"  --op OP              read overwrite extend records records-extend |\n"
	"                       null cached open spawn\n"
	"  --file PATH          created if it does not exist; PATH.0, PATH.1... with --own-files\n"
	"  --file-size BYTES    size for all threads together\n"
	"  --size BYTES         size of a call\n"
	"  --shorten BYTES      subtract from the length of each call: misaligned length\n"
	"  --address-off BYTES  misaligned address\n"
	"  --offset-off BYTES   misaligned offset\n"
	"  --random             random offsets instead of sequential ones\n"
	"  --stream             use read() and write() instead of pread() and pwrite()\n"
	"  --append             open with O_APPEND\n"
	"  --huge               put the buffers in huge pages\n"
	"  --memory-fd FD       shared memory for the buffers, unless --huge\n"
	"  --buffers N          use N buffers in turn, so that they are not in the CPU's cache\n"
	"  --buffered           open without O_DIRECT; reads start cold, writes end with fsync\n"
	"  --by-hand            align misaligned calls as a program without the shim must\n"
	"  --record BYTES       size of a record; each rewrites its blocks of --size\n"
	"  --sync-every N       sync after every N calls, not only at the end of a batch\n"
	"  --sync-with HOW      fsync, fdatasync, range (sync_file_range), dsync (O_DSYNC)\n"
	"  --threads N          number of threads\n"
	"  --own-files          one file per thread\n"
	"  --untimed            do not read the clock around each call\n"
	"  --meet               each call also writes to memory that all threads write to\n"
	"  --spread             bind each thread to a CPU\n"
	"  --stacks             print the addresses of the threads' stacks\n"
	"  --cpu N              run on CPU N only\n"
	"  --child-preload LIB  LD_PRELOAD of the program that `spawn` starts\n"
	"  --count N, --time MS run one batch and exit\n";

enum option_code {
	OPT_OP = 256,
	OPT_FILE,
	OPT_FILE_SIZE,
	OPT_SIZE,
	OPT_SHORTEN,
	OPT_ADDRESS_OFF,
	OPT_OFFSET_OFF,
	OPT_RANDOM,
	OPT_STREAM,
	OPT_APPEND,
	OPT_HUGE,
	OPT_BUFFERS,
	OPT_BUFFERED,
	OPT_SYNC_EVERY,
	OPT_THREADS,
	OPT_OWN_FILES,
	OPT_UNTIMED,
	OPT_CPU,
	OPT_CHILD_PRELOAD,
	OPT_COUNT,
	OPT_TIME,
	OPT_MEMORY_FD,
	OPT_RECORD,
	OPT_SYNC_WITH,
	OPT_MEET,
	OPT_SPREAD,
	OPT_STACKS,
	OPT_BY_HAND,
};

static const struct option options[] = {
	{ "op", required_argument, NULL, OPT_OP },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "file-size", required_argument, NULL, OPT_FILE_SIZE },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "shorten", required_argument, NULL, OPT_SHORTEN },
	{ "address-off", required_argument, NULL, OPT_ADDRESS_OFF },
	{ "offset-off", required_argument, NULL, OPT_OFFSET_OFF },
	{ "random", no_argument, NULL, OPT_RANDOM },
	{ "stream", no_argument, NULL, OPT_STREAM },
	{ "append", no_argument, NULL, OPT_APPEND },
	{ "huge", no_argument, NULL, OPT_HUGE },
	{ "memory-fd", required_argument, NULL, OPT_MEMORY_FD },
	{ "buffers", required_argument, NULL, OPT_BUFFERS },
	{ "buffered", no_argument, NULL, OPT_BUFFERED },
	{ "sync-every", required_argument, NULL, OPT_SYNC_EVERY },
	{ "sync-with", required_argument, NULL, OPT_SYNC_WITH },
	{ "record", required_argument, NULL, OPT_RECORD },
	{ "meet", no_argument, NULL, OPT_MEET },
	{ "spread", no_argument, NULL, OPT_SPREAD },
	{ "stacks", no_argument, NULL, OPT_STACKS },
	{ "by-hand", no_argument, NULL, OPT_BY_HAND },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "own-files", no_argument, NULL, OPT_OWN_FILES },
	{ "untimed", no_argument, NULL, OPT_UNTIMED },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "child-preload", required_argument, NULL, OPT_CHILD_PRELOAD },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "time", required_argument, NULL, OPT_TIME },
	{ NULL, 0, NULL, 0 },
};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end || *text == '-')
		die("not a number: %s", text);
	return value;
}

static int sync_find(const char *text)
{
	static const char *const names[] = { "fsync", "fdatasync", "range", "dsync" };

	for (int i = SYNC_FILE; i <= SYNC_OPEN; i++)
		if (!strcmp(text, names[i]))
			return i;
	die("--sync-with: must be fsync, fdatasync, range or dsync");
}

/* Sets an option without an argument. Returns false if `code` is not one. */
static bool set_switch(struct setup *s, int code)
{
	switch (code) {
	case OPT_RANDOM:
		s->random = true;
		return true;
	case OPT_STREAM:
		s->stream = true;
		return true;
	case OPT_APPEND:
		s->append = true;
		return true;
	case OPT_HUGE:
		s->huge = true;
		return true;
	case OPT_BUFFERED:
		s->buffered = true;
		return true;
	case OPT_OWN_FILES:
		s->own_files = true;
		return true;
	case OPT_MEET:
		s->meet = true;
		return true;
	case OPT_SPREAD:
		s->spread = true;
		return true;
	case OPT_STACKS:
		s->stacks = true;
		return true;
	case OPT_BY_HAND:
		s->by_hand = true;
		return true;
	case OPT_UNTIMED:
		s->timed = false;
		return true;
	default:
		return false;
	}
}

static bool set_text(struct setup *s, int code, const char *text)
{
	switch (code) {
	case OPT_OP:
		s->op = op_find(text);
		return true;
	case OPT_FILE:
		s->path = text;
		return true;
	case OPT_SYNC_WITH:
		s->sync_with = sync_find(text);
		return true;
	case OPT_CHILD_PRELOAD:
		s->child_preload = text;
		return true;
	default:
		return false;
	}
}

static bool set_number(struct setup *s, struct batch *b, int code, const char *text)
{
	switch (code) {
	case OPT_FILE_SIZE:
		s->file_size = number(text);
		return true;
	case OPT_SIZE:
		s->size = number(text);
		return true;
	case OPT_SHORTEN:
		s->shorten = number(text);
		return true;
	case OPT_ADDRESS_OFF:
		s->addr_off = number(text);
		return true;
	case OPT_OFFSET_OFF:
		s->pos_off = number(text);
		return true;
	case OPT_BUFFERS:
		s->buffers = number(text);
		return true;
	case OPT_RECORD:
		s->record = number(text);
		return true;
	case OPT_SYNC_EVERY:
		s->sync_every = number(text);
		return true;
	case OPT_THREADS:
		s->threads = number(text);
		return true;
	case OPT_MEMORY_FD:
		s->memory_fd = number(text);
		return true;
	case OPT_CPU:
		s->cpu = number(text);
		return true;
	case OPT_COUNT:
		b->count = number(text);
		return true;
	case OPT_TIME:
		b->ns = number(text) * 1000000;
		return true;
	default:
		return false;
	}
}

static void check_setup(const struct setup *s)
{
	if (!s->op)
		die("--op is missing or unknown\n%s", usage);
	if (s->threads < 1 || s->threads > THREADS_MOST)
		die("--threads: must be 1 to %d", THREADS_MOST);
	if (s->buffers < 1 || s->addr_off >= PAGE || s->shorten >= s->size)
		die("--buffers, --address-off or --shorten is out of range");
	if (s->stream && s->threads > 1 && !s->own_files)
		die("--stream with several threads requires --own-files");
	if (s->by_hand && (s->stream || s->append || s->buffered || !(s->op->is & TRANSFERS)))
		die("--by-hand cannot be used with --stream, --append, --buffered or this --op");
	if (s->stream && s->random)
		die("--stream cannot be used with --random");
	if (s->record > s->size || (s->size > PAGE && s->record))
		die("--record: must be at most --size, and --size at most %d", PAGE);
	if (!s->record != !strstr(s->op->name, "records"))
		die("--op records requires --record, and the reverse");
	if ((s->op->is & ON_FILE) && !s->path)
		die("--op %s requires --file", s->op->name);
}

static void parse(int argc, char **argv, struct setup *s, struct batch *b)
{
	int code;

	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!set_switch(s, code) && !set_text(s, code, optarg) &&
		    !set_number(s, b, code, optarg))
			die("invalid option\n%s", usage);
	s->child = argv + optind;
	check_setup(s);
}

void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot run on CPU %d", cpu);
}

static bool parse_command(const char *line, struct batch *b)
{
	*b = (struct batch){ UINT64_MAX, UINT64_MAX };
	return sscanf(line, "count %" SCNu64, &b->count) == 1 ||
	       sscanf(line, "time %" SCNu64, &b->ns) == 1;
}

static void one_batch(struct worker *workers, const struct setup *s, const struct batch *b)
{
	if (!s->timed && b->count == UINT64_MAX)
		die("--untimed requires a count");
	run_batch(workers, s, b);
	print_result(workers, s);
}

static void serve(struct worker *workers, const struct setup *s)
{
	char line[128];
	struct batch b;

	puts("{\"ready\": true}");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (!parse_command(line, &b))
			die("invalid command: %s", line);
		one_batch(workers, s, &b);
	}
}

int main(int argc, char **argv)
{
	struct setup s = { .size = PAGE,
			   .file_size = 64 << 20,
			   .threads = 1,
			   .buffers = 1,
			   .timed = true,
			   .cpu = -1,
			   .memory_fd = -1 };
	struct batch b = { UINT64_MAX, UINT64_MAX };
	struct worker *workers;

	/* So that free() returns memory to the kernel: more calls must not show as more memory. */
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	parse(argc, argv, &s, &b);
	pin(s.cpu);
	workers = aligned_alloc(APART, s.threads * sizeof(*workers));
	if (!workers)
		die("no memory");
	memset(workers, 0, s.threads * sizeof(*workers));
	run_start(workers, &s);
	if (b.count != UINT64_MAX || b.ns != UINT64_MAX)
		one_batch(workers, &s, &b);
	else
		serve(workers, &s);
	return 0;
}
