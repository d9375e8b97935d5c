/*
 * The table and the JSON document of --probe. See probe_print.h.
 *
 * The document is {"probe": [...]}, with an object for each path in the order given. Each object
 * has all of these keys. Numbers are bytes; null means that the kernel does not tell, or "not
 * tried".
 *
 *   path                       as it was given; if it is not UTF-8, escaped as by ls -b
 *   path_escaped               true if it is escaped
 *   block_device               true or false
 *   filesystem                 "ext4", ...; null for a block device
 *   block                      st_blksize; null for a block device
 *   sector, physical_sector    logical and physical sector of the device below
 *   mem_align, offset_align    STATX_DIOALIGN; both 0: no direct I/O
 *   read_offset_align          STATX_DIO_READ_ALIGN; null: as offset_align
 *   atomic_min, atomic_max     STATX_WRITE_ATOMIC, units of an atomic write; 0: not supported
 *   atomic_segments            the maximum number of iovecs of one (a number)
 *   tried                      "write", "read", or null
 *   aligned                    result of a call whose address, offset and length are aligned
 *   misaligned_address         result of a call whose address alone is misaligned
 *   misaligned_offset          result of a call whose offset and length are misaligned
 *   note                       a text for human readers; may be ""
 *
 * A result is "direct", "buffered" (through the page cache), "mixed" (partly), "taken" (done, but
 * how is unknown), "short" (fewer bytes than requested), or an errno's name ("EINVAL").
 */
#include "probe/probe_print.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include "print/errno_names.h"
#include "print/json.h"
#include "print/message.h"

enum { CELL = 2 * ERRNO_NAME + 64 };

/* Returns the word for a result; NULL if the call was not tried. */
static const char *answer_word(const struct probe_answer *a, char text[ERRNO_NAME])
{
	static const char *const words[] = {
		[PROBE_DIRECT] = "direct", [PROBE_BUFFERED] = "buffered", [PROBE_MIXED] = "mixed",
		[PROBE_TAKEN] = "taken",   [PROBE_SHORT] = "short",
	};

	return a->way == PROBE_REFUSED ? errno_name(a->error, text) : words[a->way];
}

static const char *number(int64_t n, const char *unknown, char text[CELL])
{
	if (n == PROBE_UNKNOWN)
		return unknown;
	snprintf(text, CELL, "%" PRId64, n);
	return text;
}

static const char *sectors(const struct probe *p, char text[CELL])
{
	if (p->sector == p->physical_sector || p->physical_sector == PROBE_UNKNOWN)
		return number(p->sector, "-", text);
	snprintf(text, CELL, "%" PRId64 "/%" PRId64, p->sector, p->physical_sector);
	return text;
}

static const char *atomic_units(const struct probe *p, char text[CELL])
{
	if (p->atomic_min == PROBE_UNKNOWN)
		return "-";
	if (!p->atomic_max)
		return "none";
	snprintf(text, CELL, "%" PRId64 "-%" PRId64 "/%" PRId64, p->atomic_min, p->atomic_max,
		 p->atomic_segments);
	return text;
}

static const char *misaligned(const struct probe *p, char text[CELL])
{
	char room[2][ERRNO_NAME];
	const char *address = answer_word(&p->address, room[0]);
	const char *offset = answer_word(&p->offset, room[1]);

	if (!address || !offset)
		return "not tried";
	if (!strcmp(address, offset))
		snprintf(text, CELL, "%s", address);
	else
		snprintf(text, CELL, "address %s, offset %s", address, offset);
	return text;
}

static const char *cell(const struct probe *p, int column, char text[CELL])
{
	switch (column) {
	case 0:
		return p->path;
	case 1:
		return p->filesystem ? p->filesystem : "-";
	case 2:
		return number(p->block, "-", text);
	case 3:
		return sectors(p, text);
	case 4:
		return number(p->mem_align, "unknown", text);
	case 5:
		return number(p->offset_align, "unknown", text);
	case 6:
		return number(p->read_offset_align, "-", text);
	case 7:
		return atomic_units(p, text);
	case 8:
		return misaligned(p, text);
	default:
		return p->note;
	}
}

