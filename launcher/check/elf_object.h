/*
 * Reads from one ELF file what decides whether the shim can be loaded, and what it imports. It is
 * read with pread(): if a mapped file were truncated meanwhile, that would be a SIGBUS.
 */
#ifndef DIOSHIM_ELF_OBJECT_H
#define DIOSHIM_ELF_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "check/covered.h"

struct elf_object {
	unsigned char elf_class; /* ELFCLASS64 */
	unsigned char data;	 /* ELFDATA2LSB */
	unsigned machine;	 /* EM_X86_64 */
	unsigned type;		 /* ET_DYN */
	bool go;		 /* made by the Go compiler */
	bool pie;		 /* DF_1_PIE */
	char *interpreter;	 /* PT_INTERP; NULL: none */
	char *soname;		 /* DT_SONAME; NULL: none */
	bool needs;		 /* has a DT_NEEDED */
	char *first;		 /* a DT_NEEDED that has to be the first library; NULL: none */
	struct covered_set imports;
	unsigned uncovered;    /* ways that it imports (uncovered.h) */
	bool tries_alignments; /* finds out by misaligned reads which alignments work: QEMU */
};

/* Returns false if it cannot be read or is not an ELF file; then nothing has to be freed. */
bool elf_object_read(const char *path, struct elf_object *o);
/*
 * Looks through the contents of an object that elf_object_read() has read, for what it does without importing a function
 * for it: io_uring in its own code (x86-64 only), trials of alignments. Takes the time of reading the file.
 */
void elf_object_read_contents(const char *path, struct elf_object *o);
void elf_object_free(struct elf_object *o);

/* Returns whether a library of this name, a DT_NEEDED, has to be the first one. */
bool elf_object_must_be_first(const char *name);

/* Returns whether one process can load both: the class, byte order and machine are the same. */
bool elf_object_fits(const struct elf_object *a, const struct elf_object *b);

#endif
