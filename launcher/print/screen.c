/* Lines that fit a terminal. See screen.h. libsmartcols cuts texts at their end only, and between any two letters. */
#include "print/screen.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "alloc.h"

enum {
	WIDTH_LEAST = 20, /* in less, a table or a sentence is no longer readable */
	WIDTH_MOST = 10000,
};

static size_t sensible(long width)
{
	return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : (size_t)width;
}

size_t screen_width(FILE *to)
{
	const char *variable = getenv("COLUMNS");
	struct winsize size;
	char *end;
	long n;

	if (variable && *variable) {
		n = strtol(variable, &end, 10);
		if (!*end && n > 0)
			return sensible(n);
	}
	if (!isatty(fileno(to)))
		return 0;
	/* A terminal that does not tell: a serial line, for example. */
	if (ioctl(fileno(to), TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return sensible(size.ws_col);
}

/* Returns the length in bytes of the character at `text`, and sets *columns. A byte that is none has one column. */
static size_t character(const char *text, size_t *columns)
{
	mbstate_t state = { 0 };
	wchar_t wc;
	size_t len = mbrtowc(&wc, text, MB_CUR_MAX, &state);
	int width;

	*columns = 1;
	if (!len || len > 8)
		return 1;
	width = wcwidth(wc);
	if (width >= 0)
		*columns = (size_t)width;
	return len;
}

size_t screen_columns(const char *text)
{
	size_t all = 0, columns;

	while (*text) {
		text += character(text, &columns);
		all += columns;
	}
	return all;
}

/* Returns the end of what takes at most `*width` columns, and sets *width to what it takes. */
static char *fitting(char *text, size_t *width)
{
	size_t used = 0, columns;

	while (*text) {
		size_t len = character(text, &columns);

		if (used + columns > *width)
			break;
		used += columns;
		text += len;
	}
	*width = used;
	return text;
}

/* The end of a path tells more than its beginning, and gets two thirds. */
void screen_shorten(char *text, size_t width)
{
	size_t left = screen_columns(text), columns;
	size_t head = width > 3 ? (width - 3) / 3 : 0;
	char *at, *rest = text;

	if (left <= width || width < 3)
		return;
	at = fitting(text, &head);
	while (left > width - 3 - head) {
		rest += character(rest, &columns);
		left -= columns;
	}
	for (int i = 0; i < 3; i++)
		*at++ = '.';
	memmove(at, rest, strlen(rest) + 1);
}

/* Returns the length of the first word: to the next space that is not escaped, or to the end. */
static size_t word_length(const char *text)
{
	size_t len = 0;

	while (text[len] && (text[len] != ' ' || (len && text[len - 1] == '\\')))
		len++;
	return len;
}

/* Prints a word, in at most `width` columns, unless that is 0. Returns how many it took. */
static size_t print_word(FILE *to, const char *text, size_t len, size_t width)
{
	char *word = alloc_part(text, len);
	size_t columns;

	if (width)
		screen_shorten(word, width);
	columns = screen_columns(word);
	fputs(word, to);
	free(word);
	return columns;
}

static size_t columns_of(const char *text, size_t len)
{
	char *word = alloc_part(text, len);
	size_t columns = screen_columns(word);

	free(word);
	return columns;
}

void screen_print(FILE *to, const char *text, size_t width, size_t indent)
{
	size_t used = 0;
	bool first = true;

	for (; *text; first = false) {
		size_t len = word_length(text);

		if (!first && width && used + 1 + columns_of(text, len) > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			used = indent;
		} else if (!first) {
			fputc(' ', to);
			used++;
		}
		used += print_word(to, text, len, width ? width - used : 0);
		text += len + (text[len] == ' ');
	}
	fputc('\n', to);
}
