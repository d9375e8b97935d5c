/* See words.h. */
#include "check/words.h"

#include <stdlib.h>

#include "alloc.h"

void words_copy(struct words *w, char *const argv[])
{
	size_t n = 0;

	while (argv[n])
		n++;
	w->count = n;
	w->word = alloc_zeroed(n + 1, sizeof(*w->word));
	for (size_t i = 0; i < n; i++)
		w->word[i] = alloc_string(argv[i]);
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->word[i]);
	free(w->word);
	*w = (struct words){ 0 };
}

void words_replace(struct words *w, size_t from, const char *const *with, size_t count)
{
	size_t kept = w->count - from;
	char **word = alloc_zeroed(count + kept + 1, sizeof(*word));

	for (size_t i = 0; i < count; i++)
		word[i] = alloc_string(with[i]);
	for (size_t i = 0; i < kept; i++)
		word[count + i] = alloc_string(w->word[from + i]);
	words_free(w);
	w->word = word;
	w->count = count + kept;
}
