/*
 * See values.h. The sizes accepted are those that the shim accepts (src/config.c);
 * tests/launcher/launcher.bats compares the two.
 */
#include "values.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "settings.h"

/*
 * Parses the digits at the start of `text`, and sets `*end` to what follows them. A `*value` above
 * `most` only says that the number is too large. Returns false if there are no digits.
 */
static bool digits(const char *text, uint64_t most, uint64_t *value, const char **end)
{
	const char *at = text;

	*value = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (*value <= most)
			*value = *value * 10 + (uint64_t)(*at - '0');
	}
	*end = at;
	return at > text;
}

bool value_seconds(const char *text, unsigned *seconds)
{
	uint64_t value;
	const char *end;

	if (!digits(text, SECONDS_MAX, &value, &end) || *end || !value || value > SECONDS_MAX)
		return false;
	*seconds = (unsigned)value;
	return true;
}

bool value_is_size(const char *text)
{
	uint64_t value;
	const char *end;

	if (!digits(text, BOUNCE_MAX_MOST, &value, &end) || value > BOUNCE_MAX_MOST)
		return false;
	if (*end == 'K' || *end == 'k')
		value <<= 10;
	else if (*end == 'M' || *end == 'm')
		value <<= 20;
	else if (*end)
		return false;
	if (*end && end[1])
		return false;
	return value >= BOUNCE_MAX_LEAST && value <= BOUNCE_MAX_MOST;
}

#define OPTIMISATION_WORD(name, word) word,

static bool is_optimisation(const char *text, size_t length)
{
	static const char *const words[] = { DIOSHIM_OPTIMISATIONS(OPTIMISATION_WORD) };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i]) == length && !memcmp(words[i], text, length))
			return true;
	}
	return false;
}

bool value_is_disable(const char *text)
{
	for (;;) {
		size_t length = strcspn(text, ",");

		if (!is_optimisation(text, length))
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

bool value_is_refused(const char *text)
{
	return !strcmp(text, REFUSED_FAIL) || !strcmp(text, REFUSED_BUFFERED);
}
