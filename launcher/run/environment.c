/* See environment.h. */
#include "run/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "print/message.h"

static bool set_variable(const char *name, const char *value)
{
	if (!value || !setenv(name, value, 1))
		return true;
	message("%s: %s", name, strerror(errno));
	return false;
}

/* Whether `library` is the first entry of `list` already, as in a launcher that a launcher runs. */
static bool is_first(const char *library, const char *list)
{
	size_t length;

	list += strspn(list, " :");
	length = strcspn(list, " :");
	return length == strlen(library) && !memcmp(list, library, length);
}

/*
 * Puts the library first, so that calls reach the shim before any other preloaded library. A sanitizer's runtime must
 * be before it; it passes calls on.
 */
static bool preload(const char *first, const char *library)
{
	const char *old = getenv("LD_PRELOAD");
	char *both;
	bool done;

	if (!old)
		old = "";
	if (is_first(first ? first : library, old) && (!first || strstr(old, library)))
		return true;
	both = alloc_format("%s%s%s%s%s", first ? first : "", first ? ":" : "", library,
			    *old ? ":" : "", old);
	done = set_variable("LD_PRELOAD", both);
	free(both);
	return done;
}

/*
 * Adds a record file to those that are named already, by the user or by a launcher around this one (src/recording.h):
 * each is to have all calls.
 */
static bool add_record(const char *name, const char *record)
{
	const char *old = getenv(name);
	char *both;
	bool done;

	if (!record || !old || !*old || *record != '/')
		return set_variable(name, record);
	both = alloc_format("%s:%s", old, record);
	done = set_variable(name, both);
	free(both);
	return done;
}

bool environment_set(const struct options *o, const char *first, const char *library,
		     const char *record)
{
	/* --stats and --trace name the files, too. */
	bool names_alone = options_name_refused(o) && !o->stats && !o->trace;

	return preload(first, library) && set_variable("DIOSHIM_BOUNCE_MAX", o->bounce_max) &&
	       set_variable("DIOSHIM_DISABLE", o->disable) &&
	       set_variable("DIOSHIM_REFUSED", o->refused) &&
	       add_record("DIOSHIM_REFUSED_RECORD", names_alone ? record : NULL) &&
	       add_record("DIOSHIM_STATS", o->stats ? record : NULL) &&
	       add_record("DIOSHIM_TRACE", o->trace ? record : NULL);
}
