/*
 * The report as one JSON document. All numbers are integers; bytes and nanoseconds.
 *
 *   files          a list, the most bytes first
 *     path         as it was when first seen; "" if not known
 *     path_escaped true: the path is not UTF-8, and stands there as ls -b writes it
 *     device       [major, minor]
 *     inode
 *     block_device true or false
 *     mem_align    what direct I/O asks of an address; null: not known
 *     offset_align what it asks of an offset and a length; null: not known
 *     read, write  an object of counts each:
 *       calls, bytes   by what became of them (common/record.h): untouched, bounced, partial, refused,
 *                      failed, and all of them: all
 *       copied         bytes copied between the program's memory and bounce buffers
 *       copy_ns        the time that took
 *       buffered       bytes moved through the page cache
 *       misaligned     calls whose address, length, offset was not aligned
 *       tails          a list: bytes by which calls that were changed ended after a multiple of
 *                      offset_align, and how many calls did; the most frequent first
 *       other_tails    calls with other tails
 *       no_tail        calls that were changed and ended on a multiple
 *   total          counts of all files together, without the three about tails
 *   lost_calls     calls on files for which there was no place: not counted above
 *   verdict        a list of sentences
 *   trace          only of a file that has any: a list of calls, as in trace_json.c
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
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}}",
			 "calls", json_ways(c->calls, counts_calls(c)),
			 "bytes", json_ways(c->bytes, counts_bytes(c)),
			 "copied", json_count(c->copied),
			 "copy_ns", json_count(c->copy_ns),
			 "buffered", json_count(c->buffered),
			 "misaligned",
			 "address", json_count(c->misaligned[0]),
			 "length", json_count(c->misaligned[1]),
			 "offset", json_count(c->misaligned[2]));
}

static json_t *with_tails(const struct counts *c)
{
	json_t *object = counts_object(c);
	json_t *list = json_array();

	for (int i = 0; i < RECORD_TAILS && c->tail[i].calls; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}",
						      "bytes", json_count(c->tail[i].bytes),
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
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
		json_object_set_new(object, direction_names[dir], with_tails(&f->counts[dir]));
	return object;
}

json_t *report_json(const struct counted *c, const struct verdict *v)
{
	struct counts total = counted_total(c);
	json_t *files = json_array();
	json_t *lines = json_array();

	for (size_t i = 0; i < c->files; i++)
		json_array_append_new(files, file_object(&c->file[i]));
	for (int i = 0; i < v->lines; i++)
		json_array_append_new(lines, json_string(v->line[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "files", files, "total", counts_object(&total),
			 "lost_calls", json_count(c->lost), "verdict", lines);
}
