/* The scenarios by number. See interleave_scenarios.h. */
#include "interleave_scenarios.h"

static const struct scenario *const groups[] = {
	scenarios_edges,
	scenarios_overlap,
	scenarios_numbers,
	scenarios_flags,
	scenarios_offset,
	scenarios_append,
	scenarios_copies,
	scenarios_doors,
	scenarios_device,
	scenarios_traps,
	NULL,
};

const struct scenario *scenario_number(int number)
{
	for (int i = 0; groups[i]; i++)
		for (const struct scenario *s = groups[i]; s->name; s++)
			if (!number--)
				return s;
	return NULL;
}
