/* Numbers and file names for human readers. See text.h. */
#include "print/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/sysmacros.h>

const char *text_count(uint64_t n, char text[TEXT_NUMBER])
{
	char digits[TEXT_NUMBER];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *to = text;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = 0;
	return text;
}

const char *text_counted(uint64_t n, const char *singular, char *text, size_t room)
{
	char number[TEXT_NUMBER];

	snprintf(text, room, "%s %s%s", text_count(n, number), singular, n == 1 ? "" : "s");
	return text;
}

const char *text_size(uint64_t bytes, char text[TEXT_NUMBER])
{
	static const char units[] = " KMGTPE";
	double value = (double)bytes;
	int unit = 0;

	for (; unit < 6 && value >= (unit ? 1023.5 : 1024); unit++)
		value /= 1024;
	if (!unit)
		snprintf(text, TEXT_NUMBER, "%" PRIu64, bytes);
	else
		snprintf(text, TEXT_NUMBER, "%.*f%c", value < 9.95, value, units[unit]);
	return text;
}

const char *text_bytes(uint64_t bytes, char text[TEXT_NUMBER])
{
	char number[TEXT_NUMBER];

	if (bytes >= 1024)
		return text_size(bytes, text);
	/* At most "1,023": without the limit gcc -O3 warns that it might not fit. */
	snprintf(text, TEXT_NUMBER, "%.5s byte%s", text_count(bytes, number),
		 bytes == 1 ? "" : "s");
	return text;
}

const char *text_time(uint64_t ns, char text[TEXT_NUMBER])
{
	if (!ns)
		snprintf(text, TEXT_NUMBER, "0 s");
	else if (ns < 1000)
		snprintf(text, TEXT_NUMBER, "under 1 us");
	else if (ns < 100000)
		snprintf(text, TEXT_NUMBER, "%.0f us", (double)ns / 1e3);
	else if (ns < 100000000)
		snprintf(text, TEXT_NUMBER, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(text, TEXT_NUMBER, "%.1f s", (double)ns / 1e9);
	return text;
}

const char *text_share(uint64_t part, uint64_t whole, char text[TEXT_NUMBER])
{
	double percent = whole ? 100 * ((double)part / (double)whole) : 0;

	if (part && percent < 1)
		snprintf(text, TEXT_NUMBER, "less than 1%%");
	else if (part < whole && percent > 99)
		snprintf(text, TEXT_NUMBER, "more than 99%%");
	else
		snprintf(text, TEXT_NUMBER, "%.0f%%", percent);
	return text;
}

const char *text_file(const char *path, uint64_t device, uint64_t inode, const char *also,
		      char text[TEXT_NAME])
{
	if (*path)
		return text_path(path, also, text);
	snprintf(text, TEXT_NAME, "device %u:%u inode %" PRIu64, major(device), minor(device),
		 inode);
	return text;
}
