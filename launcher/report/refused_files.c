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

/* Of those with an entry. */
static size_t count_refused(const struct counted *c)
{
	size_t refused = 0;

	for (size_t i = 0; i < c->files; i++)
		refused += c->file[i].refused != 0;
	return refused;
}

bool refused_files_any(const struct counted *c)
{
	return c->other.refused || count_refused(c);
}

/* Appends names while there is room, as parts of a list of `items`. Returns how many. */
static size_t add_names(const struct counted *c, size_t items, char *text, size_t room)
{
	char name[TEXT_NAME];
	size_t names = 0;

	for (size_t i = 0; i < c->files && names < NAMES_MOST; i++) {
		const struct counted_file *f = &c->file[i];
		size_t used = strlen(text);
		const char *before = !names ? "" : names + 1 == items ? " and " : ", ";

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

/* Appends how many more there are than the names. */
static void add_more(const struct counted *c, size_t names, size_t more, char *text, size_t room)
{
	const char *noun = names ? "more file" : "file";
	char number[2 * TEXT_NUMBER];
	size_t used = strlen(text);

	if (more)
		snprintf(text + used, room - used, "%s%s%s", names ? " and " : "",
			 c->other.refused ? "over " : "",
			 text_counted(more, noun, number, sizeof(number)));
	else if (c->other.refused)
		snprintf(text + used, room - used, "%s%ss", names ? " and " : "", noun);
}

bool refused_files(const struct counted *c, char *text, size_t room)
{
	const size_t refused = count_refused(c);
	const size_t items = refused + (c->other.refused != 0);
	size_t names, used;

	if (!items)
		return false;
	snprintf(text, room, "the file system refused direct I/O on ");
	names = add_names(c, items, text, room);
	add_more(c, names, refused - names, text, room);
	used = strlen(text);
	snprintf(text + used, room - used, ": %s buffered instead",
		 refused == 1 && !c->other.refused ? "it was" : "they were");
	return true;
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
