/* Escaping of file names for a terminal. See text.h. */
#include "print/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Bidirectional controls and line separators: with them, one name can look like another. */
static bool turns_text(wchar_t wc)
{
	return wc == 0x61c || wc == 0x200e || wc == 0x200f || (wc >= 0x2028 && wc <= 0x202e) ||
	       (wc >= 0x2066 && wc <= 0x2069);
}

/* Returns the length of the multibyte character at `at` if it can be printed as it is, else 0. */
static size_t printable_length(const char *at, size_t left)
{
	mbstate_t state = { 0 };
	wchar_t wc;
	size_t len = mbrtowc(&wc, at, left, &state);

	return len >= 2 && len <= 8 && iswprint((wint_t)wc) && !turns_text(wc) ? len : 0;
}

/* Writes one byte, escaped if need be. Returns the end of what it wrote. */
static char *escape(unsigned char c, const char *also, char *to)
{
	static const char letters[] = "abtnvfr"; /* 7 to 13 */

	if (c >= 7 && c <= 13)
		return to + sprintf(to, "\\%c", letters[c - 7]);
	if (c == '\\' || c == ' ')
		return to + sprintf(to, "\\%c", c);
	if (c < ' ' || c >= 0x7f || strchr(also, c))
		return to + sprintf(to, "\\%03o", c);
	*to = (char)c;
	return to + 1;
}

void text_escape(const char *path, size_t left, const char *also, char *text)
{
	char *to = text;

	while (left) {
		size_t len = printable_length(path, left);

		if (len) {
			memcpy(to, path, len);
			to += len;
		} else {
			len = 1;
			to = escape((unsigned char)*path, also, to);
		}
		path += len;
		left -= len;
	}
	*to = 0;
}

const char *text_path(const char *path, const char *also, char text[TEXT_NAME])
{
	text_escape(path, strnlen(path, RECORD_PATH - 1), also, text);
	return text;
}
