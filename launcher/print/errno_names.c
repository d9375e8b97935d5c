/* Names of error numbers. See errno_names.h. */
#include "print/errno_names.h"

#include <stdio.h>
#include <string.h>

const char *errno_name(int number, char text[ERRNO_NAME])
{
	const char *name = NULL;

#if __GLIBC_PREREQ(2, 32)
	name = strerrorname_np(number);
#endif
	if (name)
		return name;
	snprintf(text, ERRNO_NAME, "errno %d", number);
	return text;
}

const char *errno_text(int number)
{
	const char *text;

#if __GLIBC_PREREQ(2, 32)
	text = strerrordesc_np(number);
#else
	text = strerror(number);
#endif
	return text ? text : "unknown error";
}
