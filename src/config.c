/*
 * What the environment says, read once when the library is loaded: later, a getenv() could meet a
 * setenv() of the program's. secure_getenv(): nothing is believed in a setuid program.
 *
 *   DIOSHIM_BOUNCE_MAX   bytes of bounce buffers, at most; 64K to 64M, default 16M
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "bounce.h"
#include "sys.h"

/* The factor that a suffix stands for; 0 if it is none. */
static size_t unit(const char *suffix)
{
	if (!*suffix)
		return 1;
	if (suffix[1])
		return 0;
	return *suffix == 'K' || *suffix == 'k' ? 1 << 10 :
	       *suffix == 'M' || *suffix == 'm' ? 1 << 20 : 0;
}

/* Digits and one unit; nothing that overflows, no sign, no space. */
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

/* One line, in one piece, without stdio: the program's stderr may not be set up yet. */
static void complain(const char *value)
{
	static const char before[] = "dioshim: DIOSHIM_BOUNCE_MAX=";
	static const char after[] =
		": not a size from 64K to 64M (bytes, or with K or M); using 16M\n";
	const struct iovec line[] = {
		{ (char *)(uintptr_t)before, sizeof(before) - 1 },
		{ (char *)(uintptr_t)value, strnlen(value, 80) },
		{ (char *)(uintptr_t)after, sizeof(after) - 1 },
	};

	sys(SYS_writev, STDERR_FILENO, line, 3);
}

__attribute__((constructor)) static void read_environment(void)
{
	const char *value = secure_getenv("DIOSHIM_BOUNCE_MAX");
	size_t bytes;

	if (!value)
		return;
	if (parse_bytes(value, &bytes) && bytes >= BOUNCE_MAX_LEAST && bytes <= BOUNCE_MAX_MOST)
		bounce_set_max(bytes);
	else
		complain(value);
}
