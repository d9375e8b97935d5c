/* Formatted text. See text.h. */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "sys64.h"

/* FORTIFY's; musl has none. */
extern int vsnprintf_checked(char *to, size_t room, int flag, size_t size, const char *format,
			     va_list ap) __asm__("__vsnprintf_chk") __attribute__((weak));

static int print(char *to, size_t room, int flag, const char *format, va_list ap)
{
	va_list copy;
	int length;

	va_copy(copy, ap);
	length = flag && vsnprintf_checked ? vsnprintf_checked(to, room, flag, room, format, copy)
					   : vsnprintf(to, room, format, copy);
	va_end(copy);
	return length;
}

static bool map(struct text *t, size_t size)
{
	long at;

	sigmask_hold(&t->signals);
	at = sys_mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (sys_failed(at)) {
		sigmask_release(&t->signals);
		return false;
	}
	t->at = (char *)at;
	t->mapped = size;
	return true;
}

void text_format(struct text *t, int flag, const char *format, va_list ap)
{
	const int before = errno;

	t->at = t->near;
	t->mapped = 0;
	t->length = print(t->near, sizeof(t->near), flag, format, ap);
	if (t->length < (ssize_t)sizeof(t->near))
		return;
	if (!map(t, (size_t)t->length + 1)) {
		errno = ENOMEM;
		t->length = -1;
		return;
	}
	/* %m prints errno. */
	errno = before;
	t->length = print(t->at, t->mapped, flag, format, ap);
}

void text_release(const struct text *t)
{
	if (!t->mapped)
		return;
	sys(SYS_munmap, t->at, t->mapped);
	sigmask_release(&t->signals);
}
