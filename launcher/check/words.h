/* The words of a command, as scripts and env rewrite them. Ended by NULL, as an argv is. */
#ifndef DIOSHIM_WORDS_H
#define DIOSHIM_WORDS_H

#include <stddef.h>

struct words {
	char **word;
	size_t count;
};

void words_copy(struct words *w, char *const argv[]);
void words_free(struct words *w);

/* The words before `from` give way to these, of which the words keep copies. */
void words_replace(struct words *w, size_t from, const char *const *with, size_t count);

#endif
