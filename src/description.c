/* Which descriptor numbers refer to the same open file description. See description.h. */
#include "description.h"

#include <stdatomic.h>

#include "hint.h"
#include "process.h"
#include "window.h"

struct entry {
	_Atomic uint32_t key;
	_Atomic uint32_t file;	     /* which file it was on when first looked at; 0: not yet */
	_Atomic uint32_t generation; /* upper bits: changes of the number; lower: its closes */
	_Atomic bool appends;
	_Atomic uint32_t refused; /* the file on which O_DIRECT was refused (refused.h); 0: none */
};

static struct entry table[HINT_FDS];

static struct entry *entry_of(int fd)
{
	return (unsigned)fd < HINT_FDS ? &table[fd] : NULL;
}

static void set_entry(struct entry *e, uint32_t key, uint32_t file)
{
	atomic_store_explicit(&e->key, key, memory_order_relaxed);
	atomic_store_explicit(&e->file, file, memory_order_relaxed);
}

enum {
	CHANGED = 1 << 16,
	CLOSED = 1 << 1, /* the lowest bit is always set in the values that are returned */
	CLOSES = CHANGED - CLOSED,
};

/*
 * Makes the number refer to something else. A count of closes that overflows looks like a change.
 */
static void renew(struct entry *e, uint32_t key, uint32_t file, uint32_t refused, uint32_t how)
{
	set_entry(e, key, file);
	atomic_store_explicit(&e->refused, refused, memory_order_relaxed);
	atomic_fetch_add_explicit(&e->generation, how, memory_order_release);
}

void description_opened(int fd, bool direct)
{
	if (!entry_of(fd))
		return;
	/* The kernel gives out free numbers only, so this one was closed. */
	renew(entry_of(fd), direct ? window_new_key() : 0, 0, 0, CHANGED + CLOSED);
	description_set_appends(fd, false);
	hint_set(fd, direct ? HINT_DIRECT : 0);
}

void description_copied(int from, int to)
{
	struct entry *source = entry_of(from);

	if (to < 0 || (!hint_get(from) && !hint_get(to)) || !process_is_own())
		return;
	if (source && entry_of(to)) {
		renew(entry_of(to), atomic_load_explicit(&source->key, memory_order_relaxed),
		      atomic_load_explicit(&source->file, memory_order_relaxed),
		      atomic_load_explicit(&source->refused, memory_order_relaxed), CHANGED);
		description_set_appends(to, description_appends(from));
	}
	hint_set(to, hint_get(from));
}

void description_set_appends(int fd, bool appends)
{
	struct entry *e = entry_of(fd);

	if (e && atomic_load_explicit(&e->appends, memory_order_relaxed) != appends)
		atomic_store_explicit(&e->appends, appends, memory_order_relaxed);
}

void description_all_append(uint32_t key, bool appends)
{
	uint32_t top = atomic_load_explicit(&hint_top, memory_order_relaxed);

	/* The numbers may be of several descriptions: then some may append still. */
	if (!appends && !description_is_certain(key))
		return;
	for (uint32_t fd = 0; fd <= top; fd++)
		if (description_key((int)fd) == key)
			description_set_appends((int)fd, appends);
}

bool description_appends(int fd)
{
	struct entry *e = entry_of(fd);

	return e && atomic_load_explicit(&e->appends, memory_order_relaxed);
}

void description_forget(int fd)
{
	if (!hint_get(fd))
		return;
	hint_forget(fd);
	renew(&table[fd], 0, 0, 0, CHANGED + CLOSED);
}

uint32_t description_generation(int fd)
{
	struct entry *e = entry_of(fd);

	return e ? atomic_load_explicit(&e->generation, memory_order_acquire) | 1 : 1;
}

bool description_closed_since(int fd, uint32_t generation)
{
	return (description_generation(fd) ^ generation) & CLOSES;
}

uint32_t description_key(int fd)
{
	return entry_of(fd) ? atomic_load_explicit(&entry_of(fd)->key, memory_order_relaxed) : 0;
}

uint32_t description_file(int fd)
{
	struct entry *e = entry_of(fd);

	return e ? atomic_load_explicit(&e->file, memory_order_relaxed) : 0;
}

void description_set_refused(int fd, uint64_t file)
{
	struct entry *e = entry_of(fd);

	if (!e)
		return;
	if (file)
		hint_set(fd, HINT_DIRECT);
	/* So that the mark can be taken off all its numbers: it is not one of all that the file may have. */
	if (file && (!description_key(fd) || !description_is_certain(description_key(fd))))
		set_entry(e, window_new_key(), 0);
	atomic_store_explicit(&e->refused, file ? description_file_of(file) : 0,
			      memory_order_relaxed);
}

bool description_refused(int fd)
{
	return entry_of(fd) && atomic_load_explicit(&entry_of(fd)->refused, memory_order_relaxed);
}

bool description_refused_on(int fd, uint64_t file)
{
	return entry_of(fd) && atomic_load_explicit(&entry_of(fd)->refused, memory_order_relaxed) ==
				       description_file_of(file);
}

/* A key made from the file has the highest bit set, unlike those of window_new_key(). */
static uint32_t key_of_file(uint64_t file)
{
	return (uint32_t)(file * UINT64_C(0x9e3779b97f4a7c15) >> 32) | UINT32_C(1) << 31;
}

/*
 * A number may have been closed and opened again unseen: its key is used only while it is still on
 * the file on which it was first seen.
 */
uint32_t description_key_on(int fd, uint64_t file)
{
	uint32_t seen = description_file(fd);
	uint32_t key = description_key(fd);

	if (!key || (seen && seen != description_file_of(file)) || !process_is_own())
		return key_of_file(file);
	return key;
}

uint32_t description_find(int fd, uint64_t file)
{
	uint32_t tag = description_file_of(file);
	struct entry *e = entry_of(fd);
	uint32_t key = description_key(fd);

	/* The usual case needs no system call. */
	if (e && key && hint_get(fd) && description_file(fd) == tag)
		return key;
	if (!e || !process_is_own())
		return key_of_file(file);
	if (!key || (description_file(fd) && description_file(fd) != tag))
		key = key_of_file(file);
	set_entry(e, key, tag);
	if (!hint_get(fd))
		hint_set(fd, HINT_DIRECT);
	return key;
}
