/*
 * See probe_print.h. The JSON document of --probe is {"probe": [...]}, with an object for each path in the order
 * given. Each object has all of these keys. Numbers are bytes; null means that the kernel does not tell, or "not tried".
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
 *   refused                    where the file system refuses O_DIRECT whatever the alignment: "open", "first call";
 *                              null: not, or not known
 *   note                       a text for human readers; may be ""
 *
 * A result is "direct", "buffered" (through the page cache), "mixed" (partly), "taken" (done, but
 * how is unknown), "short" (fewer bytes than requested), or an errno's name ("EINVAL").
 */
#include <jansson.h>
#include <stdio.h>

#include "print/errno_names.h"
#include "print/json.h"
#include "probe/probe_print.h"

/* Returns the word for a result; NULL if the call was not tried. */
const char *probe_word(const struct probe_answer *a, char text[ERRNO_NAME])
{
	static const char *const words[] = {
		[PROBE_DIRECT] = "direct", [PROBE_BUFFERED] = "buffered", [PROBE_MIXED] = "mixed",
		[PROBE_TAKEN] = "taken",   [PROBE_SHORT] = "short",
	};

	return a->way == PROBE_REFUSED ? errno_name(a->error, text) : words[a->way];
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
	static const char *const refusals[] = { NULL, "open", "first call" };
	json_t *object = json_object();
	char text[ERRNO_NAME];

	json_set_path(object, p->path);
	json_set_member(object, "block_device", json_boolean(p->block_device));
	set_text(object, "filesystem", p->filesystem);
	set_numbers(object, p);
	set_text(object, "tried", tried(p));
	set_text(object, "aligned", probe_word(&p->aligned, text));
	set_text(object, "misaligned_address", probe_word(&p->address, text));
	set_text(object, "misaligned_offset", probe_word(&p->offset, text));
	set_text(object, "refused", refusals[p->refused]);
	set_text(object, "note", p->note);
	return object;
}

bool probe_print_json(const struct probe *probes, int count)
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
