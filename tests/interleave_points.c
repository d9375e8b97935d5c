/* Breakpoints at atomic instructions. See interleave_points.h. */
#include "interleave_points.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "stress_util.h"

enum { POINTS_MAX = 2000 };

struct point {
	uint64_t place;
	uint8_t original;
};

struct points {
	uint64_t base;
	int count;
	struct point all[POINTS_MAX];
};

#ifdef __x86_64__
enum { BREAKPOINT = 0xcc };

static uint64_t next_instruction(pid_t tid)
{
	return (uint64_t)ptrace(PTRACE_PEEKUSER, tid, offsetof(struct user_regs_struct, rip), NULL);
}

static void go_back(pid_t tid, uint64_t to)
{
	if (ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rip), to))
		die("PTRACE_POKEUSER: %s", strerror(errno));
}
#else
enum { BREAKPOINT = 0 };

static uint64_t next_instruction(pid_t tid)
{
	die("%d: no breakpoints on this machine", (int)tid);
}

static void go_back(pid_t tid, uint64_t to)
{
	die("%d: no breakpoints on this machine (%llx)", (int)tid, (unsigned long long)to);
}
#endif

static uint64_t base_of(const char *library, pid_t pid)
{
	char path[PATH_MAX];
	char line[PATH_MAX + 200];
	unsigned long from = 0;
	FILE *maps;

	if (!realpath(library, path))
		die("%s: %s", library, strerror(errno));
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	maps = fopen(line, "re");
	if (!maps)
		die("%s: %s", line, strerror(errno));
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, path) && sscanf(line, "%lx-%*x %*s 00000000", &from) == 1)
			break;
	fclose(maps);
	if (!from)
		die("%s is not loaded", library);
	return from;
}

/* Changes a single byte, because another point may be in the same word. */
static void poke(pid_t tid, uint64_t address, uint8_t byte)
{
	long word = ptrace(PTRACE_PEEKTEXT, tid, address, NULL);

	if (ptrace(PTRACE_POKETEXT, tid, address, (word & ~0xffL) | byte))
		die("PTRACE_POKETEXT: %s", strerror(errno));
}

static void set_breakpoint(const struct points *p, const struct point *point, pid_t tid)
{
	poke(tid, p->base + point->place, BREAKPOINT);
}

static const struct point *find_point(const struct points *p, uint64_t address)
{
	for (int i = 0; i < p->count; i++)
		if (p->base + p->all[i].place == address)
			return &p->all[i];
	return NULL;
}

static void add_point(struct points *p, uint64_t place, pid_t pid)
{
	long word;

	if (p->count == POINTS_MAX)
		die("more than %d points", POINTS_MAX);
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, p->base + place, NULL);
	if (errno)
		die("no instruction at %llx: %s", (unsigned long long)place, strerror(errno));
	p->all[p->count++] = (struct point){ place, (uint8_t)word };
}

struct points *points_set(const char *list, const char *library, pid_t pid)
{
	struct points *p = page_memory(sizeof(*p));
	FILE *file = fopen(list, "re");
	unsigned long place;

	if (!file)
		die("%s: %s", list, strerror(errno));
	p->base = base_of(library, pid);
	while (fscanf(file, "%lx%*[^\n]", &place) == 1)
		add_point(p, place, pid);
	fclose(file);
	if (!p->count)
		die("%s: no points", list);
	for (int i = 0; i < p->count; i++)
		set_breakpoint(p, &p->all[i], pid);
	return p;
}

void points_free(struct points *p)
{
	page_memory_free(p, sizeof(*p));
}

bool points_met(const struct points *p, pid_t tid, uint64_t *place)
{
	const struct point *point = p ? find_point(p, next_instruction(tid) - 1) : NULL;

	if (!point)
		return false;
	go_back(tid, p->base + point->place);
	*place = point->place;
	return true;
}

void points_pass(const struct points *p, pid_t tid, uint64_t place)
{
	const struct point *point = find_point(p, p->base + place);
	int status;

	if (!point)
		die("no point at %llx", (unsigned long long)place);
	poke(tid, p->base + place, point->original);
	if (ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL))
		die("PTRACE_SINGLESTEP: %s", strerror(errno));
	while (waitpid(tid, &status, __WALL) < 0)
		if (errno != EINTR)
			die("waitpid(%d): %s", (int)tid, strerror(errno));
	if (!WIFSTOPPED(status))
		die("thread %d died at %llx", (int)tid, (unsigned long long)place);
	set_breakpoint(p, point, tid);
}
