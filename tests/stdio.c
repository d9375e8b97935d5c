/*
 *	stdio scene NAME|all direct|ordinary FILE   prints what the calls of a scene return (streams.h)
 *	stdio list                                  prints the names of the scenes
 *	stdio exec FD r|w|a|rw direct|ordinary FILE COMMAND...
 *	                                            starts a program that inherits FILE as descriptor FD
 *	stdio inherited FD FIRST                    dprintf(3) on a descriptor that was inherited, first of
 *	                                            FIRST bytes
 *	stdio count FILE                            makes calls that are counted
 *	stdio sealed                                prints how the pages of stdio's tables are protected
 *	stdio ends FILE OTHER                       fclose(3) while another thread writes to its descriptor
 */
#include "streams.h"

#include <dlfcn.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>

const char *scene_file;
int scene_direct;

int open_scene(int flags)
{
	int fd = open(scene_file, flags | scene_direct, 0600);

	if (fd < 0)
		err(99, "%s", scene_file);
	return fd;
}

FILE *stream_of(int flags, const char *mode)
{
	FILE *fp = fdopen(open_scene(flags), mode);

	if (!fp)
		err(99, "fdopen");
	return fp;
}

void show(const char *what, long result)
{
	if (errno == 7777)
		printf("%s: %ld\n", what, result);
	else
		printf("%s: %ld, errno %d\n", what, result, errno);
	errno = 7777;
}

void show_bytes(const char *what, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + at[i];
	printf("%s: %zu bytes, %08x\n", what, n, sum);
}

void show_stream(const char *what, FILE *fp)
{
	printf("%s: at %ld, eof %d, error %d, offset %ld\n", what, (long)ftello(fp), feof(fp),
	       ferror(fp), (long)lseek(fileno(fp), 0, SEEK_CUR));
}

void fill(char *bytes, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = seed >> 16 & 63 ? (char)('!' + (seed >> 16) % 90) : '\n';
	}
}

/* Through an ordinary descriptor, past the C library's streams. */
static void make_file(void)
{
	static char bytes[SCENE_BYTES];
	int fd = open(scene_file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill(bytes, sizeof(bytes), 1);
	if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes) || fsync(fd))
		err(99, "%s", scene_file);
	close(fd);
}

static void show_file(void)
{
	static char bytes[1 << 22];
	int fd = open(scene_file, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	show_bytes("the file", bytes, n > 0 ? (size_t)n : 0);
	close(fd);
}

static const struct scene *const groups[] = { stream_scenes, other_scenes, random_scenes };
enum { GROUPS = sizeof(groups) / sizeof(*groups) };

static void run(const char *name)
{
	for (size_t g = 0; g < GROUPS; g++)
		for (const struct scene *s = groups[g]; s->name; s++) {
			if (name && strcmp(name, s->name) && strcmp(name, "all"))
				continue;
			printf("--- %s\n", s->name);
			if (!name)
				continue;
			make_file();
			errno = 7777;
			s->run();
			show_file();
		}
}

static int flags_of(const char *mode)
{
	return !strcmp(mode, "r")   ? O_RDONLY
	       : !strcmp(mode, "w") ? O_WRONLY | O_CREAT | O_TRUNC
	       : !strcmp(mode, "a") ? O_WRONLY | O_CREAT | O_APPEND
				    : O_RDWR | O_CREAT;
}

static void exec_with(int fd, const char *mode, char **command)
{
	int opened = open_scene(flags_of(mode));

	if (opened != fd && dup2(opened, fd) != fd)
		err(99, "dup2");
	if (opened != fd)
		close(opened);
	execvp(*command, command);
	err(127, "%s", *command);
}

/* The first call decides: after it the shim knows the number. */
static void inherited(int fd, int first)
{
	static char text[5001];

	memset(text, 'x', sizeof(text) - 1);
	errno = ENOTTY;
	show("first", dprintf(fd, "%.*s|%m\n", first, text));
	show("short", dprintf(fd, "%d %s\n", 42, "short"));
	show("longer", dprintf(fd, "%s\n", text));
	show("aligned", dprintf(fd, "%.*s", 4096, text));
	show("short", dprintf(fd, "%.*s\n", 100, text));
}

/* Two aligned reads, a misaligned one; three aligned writes, a misaligned one. For --stats to count. */
static void count(void)
{
	char *at = aligned_alloc(4096, 4096);
	static char bytes[4096] __attribute__((aligned(4096)));
	FILE *fp = stream_of(O_RDWR | O_CREAT, "r+");

	if (!at || setvbuf(fp, at, _IOFBF, 4096))
		err(99, "setvbuf");
	if (fwrite(bytes, 1, 4096, fp) != 4096 || fflush(fp) ||
	    fwrite(bytes, 1, 4096, fp) != 4096 || fflush(fp))
		err(1, "fwrite");
	for (int i = 0; i < 4097; i++)
		putc('x', fp);
	if (fflush(fp) || fseek(fp, 0, SEEK_SET))
		err(1, "fflush");
	for (int i = 0; i < 8192; i++)
		getc(fp);
	getc(fp);
	if (fclose(fp))
		err(1, "fclose");
	free(at);
}

static void show_protection(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char rights[5], line[1000];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3 &&
		    (uintptr_t)at >= start && (uintptr_t)at < end)
			printf("%s %lu bytes\n", rights, end - start);
	if (maps)
		fclose(maps);
}

