/*
 * recordmake make SCENE FILE        creates a record file with a scene (recordmake_scene.c)
 * recordmake made                   makes one as the launcher would; prints its path, its mode and its report
 * recordmake report|json FILE       the same as dioshim --report=FILE [--json]
 * recordmake ticks|json-ticks FILE  prints two lines of --stats=SECONDS, with calls before the first
 * recordmake race CALLS PAUSE       several processes write calls while one prints them
 *                                   (recordmake_race.c); PAUSE in microseconds
 */
#include "recordmake.h"

#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record_fill.h"
#include "report/record_map.h"
#include "report/report.h"

static struct record *map_for_writing(const char *path, int flags)
{
	int fd = open(path, O_RDWR | flags, 0600);
	void *map;

	if (fd < 0 || ((flags & O_CREAT) && ftruncate(fd, sizeof(struct record)))) {
		perror(path);
		exit(1);
	}
	map = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return map;
}

static int make_record(const char *scene, const char *path)
{
	struct record *rec = map_for_writing(path, O_CREAT | O_TRUNC);

	rec->size = sizeof(*rec);
	rec->magic = RECORD_MAGIC;
	return make_scene(scene, rec);
}

static int made(void)
{
	struct record_file_made made;
	struct stat st;
	int status = record_map_make(&made, false);

	if (status) {
		fprintf(stderr, "%s\n", strerror(status));
		return 1;
	}
	if (stat(made.path, &st))
		return 1;
	printf("%s %o\n", made.path, (unsigned)st.st_mode & 07777);
	status = report_print(made.rec, NULL, stdout, false);
	record_map_remove(&made);
	return status;
}

/* Writes to the file while it is mapped for reading. */
static int ticks(const char *path, bool json)
{
	struct record *from = record_map_open(path), *to = map_for_writing(path, 0);
	struct report_tick tick;

	if (!from)
		return 1;
	report_tick_start(&tick, from);
	usleep(100000);
	fill_ways(&to->file[6].counts[RECORD_READ], WAY_UNTOUCHED, 1000, 4096000);
	fill_ways(&to->file[6].counts[RECORD_WRITE], WAY_BOUNCED, 204, 835584);
	to->file[6].counts[RECORD_WRITE].copied = 835584;
	fill_ways(&to->other.counts[RECORD_READ], WAY_UNTOUCHED, 1, 4096);
	report_tick(&tick, from, stdout, json);
	report_tick(&tick, from, stdout, json);
	record_map_close(from);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setlocale(LC_CTYPE, "");
	if (!strcmp(what, "made"))
		return made();
	if (argc == 4 && !strcmp(what, "make"))
		return make_record(argv[2], argv[3]);
	if (argc == 3 && !strcmp(what, "report"))
		return report_file(argv[2], stdout, false);
	if (argc == 3 && !strcmp(what, "json"))
		return report_file(argv[2], stdout, true);
	if (argc == 3 && !strcmp(what, "ticks"))
		return ticks(argv[2], false);
	if (argc == 3 && !strcmp(what, "json-ticks"))
		return ticks(argv[2], true);
	if (argc == 4 && !strcmp(what, "race"))
		return race((unsigned)strtoul(argv[2], NULL, 10),
			    (unsigned)strtoul(argv[3], NULL, 10));
	fputs("recordmake: see the head of recordmake.c\n", stderr);
	return 2;
}
