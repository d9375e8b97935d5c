/* Scenes of random calls on a stream. See streams.h. */
#include "streams.h"

enum { CALLS = 300, MOST = 20000 };

static char at[MOST + 8];
static unsigned state;

static unsigned below(unsigned n)
{
	state = state * 1103515245 + 12345;
	return (state >> 12) % n;
}

static size_t some_length(void)
{
	static const size_t usual[] = { 1, 511, 512, 513, 4095, 4096, 4097, 8192 };

	return below(2) ? usual[below(8)] : 1 + below(below(4) ? 600 : MOST - 1);
}

static void input(FILE *fp)
{
	char *to = at + below(8);
	size_t n;

	switch (below(4)) {
	case 0:
		show("fgetc", fgetc(fp));
		break;
	case 1:
		show("ungetc", ungetc('u', fp));
		break;
	case 2:
		n = some_length();
		show_bytes("fgets", to, fgets(to, (int)n + 1, fp) ? strlen(to) : 0);
		break;
	default:
		n = fread(to, 1, some_length(), fp);
		show_bytes("fread", to, n);
	}
}

static void output(FILE *fp)
{
	char *from = at + below(8);
	size_t n = some_length();

	switch (below(3)) {
	case 0:
		show("fputc", fputc((int)below(256), fp));
		break;
	case 1:
		show("fprintf", fprintf(fp, "%*u\n", (int)below(3000), state));
		break;
	default:
		fill(from, n, state);
		show("fwrite", (long)fwrite(from, 1, n, fp));
	}
}

/* Between input and output there must be one of these. */
static void move(FILE *fp)
{
	switch (below(4)) {
	case 0:
		show("fseeko", fseeko(fp, (long)below(SCENE_BYTES + 5000), SEEK_SET));
		break;
	case 1:
		show("fseeko", fseeko(fp, (long)below(2000) - 1000, SEEK_CUR));
		break;
	case 2:
		show("fseeko", fseeko(fp, -(long)below(9000), SEEK_END));
		break;
	default:
		rewind(fp);
	}
	show_stream("moved", fp);
}

static void calls(FILE *fp)
{
	for (int i = 0; i < CALLS; i++) {
		bool reads = below(2);

		move(fp);
		for (unsigned n = below(6); n; n--)
			reads ? input(fp) : output(fp);
		if (!below(4))
			show("fflush", fflush(fp));
		printf("at %ld\n", (long)ftello(fp));
	}
	show("fclose", fclose(fp));
}

static void random_calls(void)
{
	const char *seed = getenv("DIOSHIM_SEED");

	state = seed ? (unsigned)strtoul(seed, NULL, 0) : 5;
	calls(stream_of(O_RDWR, "r+"));
}

static void random_appends(void)
{
	state = 6;
	calls(stream_of(O_RDWR, "a+"));
}

static void random_small_buffer(void)
{
	static char buffer[1000];
	FILE *fp = stream_of(O_RDWR, "r+");

	state = 7;
	show("setvbuf", setvbuf(fp, buffer + 1, _IOFBF, 700));
	calls(fp);
}

const struct scene random_scenes[] = {
	{ "random", random_calls },
	{ "random, appending", random_appends },
	{ "random, small buffer", random_small_buffer },
	{ NULL, NULL },
};
