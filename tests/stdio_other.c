/* Scenes of other functions, and of several streams. See streams.h. */
#include "streams.h"

#include <dlfcn.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <wchar.h>

static char text[9001];

static int print_list(int fd, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = vdprintf(fd, format, ap);
	va_end(ap);
	return ret;
}

typedef int print_chk(int fd, int flag, const char *format, ...);
typedef int print_list_chk(int fd, int flag, const char *format, va_list ap);

static int print_by(print_list_chk *print, int fd, int flag, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = print(fd, flag, format, ap);
	va_end(ap);
	return ret;
}

/* %n in memory that can be written ends the program. */
static int status_of_fortified(print_chk *print, int fd)
{
	char format[] = "%n";
	int status = -1, n = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		close(STDERR_FILENO);
		_exit(print(fd, 1, format, &n) < 0);
	}
	waitpid(child, &status, 0);
	return status;
}

/* As a program calls them that was compiled with FORTIFY. */
static void print_fortified(void)
{
	print_chk *print = (print_chk *)dlsym(RTLD_DEFAULT, "__dprintf_chk");
	print_list_chk *list = (print_list_chk *)dlsym(RTLD_DEFAULT, "__vdprintf_chk");
	int fd = open_scene(O_RDWR);

	if (!print || !list) {
		puts("no FORTIFY");
		return;
	}
	show("__dprintf_chk", print(fd, 1, "%d %s\n", 17, "text"));
	show("__vdprintf_chk", print_by(list, fd, 1, "%d %s\n", 18, "text"));
	show("__dprintf_chk of much", print(fd, 1, "%5000d\n", 19));
	show("__vdprintf_chk of much", print_by(list, fd, 0, "%5000d\n", 20));
	show("status", status_of_fortified(print, fd));
	show("close", close(fd));
}

static void print_to_numbers(void)
{
	int fd = open_scene(O_RDWR);

	memset(text, 't', sizeof(text) - 1);
	errno = ENOTTY;
	show("dprintf", dprintf(fd, "%d %s %m\n", 17, "text"));
	show("vdprintf", print_list(fd, "%s %5.2f\n", "text", 1.5));
	show("dprintf of nothing", dprintf(fd, "%s", ""));
	show("dprintf of much", dprintf(fd, "%s|%m", text));
	show("dprintf of a buffer", dprintf(fd, "%.*s", 2047, text));
	show("dprintf of a buffer and more", dprintf(fd, "%.*s", 2049, text));
	show("lseek", lseek(fd, 0, SEEK_SET));
	show("dprintf, aligned", dprintf(fd, "%.*s", 4096, text));
	show("dprintf, nearly aligned", dprintf(fd, "%.*s", 512, text));
	show("lseek", lseek(fd, 0, SEEK_CUR));
	show("close", close(fd));
	show("dprintf of a closed number", dprintf(fd, "%s", "text"));
	fd = open_scene(O_RDONLY);
	show("dprintf of what cannot be written", dprintf(fd, "%s", "text"));
	show("close", close(fd));
	fd = open_scene(O_WRONLY | O_APPEND);
	show("dprintf, appended", dprintf(fd, "%s\n", "text"));
	show("close", close(fd));
}

static void scan(void)
{
	FILE *fp = stream_of(O_RDWR, "r+");
	char *line = NULL;
	size_t size = 0;
	char word[64] = "";
	int number = 0;

	for (int i = 0; i < 50; i++) {
		ssize_t n = getline(&line, &size, fp);

		show_bytes("getline", line, n > 0 ? (size_t)n : 0);
	}
	show("getdelim", getdelim(&line, &size, 'a', fp));
	show("fseek", fseek(fp, 4095, SEEK_SET));
	show("fprintf", fprintf(fp, "\n%d %s\n", 123456, "word"));
	show("fseek", fseek(fp, 4096, SEEK_SET));
	show("fscanf", fscanf(fp, "%d %63s", &number, word));
	printf("%d %s\n", number, word);
	show_stream("then", fp);
	show("fclose", fclose(fp));
	free(line);
}

static void wide(void)
{
	FILE *fp;
	wchar_t line[300];

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		puts("no locale");
	fp = stream_of(O_RDWR | O_TRUNC, "w+");
	for (int i = 0; i < 3000; i++)
		if (fputws(L"\u00e4\u20ac wide\n", fp) < 0)
			show("fputws", -1);
	show("fwprintf", fwprintf(fp, L"%ls %d\n", L"wide", 5));
	show("fflush", fflush(fp));
	show_stream("written", fp);
	show("fseek", fseek(fp, 0, SEEK_SET));
	for (int i = 0; i < 3000; i++)
		if (!fgetws(line, 300, fp) || wcscmp(line, L"\u00e4\u20ac wide\n"))
			show("fgetws", -1);
	show("fgetwc", (long)fgetwc(fp));
	show_stream("read", fp);
	show("fclose", fclose(fp));
	setlocale(LC_CTYPE, "C");
}

/* Streams that are not on a descriptor, or not on this one. */
static void other_kinds(void)
{
	char memory[100] = "", *grown = NULL;
	size_t size = 0;
	FILE *fp = fmemopen(memory, sizeof(memory), "w+");

	show("fmemopen", fputs("memory", fp) >= 0);
	show("fclose", fclose(fp));
	show_bytes("memory", memory, strlen(memory));
	fp = open_memstream(&grown, &size);
	show("open_memstream", fprintf(fp, "%d", 12345));
	show("fclose", fclose(fp));
	show_bytes("grown", grown, size);
	free(grown);
	fp = popen("cat >/dev/null", "w");
	show("popen", fputs("text", fp) >= 0);
	show("pclose", pclose(fp));
	fp = popen("echo text", "r");
	show_bytes("popen", text, fread(text, 1, 100, fp));
	show("pclose", pclose(fp));
	/* Read through a mapping. */
	fp = stream_of(O_RDONLY, "rm");
	show("fseek", fseek(fp, 1001, SEEK_SET));
	show_bytes("mapped", text, fread(text, 1, 9001, fp));
	show_stream("mapped", fp);
	show("fclose", fclose(fp));
}

