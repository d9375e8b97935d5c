/* See elf_table.h. */
#include "check/elf_table.h"

#include <limits.h>
#include <string.h>

/* Larger than any real table. libelf allocates what it reads, and a sparse file can be huge. */
#define CHUNK_MOST (UINT64_C(256) << 20)

Elf_Data *elf_table_chunk(Elf *elf, uint64_t offset, uint64_t size, Elf_Type type)
{
	Elf_Data *data;

	if (!size || size > CHUNK_MOST || offset > INT64_MAX)
		return NULL;
	data = elf_getdata_rawchunk(elf, (int64_t)offset, size, type);
	return data && data->d_buf ? data : NULL;
}

static Elf_Data *find_dynamic(Elf *elf)
{
	size_t count;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &count))
		return NULL;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &ph); i++)
		if (ph.p_type == PT_DYNAMIC)
			return elf_table_chunk(elf, ph.p_offset, ph.p_filesz, ELF_T_DYN);
	return NULL;
}

/* Returns the file offset of what is loaded at `address`, and how much follows; 0: nothing. */
static uint64_t file_offset(Elf *elf, uint64_t address, uint64_t *left)
{
	size_t count;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &ph); i++) {
		if (ph.p_type != PT_LOAD || address < ph.p_vaddr ||
		    address - ph.p_vaddr >= ph.p_filesz)
			continue;
		*left = ph.p_filesz - (address - ph.p_vaddr);
		return ph.p_offset + (address - ph.p_vaddr);
	}
	return 0;
}

/* Returns what is loaded at `address`: `size` bytes, or up to the end of the segment. */
static Elf_Data *at_address(Elf *elf, uint64_t address, uint64_t size, Elf_Type type)
{
	uint64_t left = 0;
	uint64_t offset = address ? file_offset(elf, address, &left) : 0;

	return offset ? elf_table_chunk(elf, offset, size < left ? size : left, type) : NULL;
}

static uint64_t value_of(const struct elf_table *t, int64_t tag)
{
	GElf_Dyn dyn;

	for (size_t i = 0; elf_table_dynamic(t, i, &dyn); i++)
		if (dyn.d_tag == tag)
			return dyn.d_un.d_val;
	return 0;
}

/* Uses the section header; without section headers, DT_HASH, which counts all symbols. */
static uint64_t symbols_size(Elf *elf, const struct elf_table *t)
{
	size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	uint64_t symtab = value_of(t, DT_SYMTAB);
	uint64_t strtab = value_of(t, DT_STRTAB);
	Elf_Data *hash;
	GElf_Shdr sh;

	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s))
		if (gelf_getshdr(s, &sh) && sh.sh_type == SHT_DYNSYM && sh.sh_addr == symtab)
			return sh.sh_size / entry * entry;
	hash = at_address(elf, value_of(t, DT_HASH), 2 * sizeof(Elf32_Word), ELF_T_WORD);
	if (hash && hash->d_size == 2 * sizeof(Elf32_Word))
		return (uint64_t)((Elf32_Word *)hash->d_buf)[1] * entry;
	/* DT_GNU_HASH does not count imports, but linkers put the strings after the symbols. */
	return strtab > symtab ? (strtab - symtab) / entry * entry : 0;
}

bool elf_table_open(Elf *elf, struct elf_table *t)
{
	Elf_Data *strings;

	*t = (struct elf_table){ .dynamic = find_dynamic(elf) };
	if (!t->dynamic)
		return false;
	strings = at_address(elf, value_of(t, DT_STRTAB), value_of(t, DT_STRSZ), ELF_T_BYTE);
	if (strings) {
		t->strings = strings->d_buf;
		t->strings_size = strings->d_size;
	}
	t->symbols = at_address(elf, value_of(t, DT_SYMTAB), symbols_size(elf, t), ELF_T_SYM);
	return true;
}

bool elf_table_dynamic(const struct elf_table *t, size_t i, GElf_Dyn *dyn)
{
	return i < INT_MAX && gelf_getdyn(t->dynamic, (int)i, dyn) && dyn->d_tag != DT_NULL;
}

bool elf_table_symbol(const struct elf_table *t, size_t i, GElf_Sym *sym)
{
	return t->symbols && i < INT_MAX && gelf_getsym(t->symbols, (int)i, sym);
}

const char *elf_table_string(const struct elf_table *t, uint64_t at)
{
	if (at >= t->strings_size || !memchr(t->strings + at, '\0', t->strings_size - at))
		return NULL;
	return t->strings + at;
}
