/* See chain.h. */
#include "check/chain.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void chain_add_step(struct chain *c, char *line)
{
	c->steps = alloc_room(c->steps, c->step_count, sizeof(*c->steps));
	c->steps[c->step_count++] = line;
}

void chain_drop_steps(struct chain *c, size_t count)
{
	while (c->step_count > count)
		free(c->steps[--c->step_count]);
}

void chain_set(char **text, char *value)
{
	free(*text);
	*text = value;
}

void chain_free(struct chain *c)
{
	words_free(&c->words);
	chain_drop_steps(c, 0);
	free(c->steps);
	free(c->first);
	free(c->found);
	free(c->program);
	free(c->trouble);
	free(c->path);
	free(c->library_path);
	free(c->lost);
	free(c->root);
	*c = (struct chain){ 0 };
}
