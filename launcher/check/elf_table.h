/*
 * The dynamic section of an ELF file and the tables that it refers to. They are found by segments
 * and addresses, as the dynamic linker does: section headers may have been stripped. Offsets and
 * sizes from the file are checked, so a broken file is safe to read.
 */
#ifndef DIOSHIM_ELF_TABLE_H
#define DIOSHIM_ELF_TABLE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>

struct elf_table {
	Elf_Data *dynamic;
	Elf_Data *symbols;
	const char *strings;
	size_t strings_size;
};

/* Returns false if there is no dynamic section. The tables belong to `elf` and end with it. */
bool elf_table_open(Elf *elf, struct elf_table *t);

/* Gets entry `i`. Returns false after the last. */
bool elf_table_dynamic(const struct elf_table *t, size_t i, GElf_Dyn *dyn);
bool elf_table_symbol(const struct elf_table *t, size_t i, GElf_Sym *sym);

/* Returns NULL if the string is not within the string table. */
const char *elf_table_string(const struct elf_table *t, uint64_t at);

/* Returns `size` bytes of the file at `offset`, or NULL. */
Elf_Data *elf_table_chunk(Elf *elf, uint64_t offset, uint64_t size, Elf_Type type);

#endif
