/* The comparison of what a program can observe of a call, and of the file afterwards. */
#include "differential.h"
#include "raw.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)

struct outcome observe(const struct scene *s, enum which which, unsigned slot)
{
	const struct side *side = &s->side[which];
	struct outcome o = { 0 };
	struct stat st;

	if (fstat(side->witness, &st))
		err(2, "fstat");
	o.size = s->block_device ? 0 : st.st_size;
	o.offset = lseek(side->fd[slot], 0, SEEK_CUR);
	/* Where O_DIRECT is refused, only the shim says that it is there. */
	o.flags = s->refused && which == DIRECT ? fcntl(side->fd[slot], F_GETFL)
						: raw_syscall(SYS_fcntl, side->fd[slot], F_GETFL);
	return o;
}

/*
 * Bytes that were requested but not read may have any value: near the end of a file the kernel's
 * own direct reads leave zeros there. Makes them equal, so that all other bytes can be compared.
 */
void forgive_unread(const struct call *c, const struct scene *s, long ret)
{
	size_t got = ret > 0 ? ret : 0;

	for (int i = 0; i < c->count && i < MOST_PIECES; i++) {
		const struct piece *p = &c->pieces[i];
		size_t part = p->len < got ? p->len : got;

		got -= part;
		if (p->place != PLACE_ARENA || p->at >= ARENA)
			continue;
		size_t rest = p->len - part;

		if (part >= ARENA - p->at)
			continue;
		if (rest > ARENA - p->at - part)
			rest = ARENA - p->at - part;
		memcpy(s->side[DIRECT].arena + p->at + part, s->side[ORDINARY].arena + p->at + part,
		       rest);
	}
}

bool same_memory(const struct call *c, const struct scene *s)
{
	const unsigned char *direct = s->side[DIRECT].arena;
	const unsigned char *ordinary = s->side[ORDINARY].arena;

	return !memcmp(direct, ordinary, c->used) &&
	       !memcmp(direct + c->tail, ordinary + c->tail, ARENA - c->tail);
}

static off_t first_difference(const unsigned char *a, const unsigned char *b, ssize_t len)
{
	ssize_t i = 0;

	while (i < len && a[i] == b[i])
		i++;
	return i;
}

/* Compares the bytes from `from` to `to` of both files, as another program would read them. */
bool same_range(const struct scene *s, off_t from, off_t to, off_t *differs)
{
	static unsigned char chunk[SIDES][CHUNK];

	while (from < to) {
		size_t want = to - from < (off_t)CHUNK ? (size_t)(to - from) : CHUNK;
		ssize_t got[SIDES];

		for (enum which which = 0; which < SIDES; which++)
			got[which] = raw_syscall(SYS_pread64, s->side[which].witness, chunk[which],
						 want, SYS64_EVEN(from));
		*differs = from;
		if (got[ORDINARY] != got[DIRECT])
			return false;
		if (got[ORDINARY] <= 0)
			return true;
		if (memcmp(chunk[ORDINARY], chunk[DIRECT], got[ORDINARY])) {
			*differs += first_difference(chunk[ORDINARY], chunk[DIRECT], got[ORDINARY]);
			return false;
		}
		from += got[ORDINARY];
	}
	return true;
}

/* Compares both files; of devices, unless `whole`, only the ends, which most calls touch. */
bool same_contents(const struct scene *s, bool whole, off_t *differs)
{
	if (s->block_device && !whole)
		return same_range(s, 0, LARGE_FILE / 2, differs) &&
		       same_range(s, s->device_size - LARGE_FILE / 8, s->device_size, differs);
	if (s->block_device)
		return same_range(s, 0, s->device_size, differs);
	return same_range(s, 0, observe(s, ORDINARY, 0).size, differs);
}

bool same_offsets(const struct scene *s)
{
	for (unsigned slot = 0; slot < SLOTS; slot++)
		if (observe(s, DIRECT, slot).offset != observe(s, ORDINARY, slot).offset)
			return false;
	return true;
}

/* Drops the page cache, so that the comparison reads what is on the device. */
void drop_cached(const struct scene *s)
{
	for (enum which which = 0; which < SIDES; which++)
		posix_fadvise(s->side[which].witness, 0, 0, POSIX_FADV_DONTNEED);
}
