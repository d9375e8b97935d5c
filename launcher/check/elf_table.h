/*
 * The dynamic section of an ELF file and what it points at, found as the dynamic linker finds it:
 * by segments and addresses, since sections may have been stripped. Whatever the file says, nothing
 * outside it is read.
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

/* False: there is no dynamic section. It is the Elf's, nothing is to be freed. */
bool elf_table_open(Elf *elf, struct elf_table *t);

/* Entry `i`; false after the last. */
bool elf_table_dynamic(const struct elf_table *t, size_t i, GElf_Dyn *dyn);
bool elf_table_symbol(const struct elf_table *t, size_t i, GElf_Sym *sym);

/* NULL: outside the string table, or without an end. */
const char *elf_table_string(const struct elf_table *t, uint64_t at);

/* `size` bytes of the file at `offset`, or NULL. */
Elf_Data *elf_table_chunk(Elf *elf, uint64_t offset, uint64_t size, Elf_Type type);

#endif
