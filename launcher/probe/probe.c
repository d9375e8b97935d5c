/* dioshim --probe: probes the paths one by one. See probe.h. */
#include "probe/probe.h"

#include <stdlib.h>

#include "alloc.h"
#include "print/message.h"
#include "probe/probe_look.h"
#include "probe/probe_print.h"
#include "probe/probe_refusal.h"
#include "probe/probe_try.h"

int probe_paths(char **paths, int count, bool try, bool json)
{
	struct probe *probes = alloc_zeroed((size_t)count + 1, sizeof(*probes));
	int good = 0;
	bool printed;

	for (int i = 0; i < count; i++) {
		struct probe *p = &probes[good];
		const char *trouble = probe_look(paths[i], p);

		if (trouble) {
			message("%s: %s", paths[i], trouble);
			continue;
		}
		probe_refusal(p, try);
		probe_new_file(p, try);
		if (try && p->block_device)
			probe_device(p);
		good++;
	}
	printed = probe_print(probes, good, json);
	for (int i = 0; i < good; i++)
		probe_look_free(&probes[i]);
	free(probes);
	return good == count && printed ? EXIT_SUCCESS : EXIT_FAILURE;
}
