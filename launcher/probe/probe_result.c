/* The results of --probe. See probe_result.h. */
#include "probe/probe_result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
