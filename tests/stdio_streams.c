/* Scenes of one stream: modes, buffers, positions, ends. See streams.h. */
#include "streams.h"

#include <stdio_ext.h>

static char room[1 << 21];

static void read_some(FILE *fp)
{
	char line[200];
	size_t n;

	show("fgetc", fgetc(fp));
	show_stream("after one byte", fp);
	show("ungetc", ungetc('u', fp));
	show("fgetc", fgetc(fp));
	if (fgets(line, sizeof(line), fp))
		show_bytes("fgets", line, strlen(line));
	show_stream("after a line", fp);
	n = fread(room + 1, 1, 5001, fp);
	show_bytes("fread", room + 1, n);
	n = fread(room + 3, 7, 1500, fp);
	show_bytes("fread of a multiple", room + 3, n * 7);
	show_stream("after fread", fp);
}

static void write_some(FILE *fp)
{
	fill(room, 20001, 5);
	show("fputs", fputs("a line\n", fp) >= 0);
	show_stream("after a line", fp);
	show("fwrite", (long)fwrite(room + 1, 1, 9999, fp));
	show("fprintf", fprintf(fp, "%s %d\n", "text", 17));
	show("fwrite of a multiple", (long)fwrite(room + 3, 11, 1000, fp));
	show("fputc", fputc('c', fp));
	show("fflush", fflush(fp));
	show_stream("after fflush", fp);
}

static void mode(int flags, const char *name)
{
	FILE *fp = stream_of(flags, name);

	printf("mode %s\n", name);
	show_stream("at first", fp);
	if ((flags & O_ACCMODE) != O_WRONLY) {
		show("fseeko", fseeko(fp, 4321, SEEK_SET));
		read_some(fp);
		show("fseeko", fseeko(fp, -100, SEEK_CUR));
		show_stream("after fseeko", fp);
	}
	if ((flags & O_ACCMODE) != O_RDONLY) {
		write_some(fp);
		show("fseeko", fseeko(fp, 33, SEEK_SET));
		show("fwrite", (long)fwrite(room, 1, 100, fp));
		show("fseeko", fseeko(fp, -7, SEEK_END));
		show("fwrite", (long)fwrite(room, 1, 3, fp));
		show_stream("in the end", fp);
	}
	show("fclose", fclose(fp));
}

static void modes(void)
{
	mode(O_RDONLY, "r");
	mode(O_RDWR, "r+");
	mode(O_WRONLY, "w");
	mode(O_RDWR, "w+");
	mode(O_WRONLY, "a");
	mode(O_RDWR, "a+");
	mode(O_WRONLY | O_APPEND, "a");
	mode(O_RDWR | O_APPEND, "r+");
}

/* What is refused as on an ordinary file. */
static void wrong_modes(void)
{
	int fd = open_scene(O_RDONLY);
	FILE *fp = fdopen(fd, "r");

	show("a stream that cannot write", fputs("x", fp));
	show("fdopen", fdopen(open_scene(O_RDONLY), "w") ? 0 : -1);
	close(fd);
	show("fgetc of a closed number", fgetc(fp));
	show("fclose of a closed number", fclose(fp));
	fd = open_scene(O_WRONLY);
	fp = fdopen(fd, "w");
	fputs("a text", fp);
	close(fd);
	show("fflush of a closed number", fflush(fp));
	show("ferror", ferror(fp));
	show("fclose of a closed number", fclose(fp));
}

static void buffer(char *at, int kind, size_t size)
{
	FILE *fp = stream_of(O_RDWR, "r+");

	printf("buffer of kind %d, %zu bytes\n", kind, size);
	show("setvbuf", setvbuf(fp, at, kind, size));
	read_some(fp);
	show("fseeko", fseeko(fp, 7, SEEK_SET));
	write_some(fp);
	show("fseeko", fseeko(fp, 11, SEEK_SET));
	read_some(fp);
	show("fclose", fclose(fp));
}

static void buffers(void)
{
	static char at[(1 << 20) + 8];
	static const size_t sizes[] = { 1, 100, 4096, 1 << 20 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		buffer(at + 3, _IOFBF, sizes[i]);
	buffer(at + 5, _IOLBF, 1000);
	buffer(NULL, _IONBF, 0);
}

/* The program's own position in the file is where it has read to, not where the buffer ends. */
static void input_offsets(void)
{
	FILE *fp = stream_of(O_RDONLY, "r");
	int other = dup(fileno(fp));

	show("fread", (long)fread(room, 1, 1001, fp));
	show("fflush", fflush(fp));
	show("offset", lseek(other, 0, SEEK_CUR));
	show("fread", (long)fread(room, 1, 13, fp));
	show("fclose", fclose(fp));
	show("offset", lseek(other, 0, SEEK_CUR));
	fp = fdopen(other, "r");
	show("fgetc", fgetc(fp));
	show("fflush of all", fflush(NULL));
	show("offset", lseek(fileno(fp), 0, SEEK_CUR));
	rewind(fp);
	show("fgetc", fgetc(fp));
	show("fseeko before the file", fseeko(fp, -1, SEEK_SET));
	show("fseeko behind the file", fseeko(fp, 5, SEEK_END));
	show("fgetc", fgetc(fp));
	show_stream("behind the file", fp);
	show("fclose", fclose(fp));
}

static void end_of_file(void)
{
	FILE *fp = stream_of(O_RDONLY, "r");
	FILE *more = stream_of(O_WRONLY | O_APPEND, "a");
	size_t n;

	show("fread of all and more", (long)fread(room + 1, 1, sizeof(room) - 1, fp));
	show_stream("at the end", fp);
	show("fgetc", fgetc(fp));
	show("fputs", fputs("some more", more) >= 0);
	show("fflush", fflush(more));
	show("fgetc at the old end", fgetc(fp));
	clearerr(fp);
	n = fread(room, 1, 100, fp);
	show_bytes("what was added", room, n);
	show_stream("at the end", fp);
	show("fclose", fclose(fp));
	show("ftruncate", ftruncate(fileno(more), 0));
	show("fclose", fclose(more));
	fp = stream_of(O_RDONLY, "r");
	show("fgetc of an empty file", fgetc(fp));
	show_stream("empty", fp);
	show("fclose", fclose(fp));
}

static void without_locks(void)
{
	FILE *fp = stream_of(O_RDWR, "r+");
	char line[100];

	show("fread_unlocked", (long)fread_unlocked(room + 1, 1, 6001, fp));
	show_bytes("bytes", room + 1, 6001);
	show("getc_unlocked", getc_unlocked(fp));
	if (fgets_unlocked(line, sizeof(line), fp))
		show_bytes("fgets_unlocked", line, strlen(line));
	show("fseek", fseek(fp, 3, SEEK_SET));
	show("fwrite_unlocked", (long)fwrite_unlocked(room + 1, 1, 6001, fp));
	show("putc_unlocked", putc_unlocked('p', fp));
	show("fputs_unlocked", fputs_unlocked("text", fp) >= 0);
	show("fflush_unlocked", fflush_unlocked(fp));
	show_stream("then", fp);
	show("__fsetlocking", __fsetlocking(fp, FSETLOCKING_BYCALLER));
	show("fputs", fputs("text", fp) >= 0);
	show("fclose", fclose(fp));
}

const struct scene stream_scenes[] = {
	{ "modes", modes },
	{ "wrong modes", wrong_modes },
	{ "buffers", buffers },
	{ "input offsets", input_offsets },
	{ "end of file", end_of_file },
	{ "without locks", without_locks },
	{ NULL, NULL },
};
