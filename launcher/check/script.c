/* See script.h. #! lines are read as load_script() does (fs/binfmt_script.c). */
#include "check/script.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "check/regular.h"

static const char blanks[] = " \t";

/*
 * Parses what follows "#!", up to a NUL byte: the kernel's buffer is zeroed after the end of the
 * file, and it ends the name at a NUL byte too. Returns false for ENOEXEC.
 */
static bool parse_line(char *line, struct script *s)
{
	char *end = strchr(line, '\n');
	char *name = line + strspn(line, blanks);
	size_t length;

	if (end)
		*end = '\0';
	length = strcspn(name, blanks);
	/*
	 * A name that reaches the end of the buffer may be incomplete. A line without a name is
	 * ENOEXEC, but if it is the last and has no newline, the name is the empty string.
	 */
	if ((!length && end) || name + length == line + SCRIPT_HEAD - 2)
		return false;
	memcpy(s->interpreter, name, length);
	s->interpreter[length] = '\0';
	name += length + strspn(name + length, blanks);
	for (length = strlen(name); length && strchr(blanks, name[length - 1]); length--)
		;
	memcpy(s->argument, name, length);
	s->argument[length] = '\0';
	return true;
}

static enum script_kind kind_of(char *head, size_t length, struct script *s)
{
	bool text = !memchr(head, '\0', length);

	if (length >= 4 && !memcmp(head, "\177ELF", 4))
		return SCRIPT_ELF;
	if (length >= 2 && !memcmp(head, "#!", 2) && parse_line(head + 2, s))
		return SCRIPT_INTERPRETER;
	return text ? SCRIPT_TEXT : SCRIPT_BINARY;
}

void script_read(const char *path, struct script *s)
{
	char head[SCRIPT_HEAD + 1] = "";
	int fd = regular_open(path);
	ssize_t length;

	*s = (struct script){ .kind = SCRIPT_UNREADABLE };
	if (fd < 0)
		return;
	length = pread(fd, head, SCRIPT_HEAD, 0);
	close(fd);
	if (length >= 0)
		s->kind = kind_of(head, length, s);
}