static void reopen(void)
{
	FILE *fp = stream_of(O_RDWR, "r+");

	show("fgetc", fgetc(fp));
	show("fputs", fseek(fp, 10, SEEK_SET) ? -1 : fputs("one", fp) >= 0);
	fp = freopen(NULL, "r", fp);
	show("freopen", fp ? 0 : -1);
	if (!fp)
		return;
	show("fgetc", fgetc(fp));
	show_stream("reopened", fp);
	fp = freopen(scene_file, "r+", fp);
	show("freopen", fp ? 0 : -1);
	if (!fp)
		return;
	show("fcntl", fcntl(fileno(fp), F_SETFL, scene_direct));
	show("fread", (long)fread(text, 1, 1001, fp));
	show("fseek", fseek(fp, 5001, SEEK_SET));
	show("fputs", fputs("two", fp) >= 0);
	show("fclose", fclose(fp));
}

/* What is in the buffer when a process forks is written twice, if both flush it. */
static void forked(void)
{
	FILE *fp = stream_of(O_WRONLY | O_TRUNC, "w");
	int status = -1;
	pid_t child;

	fputs("in the buffer ", fp);
	fflush(stdout);
	child = fork();
	if (!child) {
		fputs("of the child", fp);
		_exit(fclose(fp) ? 1 : 0);
	}
	show("waitpid", waitpid(child, &status, 0) == child);
	show("status", status);
	show("fputs", fputs("of the parent", fp) >= 0);
	show("fclose", fclose(fp));
}

/* The device is full, or the file as long as it may be: what fits is written, and the rest is an error. */
static void limited(void)
{
	const struct rlimit limit = { 50001, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	FILE *fp = stream_of(O_RDWR, "r+");

	signal(SIGXFSZ, SIG_IGN);
	show("setrlimit", setrlimit(RLIMIT_FSIZE, &limit));
	show("fseek", fseek(fp, 49003, SEEK_SET));
	show("fputs", fputs("text", fp) >= 0);
	show("fflush", fflush(fp));
	show("fwrite", (long)fwrite(text, 1, 9001, fp));
	show_stream("too long", fp);
	clearerr(fp);
	show("fputs", fputs("text", fp) >= 0);
	show("fclose", fclose(fp));
	setrlimit(RLIMIT_FSIZE, &none);
	signal(SIGXFSZ, SIG_DFL);
}

/* A stream on which a call has failed before stays marked. */
static void marked(void)
{
	FILE *fp = stream_of(O_RDWR, "r+");

	show("dup2", dup2(open_scene(O_RDONLY), fileno(fp)) >= 0);
	show("fputs", fputs("text", fp) >= 0);
	show("fflush", fflush(fp));
	show("ferror", ferror(fp));
	show("dup2", dup2(open_scene(O_RDWR), fileno(fp)) >= 0);
	show("fputs", fputs("more", fp) >= 0);
	show("fflush", fflush(fp));
	show("ferror", ferror(fp));
	show("fclose", fclose(fp));
}

static void write_bad(char *from, size_t n)
{
	FILE *fp = stream_of(O_RDWR, "r+");

	show("setvbuf", setvbuf(fp, NULL, _IONBF, 0));
	show("fseek", fseek(fp, 4096, SEEK_SET));
	show("fwrite", (long)fwrite(from, 1, n, fp));
	show_stream("then", fp);
	show("fclose", fclose(fp));
}

/* The last page cannot be read. Without a buffer, the kernel gets the memory of the program. */
static void bad_memory(void)
{
	enum { PAGES = 4, PAGE = 4096 };
	char *map = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + PAGES * PAGE, PAGE, PROT_NONE)) {
		puts("no memory");
		return;
	}
	fill(map, PAGES * PAGE, 3);
	write_bad(map + 3, PAGES * PAGE);
	write_bad(map + 512, PAGES * PAGE + 77);
	write_bad(map, PAGES * PAGE + 4096);
	munmap(map, (PAGES + 1) * PAGE);
}

static void standard_output(void)
{
	int saved = dup(STDOUT_FILENO);
	int results[4];

	fflush(stdout);
	close(STDOUT_FILENO);
	if (open_scene(O_RDWR | O_TRUNC) != STDOUT_FILENO)
		_exit(98);
	results[0] = puts("a line") >= 0;
	results[1] = printf("%d\n", 42);
	for (int i = 0; i < 2000; i++)
		putchar('x');
	results[2] = fflush(stdout);
	results[3] = (int)lseek(STDOUT_FILENO, 0, SEEK_CUR);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	for (int i = 0; i < 4; i++)
		show("standard output", results[i]);
}

const struct scene other_scenes[] = {
	{ "dprintf", print_to_numbers },
	{ "dprintf, FORTIFY", print_fortified },
	{ "scan", scan },
	{ "wide", wide },
	{ "other kinds", other_kinds },
	{ "reopen", reopen },
	{ "fork", forked },
	{ "limit", limited },
	{ "marked", marked },
	{ "bad memory", bad_memory },
	{ "standard output", standard_output },
	{ NULL, NULL },
};
