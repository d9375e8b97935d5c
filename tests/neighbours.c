/* Options, counts and the summary of the modes. See neighbours.h. */
#include "neighbours.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene scene = { .seconds = 1, .seed = 1, .processes = 2 };
struct tally *tally;

static const struct mode {
	const char *name;
	void (*play)(void);
	bool on_device;
	const char *what;
} modes[] = {
	{ "shared", mode_shared, true, "threads and children on one description" },
	{ "overlap", mode_overlap, false, "direct and ordinary writers of the same bytes" },
	{ "beside", mode_beside, false, "ordinary writers in the gaps between large writes" },
	{ "rotation", mode_rotation, false, "a log's descriptor number gets another file" },
	{ "offset", mode_offset, false, "records through one offset, some of them cut short" },
	{ "followed", mode_followed, false, "readers through one offset of a growing file" },
	{ "flags", mode_flags, true, "the program's own F_SETFL and F_GETFL" },
	{ "endings", mode_endings, false, "a number gets another file in the middle of a call" },
	{ "once", mode_once, false, "an EINVAL that is not about alignment (also of a FILE)" },
	{ "secret", mode_secret, true, "memory that cannot be pinned" },
	{ "truncated", mode_truncated, false, "memory that another process truncates" },
	{ "served", mode_served, false, "memory served by a thread that also writes" },
	{ "nowait", mode_nowait, false, "writes that must not wait, beside others" },
	{ 0 },
};

void wrong(const char *format, ...)
{
	enum { PRINTED_MOST = 5 };
	char text[400];
	va_list ap;

	if (atomic_fetch_add(&tally->wrong, 1) >= PRINTED_MOST)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "wrong: %s\n", text);
}

void exercised(const char *what, uint64_t times)
{
	printf("  %s: %llu\n", what, (unsigned long long)times);
	if (!times)
		found("the test has not exercised: %s", what);
}

void skipped(const char *why)
{
	printf("skipped: %s\n", why);
	exit(SKIPPED);
}

static void __attribute__((noreturn)) usage(void)
{
	fprintf(stderr, "usage: neighbours [--seconds N] [--seed S] [--processes 1|2] [--ordinary] "
			"MODE PATH\n"
			"PATH: a directory, or a block device. MODE:\n");
	for (const struct mode *m = modes; m->name; m++)
		fprintf(stderr, "  %-10s %s\n", m->name, m->what);
	exit(2);
}

static const struct mode *parse(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "processes", required_argument, NULL, 'p' },
		{ "ordinary", no_argument, NULL, 'o' },
		{ 0 },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (letter) {
		case 's':
			scene.seconds = atof(optarg);
			break;
		case 'r':
			scene.seed = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			scene.processes = atoi(optarg) > 1 ? 2 : 1;
			break;
		case 'o':
			scene.ordinary = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc - 2)
		usage();
	scene.path = argv[optind + 1];
	for (const struct mode *m = modes; m->name; m++)
		if (!strcmp(m->name, argv[optind]))
			return m;
	usage();
}

static void play(const struct mode *mode)
{
	mode->play();
	exercised("misaligned calls", tally->misaligned);
	printf("neighbours %s: %llu calls, %llu checks, %llu wrong\n", mode->name,
	       (unsigned long long)tally->calls, (unsigned long long)tally->checks,
	       (unsigned long long)tally->wrong);
	exit(tally->wrong != 0);
}

/* Waits for the child. A hanging one gets SIGKILL, because the shim may block other signals. */
static int wait_or_kill(pid_t child)
{
	enum { HANGS_AFTER = 20 };
	uint64_t checks = 0;
	double since = seconds_now();
	int status;

	while (!waitpid(child, &status, WNOHANG)) {
		if (tally->checks != checks) {
			checks = tally->checks;
			since = seconds_now();
		}
		if (seconds_now() > since + HANGS_AFTER) {
			fprintf(stderr, "neighbours: no progress for %d seconds\n", HANGS_AFTER);
			kill(child, SIGKILL);
			since += HANGS_AFTER;
		}
		usleep(10000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	const struct mode *mode = parse(argc, argv);
	struct stat st;
	pid_t child;

	if (stat(scene.path, &st))
		die("%s: %s", scene.path, strerror(errno));
	scene.device = S_ISBLK(st.st_mode);
	if (scene.device && !mode->on_device)
		die("mode %s requires a directory", mode->name);
	tally = shared_memory(sizeof(*tally));
	child = fork_child();
	if (!child)
		play(mode);
	return wait_or_kill(child);
}
