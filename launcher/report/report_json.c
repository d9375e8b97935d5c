/*
 * The report as one JSON document. All numbers are integers; sizes are in bytes, times in
 * nanoseconds.
 *
 *   files          a list, the most bytes first
 *     path         as it was when first seen; "" if unknown
 *     path_escaped true if the path is not UTF-8, and therefore escaped as by ls -b
 *     device       [major, minor]
 *     inode
 *     block_device true or false
 *     mem_align    alignment that direct I/O requires of an address; null: unknown
 *     offset_align alignment that it requires of an offset and a length; null: unknown
 *     refused      how often the file system refused O_DIRECT, so that the file was used without it
 *     read, write  an object of counts each:
 *       calls, bytes   by the way they went (common/record.h): untouched, bounced, partial,
 *                      refused, failed; and their sum: all
 *       copied         bytes copied between the program's memory and bounce buffers
 *       copy_ns        time of these copies
 *       buffered       bytes moved through the page cache
 *       misaligned     number of calls with a misaligned address, length, offset
 *       not_direct     number of calls for which the file system refused direct I/O at every alignment
 *       tails          a list of {bytes, calls}: number of changed calls that ended this many bytes
 *                      after a multiple of offset_align; the most frequent first
 *       other_tails    number of changed calls with other tails
 *       no_tail        number of changed calls that ended at a multiple of offset_align
 *   other          the files for which the record had no room:
 *     files        how many; at_least: true if there may be more
 *     refused      how often O_DIRECT was refused on them
 *     read, write  counts of all of them together, as above
 *   total          counts of all files together, without tails, other_tails and no_tail
 *   lost_calls     calls on files for which the record had no room: those of `other`
 *   opened, not_opened
 *                  opens with O_DIRECT that succeeded, and those that the file system refused
 *   io_urings      how many were seen to be set up; what is moved through them is not seen
 *   liburings      how many processes had liburing loaded when they started, and so could set up others
 *   no_io_uring    whether COMMAND was started with --no-io-uring, so that nothing can
 *   processes_left how many processes of COMMAND still ran when it had ended; null: not known
 *   record         where --report finds the record while they run; null: nowhere
 *   verdict        a list of sentences
 *   trace          only if the record file has calls: a list of them, as in trace_json.c
 */
#include <sys/sysmacros.h>

#include "print/json.h"
#include "report/report_table.h"

json_t *json_ways(const uint64_t counts[RECORD_WAYS], uint64_t all)
{
	json_t *object = json_object();

	for (int way = 0; way < RECORD_WAYS; way++)
		json_object_set_new(object, way_names[way], json_count(counts[way]));
	json_object_set_new(object, "all", json_count(all));
	return object;
}

static json_t *counts_object(const struct counts *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}", "calls",
			 json_ways(c->calls, counts_calls(c)), "bytes",
			 json_ways(c->bytes, counts_bytes(c)), "copied", json_count(c->copied),
			 "copy_ns", json_count(c->copy_ns), "buffered", json_count(c->buffered),
			 "not_direct", json_count(c->not_direct), "misaligned", "address",
			 json_count(c->misaligned[0]), "length", json_count(c->misaligned[1]),
			 "offset", json_count(c->misaligned[2]));
}

static json_t *with_tails(const struct counts *c)
{
	json_t *object = counts_object(c);
	json_t *list = json_array();

	for (int i = 0; i < RECORD_TAILS && c->tail[i].calls; i++)
		json_array_append_new(list,
				      json_pack("{s:o, s:o}", "bytes", json_count(c->tail[i].bytes),
						"calls", json_count(c->tail[i].calls)));
	json_object_set_new(object, "tails", list);
	json_object_set_new(object, "other_tails", json_count(c->other_tails));
	json_object_set_new(object, "no_tail", json_count(c->no_tail));
	return object;
}

static json_t *alignment(uint32_t align)
{
	return align ? json_count(align) : json_null();
}

static void set_directions(json_t *object, const struct counted_file *f)
{
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
		json_object_set_new(object, direction_names[dir], with_tails(&f->counts[dir]));
}

static json_t *file_object(const struct counted_file *f)
{
	json_t *object = json_object();

	json_set_path(object, f->path);
	json_object_set_new(object, "device",
			    json_pack("[i, i]", (int)major(f->device), (int)minor(f->device)));
	json_object_set_new(object, "inode", json_count(f->inode));
	json_object_set_new(object, "block_device", json_boolean(f->block_device));
	json_object_set_new(object, "mem_align", alignment(f->mem_align));
	json_object_set_new(object, "offset_align", alignment(f->offset_align));
	json_object_set_new(object, "refused", json_count(f->refused));
	set_directions(object, f);
	return object;
}

static json_t *other_object(const struct counted *c)
{
	json_t *object = json_pack("{s:o, s:b, s:o}", "files", json_count(c->others), "at_least",
				   c->others_at_least, "refused", json_count(c->other.refused));

	set_directions(object, &c->other);
	return object;
}

static void set_processes(json_t *document, const struct verdict_about *about)
{
	bool known = about && about->ended;

	json_object_set_new(document, "processes_left",
			    known ? json_count(about->left) : json_null());
	json_object_set_new(document, "record",
			    known && about->record ? json_string(about->record) : json_null());
}

json_t *report_json(const struct counted *c, const struct verdict_about *about,
		    const struct verdict *v)
{
	struct counts total = counted_total(c);
	json_t *files = json_array();
	json_t *lines = json_array();
	json_t *document;

	for (size_t i = 0; i < c->files; i++)
		json_array_append_new(files, file_object(&c->file[i]));
	for (int i = 0; i < v->lines; i++)
		json_array_append_new(lines, json_string(v->line[i]));
	document = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "files", files,
			     "other", other_object(c), "total", counts_object(&total), "lost_calls",
			     json_count(c->lost), "opened", json_count(c->opened), "not_opened",
			     json_count(c->not_opened), "io_urings", json_count(c->io_urings),
			     "liburings", json_count(c->liburings), "verdict", lines, "no_io_uring",
			     c->no_io_uring);
	if (document)
		set_processes(document, about);
	return document;
}
