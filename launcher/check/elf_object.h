/*
 * What an ELF file says of itself, as far as the dynamic linker and the shim are concerned. It is
 * read by pread(): a mapped file that shrinks meanwhile would be a SIGBUS.
 */
#ifndef DIOSHIM_ELF_OBJECT_H
#define DIOSHIM_ELF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct elf_object {
	dev_t device;
	ino_t inode;
	unsigned char elf_class; /* ELFCLASS64 */
	unsigned char data;      /* ELFDATA2LSB */
	unsigned machine;        /* EM_X86_64 */
	unsigned type;           /* ET_DYN */
	bool go;                 /* made by the Go compiler */
	bool pie;                /* DF_1_PIE */
	char *interpreter;       /* PT_INTERP; NULL: none */
	char *soname;
	char *rpath, *runpath;
	char **needed;
	size_t needed_count;
	uint64_t imports;        /* covered.h */
};

/* False: it cannot be read, or is no ELF file. Nothing to free then. */
bool elf_object_read(const char *path, struct elf_object *o);
void elf_object_free(struct elf_object *o);

/* The same class, byte order and machine: one process can hold both. */
bool elf_object_fits(const struct elf_object *a, const struct elf_object *b);

#endif
