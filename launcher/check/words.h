/* The words of a command, ended by NULL like argv. Scripts and env change them. */
#ifndef DIOSHIM_WORDS_H
#define DIOSHIM_WORDS_H

#include <stddef.h>

struct words {
	char **word;
	size_t count;
};

void words_copy(struct words *w, char *const argv[]);
void words_free(struct words *w);

/* Replaces the words before `from` by copies of `with`. */
void words_replace(struct words *w, size_t from, const char *const *with, size_t count);

#endif
