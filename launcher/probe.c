/* dioshim --probe, path by path. See probe.h. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "message.h"
#include "probe_look.h"
#include "probe_print.h"
#include "probe_try.h"

void probe_note(struct probe *p, const char *format, ...)
{
	size_t used = strlen(p->note);
	va_list args;

	if (used)
		used += (size_t)snprintf(p->note + used, sizeof(p->note) - used, "; ");
	if (used >= sizeof(p->note))
		return;
	va_start(args, format);
	vsnprintf(p->note + used, sizeof(p->note) - used, format, args);
	va_end(args);
}

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
