/* The tables through which stdio reaches the kernel. See stdio_table.h. */
#include "stdio_table.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "next.h"
#include "sys.h"

/*
 * How many entries a table has (struct _IO_jump_t, libio/libioP.h; seen in glibc 2.36, 2.41 and 2.43). What
 * is behind a shorter one would at worst have a second entry of the same function; then nothing is replaced.
 */
enum { ENTRIES = 21, TABLES = 2, CALLS = 3 };

typedef void function(void);

struct table {
	function **entry;
};

/* An entry to replace. */
struct place {
	function **entry;
	function *ours;
};

/* Addresses, from `start` to before `end`. */
struct span {
	uintptr_t start, end;
};

static bool contains(const struct span *outer, const struct span *inner)
{
	return outer->start <= inner->start && inner->end <= outer->end;
}

static struct span pages_of(const struct span *bytes)
{
	uintptr_t page = (uintptr_t)getpagesize();

	return (struct span){ bytes->start & -page, (bytes->end + page - 1) & -page };
}

/* All of both tables, and what is between them. */
static struct span span_of(const struct table table[TABLES])
{
	struct span all = { UINTPTR_MAX, 0 };

	for (int i = 0; i < TABLES; i++) {
		uintptr_t start = (uintptr_t)table[i].entry;
		uintptr_t end = (uintptr_t)(table[i].entry + ENTRIES);

		all.start = start < all.start ? start : all.start;
		all.end = end > all.end ? end : all.end;
	}
	return all;
}

/* What is looked for in the program headers of all objects. */
struct search {
	struct span bytes;
	bool found;
};

/*
 * The dynamic linker protects the whole pages of this segment, from the page of its first byte to before the
 * page of its last, which may have other data after it (_dl_protect_relro(), elf/dl-reloc.c).
 */
static int is_relro(struct dl_phdr_info *object, size_t size, void *data)
{
	struct search *s = data;
	uintptr_t page = (uintptr_t)getpagesize();

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + h->p_vaddr;
		const struct span sealed = { start & -page, (start + h->p_memsz) & -page };

		if (h->p_type == PT_GNU_RELRO && contains(&sealed, &s->bytes))
			s->found = true;
	}
	return s->found;
}

static bool is_read_only(const struct span *bytes)
{
	struct search s = { .bytes = *bytes };

	dl_iterate_phdr(is_relro, &s);
	return s.found;
}

/* Returns the only entry that is `wanted`; null if there is none, or more than one. */
static function **find_entry(const struct table *t, function *wanted)
{
	function **found = NULL;

	for (int i = 0; i < ENTRIES; i++) {
		if (t->entry[i] != wanted)
			continue;
		if (found)
			return NULL;
		found = &t->entry[i];
	}
	return found;
}

static bool find_library(struct stdio_calls *library, struct table table[TABLES])
{
	enum { NAMES = CALLS + TABLES };
	struct next_name names[NAMES] = { { .name = "_IO_file_read" },
					  { .name = "_IO_file_write" },
					  { .name = "_IO_file_close" },
					  { .name = "_IO_file_jumps" },
					  { .name = "_IO_wfile_jumps" } };

	next_find(names, NAMES);
	for (int i = 0; i < NAMES; i++)
		if (!names[i].at)
			return false;
	library->read = (call_stream_read *)names[0].at;
	library->write = (call_stream_write *)names[1].at;
	library->close = (call_stream_close *)names[2].at;
	table[0].entry = (function **)names[3].at;
	table[1].entry = (function **)names[4].at;
	return true;
}

static bool find_places(const struct table *t, const struct stdio_calls *ours,
			const struct stdio_calls *library, struct place place[CALLS])
{
	place[0] =
		(struct place){ find_entry(t, (function *)library->read), (function *)ours->read };
	place[1] = (struct place){ find_entry(t, (function *)library->write),
				   (function *)ours->write };
	place[2] = (struct place){ find_entry(t, (function *)library->close),
				   (function *)ours->close };
	return place[0].entry && place[1].entry && place[2].entry;
}

static bool protect(const struct span *pages, int protection)
{
	return !sys(SYS_mprotect, pages->start, pages->end - pages->start, protection);
}

/*
 * Exactly these pages are made writable and sealed again: all of them were read-only. If the second call
 * failed, the tables would work, but stay writable.
 */
static bool store(const struct span *bytes, const struct place place[TABLES][CALLS])
{
	const struct span pages = pages_of(bytes);

	if (!protect(&pages, PROT_READ | PROT_WRITE))
		return false;
	for (int i = 0; i < TABLES; i++)
		for (int j = 0; j < CALLS; j++)
			*place[i][j].entry = place[i][j].ours;
	protect(&pages, PROT_READ);
	return true;
}

bool stdio_table_replace(const struct stdio_calls *ours, struct stdio_calls *library)
{
	struct table table[TABLES];
	struct place place[TABLES][CALLS];
	struct span bytes;

	if (!find_library(library, table))
		return false;
	bytes = span_of(table);
	if (!is_read_only(&bytes))
		return false;
	for (int i = 0; i < TABLES; i++)
		if (!find_places(&table[i], ours, library, place[i]))
			return false;
	return store(&bytes, place);
}
