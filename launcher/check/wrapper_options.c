/* See wrapper_options.h. */
#include "check/wrapper_options.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* What getopt_long() returns for a long option without a short form; no letter has this number. */
enum { NO_LETTER = 1 };

/* Cuts NAME[=|?][/X] after NAME. */
static struct option parse(char *text)
{
	char *slash = strchr(text, '/');
	struct option o = { .name = text, .val = slash ? slash[1] : NO_LETTER };
	char *end = slash ? slash : text + strlen(text);

	if (end > text && (end[-1] == '=' || end[-1] == '?')) {
		o.has_arg = end[-1] == '=' ? required_argument : optional_argument;
		end--;
	}
	*end = '\0';
	return o;
}

struct wrapper_options *wrapper_options_make(const struct wrapper *w)
{
	struct wrapper_options *o = alloc_zeroed(1, sizeof(*o));
	size_t count = 0;
	char *rest;

	o->letters = alloc_format("+%s", w->options);
	o->names = alloc_string(w->long_options);
	o->longs = alloc_zeroed(strlen(o->names) / 2 + 2, sizeof(*o->longs));
	rest = o->names;
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			o->longs[count++] = parse(word);
	return o;
}

void wrapper_options_free(struct wrapper_options *o)
{
	free(o->letters);
	free(o->longs);
	free(o->names);
	free(o);
}
