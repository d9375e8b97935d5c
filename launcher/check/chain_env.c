/* The environment of the program at the end of a chain. See chain.h. */
#include "check/chain.h"

#include <string.h>

#include "alloc.h"

static char *copy(const char *value)
{
	return value ? alloc_string(value) : NULL;
}

static bool is(const char *name, size_t length, const char *variable)
{
	return length == strlen(variable) && !memcmp(name, variable, length);
}

static void change(struct chain *c, const char *name, size_t length, const char *value)
{
	if (is(name, length, "PATH"))
		chain_set(&c->path, copy(value));
	if (is(name, length, "LD_LIBRARY_PATH"))
		chain_set(&c->library_path, copy(value));
	if (is(name, length, "LD_PRELOAD")) {
		chain_set(&c->lost, alloc_format("%s removes the shim from LD_PRELOAD",
						 base_name(c->program)));
		c->advice = "put dioshim after it: env ... dioshim COMMAND";
	}
}

void chain_unset(struct chain *c, const char *name)
{
	change(c, name, strlen(name), NULL);
}

bool chain_assign(struct chain *c, const char *text)
{
	const char *equals = strchr(text, '=');

	if (equals)
		change(c, text, equals - text, equals + 1);
	return equals;
}

void chain_clear_environment(struct chain *c)
{
	chain_unset(c, "PATH");
	chain_unset(c, "LD_LIBRARY_PATH");
	chain_unset(c, "LD_PRELOAD");
}
