/*
 * See running.h. A process that was forked has its parent's mapping, and loses it by exec. Until the shim starts, only its
 * environment tells that it will record.
 */
#include "run/running.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"

enum { STARTING_LOOKS = 50, FORKED_LOOKS = 20, PAUSE_NS = 1000000 };

static FILE *open_of(const char *pid, const char *what)
{
	char *path = alloc_format("/proc/%s/%s", pid, what);
	FILE *file = fopen(path, "re");

	free(path);
	return file;
}

enum memory { NO_MEMORY, OTHER_MEMORY, RECORD_MAPPED };

/* proc(5), /proc/PID/maps. It is empty for a process that has ended and for a thread of the kernel. */
static enum memory memory_of(const char *pid, ino_t inode)
{
	FILE *maps = open_of(pid, "maps");
	enum memory memory = NO_MEMORY;
	unsigned long there;
	char *line = NULL;
	size_t room = 0;

	if (!maps)
		return NO_MEMORY;
	while (memory != RECORD_MAPPED && getline(&line, &room, maps) > 0)
		memory = sscanf(line, "%*s %*s %*s %*s %lu", &there) == 1 && there == inode &&
					 strstr(line, "/memfd:dioshim")
				 ? RECORD_MAPPED
				 : OTHER_MEMORY;
	free(line);
	fclose(maps);
	return memory;
}

/* Whether the environment names the record file. In the middle of an exec it is still empty. */
static bool is_named_by(const char *pid, const char *name)
{
	FILE *environment = open_of(pid, "environ");
	char *variable = NULL;
	size_t room = 0;
	bool any = false;
	bool named = false;

	if (!environment)
		return false;
	while (!named && getdelim(&variable, &room, '\0', environment) > 0) {
		any = true;
		named = !strncmp(variable, "DIOSHIM_", 8) && strstr(variable, name);
	}
	free(variable);
	fclose(environment);
	return named || !any;
}

/* proc(5), /proc/PID/stat: the flags follow the name, which may contain anything, and six other fields. */
static bool is_forked(const char *pid)
{
	enum { FORKNOEXEC = 0x40 }; /* PF_FORKNOEXEC, include/linux/sched.h */
	FILE *file = open_of(pid, "stat");
	char stat[512] = "";
	unsigned flags = 0;
	const char *rest;

	if (!file)
		return false;
	stat[fread(stat, 1, sizeof(stat) - 1, file)] = 0;
	fclose(file);
	rest = strrchr(stat, ')');
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return false;
	return flags & FORKNOEXEC;
}

static void look_at(const char *pid, ino_t inode, const char *name, struct running *found)
{
	enum memory memory = memory_of(pid, inode);

	if (memory == RECORD_MAPPED) {
		found->mapped++;
		found->forked |= is_forked(pid);
	} else if (memory == OTHER_MEMORY && is_named_by(pid, name)) {
		found->starting = true;
	}
}

struct running running_look(ino_t inode, const char *name, pid_t since)
{
	struct running found = { 0 };
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		long pid = isdigit((unsigned char)*entry->d_name) ? strtol(entry->d_name, NULL, 10)
								  : 0;

		if (pid > since && pid != getpid())
			look_at(entry->d_name, inode, name, &found);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* Returns the number that the youngest process or thread of all has got (proc(5), /proc/loadavg); 0: not known. */
static long youngest(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	long pid = 0;

	if (file && fscanf(file, "%*s %*s %*s %*s %ld", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid;
}

struct running running_settled(ino_t inode, const char *name, pid_t since)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct running found = { 0 };
	long last = youngest();

	if (last == since)
		return found;
	/* The numbers have begun anew. */
	if (last < since)
		since = 0;
	for (int looks = 1;; looks++) {
		found = running_look(inode, name, since);
		if (!(found.starting && looks < STARTING_LOOKS) &&
		    !(found.forked && looks < FORKED_LOOKS))
			return found;
		nanosleep(&pause, NULL);
	}
}
