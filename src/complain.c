/* One line on stderr. See complain.h. */
#include "complain.h"

#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "sys.h"

enum { VALUE_MAX = 256 }; /* bytes of a value that are shown */

static struct iovec text(const char *s, size_t len)
{
	return (struct iovec){ (char *)(uintptr_t)s, len };
}

/* Uses one writev(2) and no stdio: the program's stderr may not be set up yet. */
void complain(const char *variable, const char *value, size_t len, const char *what,
	      const char *detail)
{
	const struct iovec line[] = {
		text("dioshim: ", 9),
		text(variable, strlen(variable)),
		text("=", 1),
		text(value, len < VALUE_MAX ? len : VALUE_MAX),
		text(": ", 2),
		text(what, strlen(what)),
		text(detail, strlen(detail)),
		text("\n", 1),
	};

	sys(SYS_writev, STDERR_FILENO, line, (long)(sizeof(line) / sizeof(line[0])));
}
