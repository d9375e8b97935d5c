/* Files that are used without O_DIRECT. See record_refused.h. */
#include "record_refused.h"

#include <stddef.h>

#include "record_call.h"
#include "record_file.h"
#include "recording.h"
#include "sys.h"

/* Returns the file's index in the record; RECORD_FILES if it has none of its own. */
static uint32_t note(struct record *rec, const struct identity *id, int fd)
{
	struct record_file *f = record_file(rec, id, fd);

	atomic_fetch_add_explicit(&f->refused, 1, memory_order_relaxed);
	return record_file_is_other(rec, f) ? RECORD_FILES : (uint32_t)(f - rec->file);
}

static void add_line(struct record *rec, uint32_t file, int fd, long nr)
{
	const struct iovec none = { NULL, 0 };
	struct tally t = { .started = tally_clock(),
			   .pos = -1,
			   .misaligned = MISALIGNED_UNKNOWN,
			   .done = DONE_GIVEN_UP };
	const struct request rq = { .nr = nr, .fd = fd, .count = 1, .iov = &none, .tally = &t };

	record_ring(rec, file, &rq, EINVAL, nr == SYS_fcntl ? 0 : fd);
}

void record_refused(int fd, long nr)
{
	struct identity id;

	if (!recording.to[0].rec || !record_identify(fd, &id))
		return;
	for (const struct recording_to *to = recording.to; to->rec; to++) {
		uint32_t file = note(to->rec, &id, fd);

		if (to->trace && nr != RECORD_NO_LINE)
			add_line(to->rec, file, fd, nr);
	}
}
