/* See ring_code.h. */
#include "check/ring_code.h"

#include <string.h>

/* 425, the same on all architectures but alpha (asm-generic/unistd.h), and as an operand of 32 bits. */
static const char number[] = { '\xa9', '\x01', '\0', '\0' };

enum { MOV_EAX = 0xb8, MOV_EDI = 0xbf, CALL = 0xe8, CALL_REACH = 32 };

/* The instruction syscall. */
static bool enters_kernel(const unsigned char *code)
{
	return memmem(code, RING_CODE_REACH - sizeof(number), "\x0f\x05", 2);
}

/* call of an address nearby (the PLT), or of one in memory (-fno-plt). */
static bool calls_function(const unsigned char *code)
{
	return memchr(code, CALL, CALL_REACH) || memmem(code, CALL_REACH, "\xff\x15", 2);
}

bool ring_code_find(const unsigned char *code, size_t size, bool calls)
{
	const unsigned char *end = code + size;
	const unsigned char *at = code;

	while (at && at < end - RING_CODE_REACH) {
		at = memmem(at, (size_t)(end - RING_CODE_REACH - at) + sizeof(number), number,
			    sizeof(number));
		if (!at)
			return false;
		if (at > code && at < end - RING_CODE_REACH) {
			const unsigned char *next = at + sizeof(number);

			if ((at[-1] == MOV_EAX && enters_kernel(next)) ||
			    (at[-1] == MOV_EDI && calls && calls_function(next)))
				return true;
		}
		at++;
	}
	return false;
}
