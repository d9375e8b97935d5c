/* A look-up in the tables of ELF objects. See next.h, and the gABI, "Hash Table" and "Symbol Table". */
#include "next.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

typedef ElfW(Sym) symbol_entry;
typedef ElfW(Dyn) dynamic_entry;

/* The dynamic section of this library, by which it is recognised among the objects. */
extern dynamic_entry _DYNAMIC[] __attribute__((visibility("hidden")));

struct object {
	uintptr_t base;
	const symbol_entry *symbol;
	const char *string;
	const uint16_t *version;     /* of each symbol; null if they have none */
	const uint32_t *gnu_hash;    /* null if it has only the other table */
	const Elf_Symndx *sysv_hash; /* 64 bits wide on s390x */
};

struct search {
	struct next_name *names;
	int count;
	int missing;
	bool after_us;
};

/* glibc adds the base to most addresses in a dynamic section. musl does not, nor does glibc on RISC-V. */
static const void *address(const struct object *o, uintptr_t value)
{
	return (const void *)(value < o->base ? value + o->base : value);
}

static void read_dynamic(struct object *o, const dynamic_entry *d)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *at = address(o, d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			o->symbol = at;
		else if (d->d_tag == DT_STRTAB)
			o->string = at;
		else if (d->d_tag == DT_VERSYM)
			o->version = at;
		else if (d->d_tag == DT_GNU_HASH)
			o->gnu_hash = at;
		else if (d->d_tag == DT_HASH)
			o->sysv_hash = at;
	}
}

/* A definition, of the version that a program which is linked now would get. */
static bool defines(const struct object *o, uint32_t i, const char *name)
{
	enum { HIDDEN = 0x8000, LOCAL = 0 };
	enum {
		TYPES = 1 << STT_NOTYPE | 1 << STT_OBJECT | 1 << STT_FUNC | 1 << STT_COMMON |
			1 << STT_GNU_IFUNC
	};
	const symbol_entry *s = &o->symbol[i];

	if (s->st_shndx == SHN_UNDEF || !s->st_value || !(TYPES >> (s->st_info & 15) & 1))
		return false;
	if (o->version && (o->version[i] & HIDDEN || o->version[i] == LOCAL))
		return false;
	return !strcmp(o->string + s->st_name, name);
}

/* Returns the index of the symbol, 0 if the object does not define it. */
static uint32_t look_up_gnu(const struct object *o, const char *name)
{
	enum { WORD = 8 * sizeof(uintptr_t) };
	const uint32_t buckets = o->gnu_hash[0], first = o->gnu_hash[1];
	const uint32_t words = o->gnu_hash[2], shift = o->gnu_hash[3];
	const uintptr_t *bloom = (const uintptr_t *)(o->gnu_hash + 4);
	const uint32_t *bucket = (const uint32_t *)(bloom + words);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = 5381;
	uintptr_t word;

	for (const char *c = name; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	word = bloom[hash / WORD % words];
	if (!(word >> hash % WORD & word >> (hash >> shift) % WORD & 1) || !buckets)
		return 0;
	for (uint32_t i = bucket[hash % buckets]; i >= first; i++) {
		uint32_t other = chain[i - first];

		if ((other | 1) == (hash | 1) && defines(o, i, name))
			return i;
		if (other & 1)
			break;
	}
	return 0;
}

static uint32_t look_up_sysv(const struct object *o, const char *name)
{
	const Elf_Symndx buckets = o->sysv_hash[0];
	const Elf_Symndx *bucket = o->sysv_hash + 2;
	const Elf_Symndx *chain = bucket + buckets;
	uint32_t hash = 0;

	for (const char *c = name; *c; c++) {
		hash = (hash << 4) + (unsigned char)*c;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	for (uint32_t i = buckets ? bucket[hash % buckets] : 0; i; i = chain[i])
		if (defines(o, i, name))
			return i;
	return 0;
}

/* Of an indirect function, what its resolver chooses; other machines than x86 give it their AT_HWCAP. */
static void *definition(const struct object *o, uint32_t i)
{
	const symbol_entry *s = &o->symbol[i];
	uintptr_t at = o->base + s->st_value;

	if ((s->st_info & 15) == STT_GNU_IFUNC)
		return ((void *(*)(unsigned long))at)(getauxval(AT_HWCAP));
	return (void *)at;
}

static void search_object(struct search *s, const struct object *o)
{
	for (int n = 0; n < s->count; n++) {
		uint32_t i;

		if (s->names[n].at)
			continue;
		i = o->gnu_hash ? look_up_gnu(o, s->names[n].name)
				: look_up_sysv(o, s->names[n].name);
		if (!i)
			continue;
		s->names[n].at = definition(o, i);
		s->missing--;
	}
}

/* The objects come in the order in which the dynamic linker searches them. */
static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *s = data;
	struct object o = { .base = info->dlpi_addr };
	const dynamic_entry *dynamic = NULL;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const dynamic_entry *)(o.base + info->dlpi_phdr[i].p_vaddr);
	if (dynamic == _DYNAMIC) {
		s->after_us = true;
	} else if (dynamic && s->after_us) {
		read_dynamic(&o, dynamic);
		if (o.symbol && o.string && (o.gnu_hash || o.sysv_hash))
			search_object(s, &o);
	}
	return !s->missing;
}

void next_find(struct next_name *names, int count)
{
	struct search s = { .names = names, .count = count, .missing = count };

	dl_iterate_phdr(visit, &s);
}