static void sealed(void)
{
	static const char *const tables[] = { "_IO_file_jumps", "_IO_wfile_jumps" };

	for (int i = 0; i < 2; i++)
		if (dlsym(RTLD_DEFAULT, tables[i]))
			show_protection(dlsym(RTLD_DEFAULT, tables[i]));
	/* The page after the tables is the C library's, too, and written to all the time. */
	puts(malloc(100) ? "malloc" : "no malloc");
}

enum { LONG = 1 << 20 };

struct writer {
	int fd;
	char *from;
	atomic_int begun;
};

static void *write_long(void *data)
{
	struct writer *w = data;

	atomic_store(&w->begun, 1);
	if (pwrite(w->fd, w->from, LONG - 1, 1) < 0 && errno != EBADF)
		err(1, "pwrite");
	return NULL;
}

/* Whatever gets the number after the fclose() must get none of the bytes that were written before it. */
static void ends(const char *other)
{
	char *from = malloc(LONG + 1);

	if (!from)
		err(99, "malloc");
	memset(from, 'w', LONG + 1);
	for (int i = 0; i < 40; i++) {
		FILE *fp = stream_of(O_RDWR | O_CREAT, "r+");
		struct writer w = { .fd = fileno(fp), .from = from + 1 };
		pthread_t thread;
		int got;

		if (pthread_create(&thread, NULL, write_long, &w))
			errx(99, "pthread_create");
		while (!atomic_load(&w.begun))
			;
		usleep((unsigned)i * 50);
		fclose(fp);
		got = open(other, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (got != w.fd)
			errx(99, "another number");
		pthread_join(thread, NULL);
		if (lseek(got, 0, SEEK_END))
			errx(1, "round %d: bytes in the other file", i);
		close(got);
	}
	free(from);
}

static int usage(void)
{
	fputs("usage: see tests/stdio.c\n", stderr);
	return 99;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "scene") && argc == 5) {
		scene_direct = strcmp(argv[3], "direct") ? 0 : O_DIRECT;
		scene_file = argv[4];
		run(argv[2]);
	} else if (!strcmp(what, "list")) {
		run(NULL);
	} else if (!strcmp(what, "exec") && argc > 6) {
		scene_direct = strcmp(argv[4], "direct") ? 0 : O_DIRECT;
		scene_file = argv[5];
		exec_with(atoi(argv[2]), argv[3], argv + 6);
	} else if (!strcmp(what, "inherited") && argc == 4) {
		inherited(atoi(argv[2]), atoi(argv[3]));
	} else if (!strcmp(what, "count") && argc == 3) {
		scene_direct = O_DIRECT;
		scene_file = argv[2];
		count();
	} else if (!strcmp(what, "sealed")) {
		sealed();
	} else if (!strcmp(what, "ends") && argc == 4) {
		scene_direct = O_DIRECT;
		scene_file = argv[2];
		ends(argv[3]);
	} else {
		return usage();
	}
	return 0;
}
