/* See refused_files.h. */
#include "report/refused_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print/message.h"
#include "print/text.h"

enum {
	NAMES_MOST = 20,
	ALL_ELSE = 160, /* bytes of the sentence without the names */
};

static size_t count_refused(const struct counted *c)
{
	size_t refused = 0;

	for (size_t i = 0; i < c->files; i++)
		refused += c->file[i].refused != 0;
	return refused;
}

/* Appends names while there is room. Returns how many. */
static size_t add_names(const struct counted *c, size_t refused, char *text, size_t room)
{
	char name[TEXT_NAME];
	size_t names = 0;

	for (size_t i = 0; i < c->files && names < NAMES_MOST; i++) {
		const struct counted_file *f = &c->file[i];
		size_t used = strlen(text);
		const char *before = !names ? "" : names + 1 == refused ? " and " : ", ";

		if (!f->refused)
			continue;
		text_file(f->path, f->device, f->inode, ",", name);
		if (used + strlen(name) + ALL_ELSE > room)
			break;
		snprintf(text + used, room - used, "%s%s", before, name);
		names++;
	}
	return names;
}

size_t refused_files(const struct counted *c, char *text, size_t room)
{
	const size_t refused = count_refused(c);
	char number[2 * TEXT_NUMBER];
	size_t names, used;

	if (!refused)
		return 0;
	snprintf(text, room, "the file system refused direct I/O on ");
	names = add_names(c, refused, text, room);
	used = strlen(text);
	if (names < refused)
		used += (size_t)snprintf(text + used, room - used, "%s%s", names ? " and " : "",
					 text_counted(refused - names, names ? "more file" : "file",
						      number, sizeof(number)));
	snprintf(text + used, room - used, ": %s buffered instead",
		 refused == 1 ? "it was" : "they were");
	return refused;
}

void refused_files_message(const struct record *rec)
{
	char text[NAMES_MOST * TEXT_NAME + ALL_ELSE];
	struct counted c;

	if (counted_take(rec, &c))
		return;
	if (refused_files(&c, text, sizeof(text)))
		message("%s", text);
	counted_free(&c);
}
