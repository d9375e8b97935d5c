/*
 * Settings from the environment, read once when the library is loaded: later, a getenv() could race
 * with a setenv() of the program. secure_getenv() ignores them in a setuid program.
 *
 *   DIOSHIM_BOUNCE_MAX   bytes of bounce buffers, at most; 64K to 64M, default 16M
 *   DIOSHIM_DISABLE      what is not to be done, separated by commas: hints, hugepages,
 *                        prefetch, stdio (disable.h)
 *   DIOSHIM_REFUSED      what becomes of files on which the file system refuses O_DIRECT: fail, which is
 *                        the default, or buffered (refused.h)
 *   DIOSHIM_REFUSED_RECORD  with buffered: file in which such files are noted, but no calls
 *   DIOSHIM_STATS        file in which every call on an O_DIRECT descriptor is counted (record.h)
 *   DIOSHIM_TRACE        file in which the last calls that the shim changed are kept; may be
 *                        the same
 *
 * The files are best named by absolute paths: programs that this one starts read the variables too.
 * A file whose name begins with two slashes is used if it is a record file, but not created: it is the
 * launcher's own, which is gone when COMMAND has ended, while programs in the background may still be
 * starting others.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bounce.h"
#include "complain.h"
#include "disable.h"
#include "recording.h"
#include "refused.h"
#include "refused_hooks.h"
#include "settings.h"
#include "stdio_calls.h"

unsigned disabled;

/* Returns the factor that a suffix stands for; 0 if it is unknown. */
static size_t unit(const char *suffix)
{
	if (!*suffix)
		return 1;
	if (suffix[1])
		return 0;
	return *suffix == 'K' || *suffix == 'k'	  ? 1 << 10
	       : *suffix == 'M' || *suffix == 'm' ? 1 << 20
						  : 0;
}

/* Parses digits and an optional unit. Accepts no overflow, no sign, no space. */
static bool parse_bytes(const char *text, size_t *bytes)
{
	size_t value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (value > BOUNCE_MAX_MOST)
			return false;
		value = value * 10 + (size_t)(*at - '0');
	}
	if (at == text || !unit(at))
		return false;
	*bytes = value * unit(at);
	return true;
}

static void read_bounce_max(void)
{
	const char *value = secure_getenv("DIOSHIM_BOUNCE_MAX");
	size_t bytes;

	if (!value)
		return;
	if (parse_bytes(value, &bytes) && bytes >= BOUNCE_MAX_LEAST && bytes <= BOUNCE_MAX_MOST)
		bounce_set_max(bytes);
	else
		complain("DIOSHIM_BOUNCE_MAX", value, strlen(value),
			 "not a size " BOUNCE_MAX_RANGE_TEXT
			 " (bytes, or with K or M); using " BOUNCE_MAX_DEFAULT_TEXT,
			 "");
}

#define DISABLE_WORD(name, word) { word, DISABLE_##name },

/* Returns the flag of a word of `len` bytes; 0 if it is unknown. */
static unsigned disable_bit(const char *word, size_t len)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = { DIOSHIM_OPTIMISATIONS(DISABLE_WORD) };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && !memcmp(words[i].word, word, len))
			return words[i].bit;
	return 0;
}

static void read_disable(void)
{
	const char *word = secure_getenv("DIOSHIM_DISABLE");

	while (word && *word) {
		size_t len = strcspn(word, ",");
		unsigned bit = disable_bit(word, len);

		if (len && !bit)
			complain("DIOSHIM_DISABLE", word, len,
				 "not one of " OPTIMISATION_WORDS_TEXT "; ignored", "");
		disabled |= bit;
		word += len;
		word += *word == ',';
	}
}

static void read_refused(void)
{
	const char *value = secure_getenv("DIOSHIM_REFUSED");

	if (!value || !*value || !strcmp(value, REFUSED_FAIL))
		return;
	if (!strcmp(value, REFUSED_BUFFERED))
		refused_start();
	else
		complain("DIOSHIM_REFUSED", value, strlen(value),
			 "not one of " REFUSED_WORDS_TEXT "; using " REFUSED_FAIL, "");
}

/* An empty variable counts as not set. */
static const char *file_named_by(const char *variable)
{
	const char *value = secure_getenv(variable);

	return value && *value ? value : NULL;
}

__attribute__((constructor)) static void read_environment(void)
{
	read_bounce_max();
	read_disable();
	/* Before what else stands between, or in the C library's tables. */
	read_refused();
	if (!(disabled & DISABLE_STDIO))
		stdio_start();
	recording_start(file_named_by("DIOSHIM_STATS"), file_named_by("DIOSHIM_TRACE"),
			refused_buffered ? file_named_by("DIOSHIM_REFUSED_RECORD") : NULL);
}