static const struct {
	const char *heading;
	int flags;
} columns[] = {
	{ "PATH", 0 },
	{ "FS", 0 },
	{ "BLOCK", SCOLS_FL_RIGHT },
	{ "SECTOR", SCOLS_FL_RIGHT },
	{ "ADDRESS", SCOLS_FL_RIGHT },
	{ "OFFSET", SCOLS_FL_RIGHT },
	{ "READ", SCOLS_FL_RIGHT },
	{ "ATOMIC", SCOLS_FL_RIGHT },
	{ "MISALIGNED", 0 },
	{ "NOTE", SCOLS_FL_WRAP },
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static bool fill_table(struct libscols_table *table, const struct probe *probes, int count)
{
	char text[CELL];
	int bad = 0;

	for (int c = 0; c < COLUMNS; c++)
		bad |= !scols_table_new_column(table, columns[c].heading, 0, columns[c].flags);
	for (int i = 0; i < count && !bad; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		for (int c = 0; c < COLUMNS && !bad; c++)
			bad = !line ||
			      scols_line_set_data(line, (size_t)c, cell(&probes[i], c, text));
	}
	return !bad;
}

static bool print_table(const struct probe *probes, int count)
{
	struct libscols_table *table = count ? scols_new_table() : NULL;
	bool good = !count;

	if (table) {
		scols_table_set_stream(table, stdout);
		good = fill_table(table, probes, count) && !scols_print_table(table);
	}
	scols_unref_table(table);
	return good;
}

static void set_number(json_t *object, const char *key, int64_t n)
{
	json_set_member(object, key, n == PROBE_UNKNOWN ? json_null() : json_integer(n));
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_set_member(object, key, text ? json_string(text) : json_null());
}

static void set_numbers(json_t *object, const struct probe *p)
{
	set_number(object, "block", p->block);
	set_number(object, "sector", p->sector);
	set_number(object, "physical_sector", p->physical_sector);
	set_number(object, "mem_align", p->mem_align);
	set_number(object, "offset_align", p->offset_align);
	set_number(object, "read_offset_align", p->read_offset_align);
	set_number(object, "atomic_min", p->atomic_min);
	set_number(object, "atomic_max", p->atomic_max);
	set_number(object, "atomic_segments", p->atomic_segments);
}

static const char *tried(const struct probe *p)
{
	if (p->aligned.way == PROBE_NOT_TRIED)
		return NULL;
	return p->block_device ? "read" : "write";
}

static json_t *probe_object(const struct probe *p)
{
	json_t *object = json_object();
	char text[ERRNO_NAME];

	json_set_path(object, p->path);
	json_set_member(object, "block_device", json_boolean(p->block_device));
	set_text(object, "filesystem", p->filesystem);
	set_numbers(object, p);
	set_text(object, "tried", tried(p));
	set_text(object, "aligned", answer_word(&p->aligned, text));
	set_text(object, "misaligned_address", answer_word(&p->address, text));
	set_text(object, "misaligned_offset", answer_word(&p->offset, text));
	set_text(object, "note", p->note);
	return object;
}

static bool print_json(const struct probe *probes, int count)
{
	json_t *array = json_array();
	json_t *document;
	bool good;

	for (int i = 0; i < count; i++)
		json_array_append_new(array, probe_object(&probes[i]));
	document = json_pack("{s:o}", "probe", array);
	good = document && !json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(document);
	return good;
}

bool probe_print(const struct probe *probes, int count, bool json)
{
	errno = ENOMEM;
	if (json ? print_json(probes, count) : print_table(probes, count))
		return true;
	message("cannot print the result: %s", strerror(errno));
	return false;
}
