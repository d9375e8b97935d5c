/*
 * A call that the shim changed, as a JSON object:
 *
 *   time_ns        when it returned, since 1970
 *   pid, tid, fd
 *   call           the system call's name
 *   path, path_escaped, device ([major, minor]), inode
 *                  of the file, as in report_json.c; missing if the record had no room for the file
 *   address        of the buffer, or of a vectored call's array: a string, in hexadecimal
 *   iovcnt         of vectored calls; else 0
 *   length         bytes requested
 *   position       file offset where it began; null: unknown
 *   positional     whether the call has an offset argument
 *   flags          a string: RWF_ names separated by '|'; "0"
 *   result         bytes, or a negative errno
 *   error          the errno's name; null if the call succeeded
 *   misaligned     a list of: address, length, offset
 *   alignment      "known"; "guessed", because the file system reports none, but accepts direct I/O that has it;
 *                  "unknown", and then nothing is in the list
 *   done           a list of: bounced, buffered, sector read-modify-write, split, retried,
 *                  kernel result returned, direct I/O refused by the file system, O_DIRECT given up; a call that
 *                  set O_DIRECT ("openat", for any open, or "fcntl") has only the last, and no members from
 *                  address to flags
 *   refusal        the error with which the kernel refused the call, or "none" if it refused
 *                  without an error; null: it did not refuse, or was not asked first
 *   copied, buffered bytes
 *   duration_ns    at most 4294967295
 *
 * Where calls were lost, there is an object with two keys instead: "lost", their number, and "why".
 */
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "print/errno_names.h"
#include "print/json.h"
#include "report/trace.h"
#include "report/trace_names.h"

static void set_file(json_t *object, const struct trace_call *call, const struct record *rec)
{
	const struct record_file *f = &rec->file[call->file % RECORD_FILES];
	char path[RECORD_PATH];

	if (call->file >= RECORD_FILES ||
	    atomic_load_explicit(&f->state, memory_order_acquire) != RECORD_READY)
		return;
	memcpy(path, f->path, sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	json_set_path(object, path);
	json_set_member(object, "device",
			json_pack("[i, i]", (int)major(f->device), (int)minor(f->device)));
	json_set_member(object, "inode", json_count(f->inode));
}

static json_t *names(unsigned bits, const char *(*name)(unsigned))
{
	json_t *list = json_array();

	for (unsigned n = 0; name(n); n++)
		if (bits & 1u << n)
			json_array_append_new(list, json_string(name(n)));
	return list;
}

static json_t *error_or_null(int number)
{
	char text[ERRNO_NAME];

	if (!number)
		return json_null();
	return json_string(number == UINT16_MAX ? "none" : errno_name(number, text));
}

static void set_arguments(json_t *object, const struct trace_call *call)
{
	char text[TRACE_NAMES];

	snprintf(text, sizeof(text), "0x%" PRIx64, call->addr);
	json_set_member(object, "address", json_string(text));
	json_set_member(object, "iovcnt", json_integer(call->iovcnt));
	json_set_member(object, "length", json_count(call->len));
	json_set_member(object, "position", call->pos < 0 ? json_null() : json_integer(call->pos));
	json_set_member(object, "positional", json_boolean(call->positional));
	json_set_member(object, "flags", json_string(trace_flag_names(call->rwf, text)));
}

json_t *trace_object(const struct trace_call *call, const struct record *rec)
{
	json_t *object = json_object();
	char text[TRACE_NAMES];

	json_set_member(object, "time_ns", json_integer(call->time_ns));
	json_set_member(object, "pid", json_integer(call->pid));
	json_set_member(object, "tid", json_integer(call->tid));
	json_set_member(object, "call", json_string(trace_call_name(call->nr, text)));
	json_set_member(object, "fd", json_integer(call->fd));
	set_file(object, call, rec);
	if (!trace_sets_direct(call->nr))
		set_arguments(object, call);
	json_set_member(object, "result", json_integer(call->ret));
	json_set_member(object, "error", error_or_null(call->ret < 0 ? (int)-call->ret : 0));
	json_set_member(object, "misaligned", names(call->misaligned, trace_misaligned_name));
	json_set_member(object, "alignment",
			json_string(call->misaligned & MISALIGNED_UNKNOWN   ? "unknown"
				    : call->misaligned & MISALIGNED_GUESSED ? "guessed"
									    : "known"));
	json_set_member(object, "done", names(call->done, trace_done_name));
	json_set_member(object, "refusal", error_or_null(call->refusal));
	json_set_member(object, "copied", json_count(call->copied));
	json_set_member(object, "buffered", json_count(call->buffered));
	json_set_member(object, "duration_ns", json_integer(call->duration_ns));
	return object;
}
