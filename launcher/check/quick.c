/* See quick.h. Everything is read by pread(), and offsets from the file are checked: it may be broken. */
#include "check/quick.h"

#include <elf.h>
#include <fnmatch.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "check/elf_object.h"
#include "check/privilege.h"
#include "check/regular.h"

enum {
	HEAD = 4096,
	SECTIONS_MOST = 128,
	NAMES_MOST = 8192,
	DYNAMIC_MOST = 512,
	NAME_MOST = 256,
	NOTES_MOST = 1024
};

struct file {
	int fd;
	ElfW(Ehdr) header;
	size_t size; /* of `head` */
	_Alignas(16) char head[HEAD];
};

static bool read_at(const struct file *f, void *to, size_t size, uint64_t at)
{
	return at <= INT64_MAX && pread(f->fd, to, size, (off_t)at) == (ssize_t)size;
}

static bool open_file(const char *path, struct file *f)
{
	ssize_t size;

	f->fd = regular_open(path);
	if (f->fd < 0)
		return false;
	size = pread(f->fd, f->head, sizeof(f->head), 0);
	f->size = size < 0 ? 0 : (size_t)size;
	memset(&f->header, 0, sizeof(f->header));
	if (f->size >= sizeof(f->header))
		memcpy(&f->header, f->head, sizeof(f->header));
	return true;
}

/* Whether both are ELF files for one machine, of the class that this file is compiled for. */
static bool fit(const struct file *a, const struct file *b)
{
	const unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

	return !memcmp(a->header.e_ident, ELFMAG, SELFMAG) &&
	       a->header.e_ident[EI_CLASS] == class &&
	       !memcmp(a->header.e_ident, b->header.e_ident, EI_VERSION) &&
	       a->header.e_machine == b->header.e_machine;
}

/* Returns a program header; NULL if it is not in the head of the file. */
static const ElfW(Phdr) * segment(const struct file *f, unsigned i)
{
	size_t at = f->header.e_phoff + (size_t)i * sizeof(ElfW(Phdr));

	if (f->header.e_phentsize != sizeof(ElfW(Phdr)) || f->header.e_phoff > HEAD ||
	    f->header.e_phoff % sizeof(void *) || at + sizeof(ElfW(Phdr)) > f->size)
		return NULL;
	return (const ElfW(Phdr) *)(f->head + at);
}

/* Returns the bytes of a segment; NULL if they are not in the head of the file. */
static const char *bytes_of(const struct file *f, const ElfW(Phdr) * p)
{
	return p->p_offset <= f->size && p->p_filesz <= f->size - p->p_offset
		       ? f->head + p->p_offset
		       : NULL;
}

/* GNU's dynamic linkers are called ld-linux-x86-64.so.2, ld64.so.2 and similar. */
static bool is_gnu_linker(const struct file *f, const ElfW(Phdr) * p)
{
	const char *path = bytes_of(f, p);
	const char *slash;

	if (!path || !p->p_filesz || path[p->p_filesz - 1] || access(path, F_OK))
		return false;
	slash = strrchr(path, '/');
	return slash &&
	       (!fnmatch("ld-linux*.so*", slash + 1, 0) || !fnmatch("ld64.so*", slash + 1, 0));
}

/* "Go" and its NUL byte, which begins the name of Go's note. True also if that cannot be told. */
static bool has_go_note(const struct file *f, const ElfW(Phdr) * p)
{
	const char *notes = bytes_of(f, p);
	char far[NOTES_MOST];

	if (!notes) {
		if (p->p_filesz > sizeof(far) || !read_at(f, far, p->p_filesz, p->p_offset))
			return true;
		notes = far;
	}
	return memmem(notes, p->p_filesz, "Go", 3);
}

static bool has_go_section(const struct file *f)
{
	ElfW(Shdr) table[SECTIONS_MOST];
	char names[NAMES_MOST];
	const ElfW(Ehdr) *h = &f->header;
	const ElfW(Shdr) * strings;

	if (!h->e_shoff && !h->e_shnum)
		return false;
	if (!h->e_shnum || h->e_shnum > SECTIONS_MOST || h->e_shentsize != sizeof(*table) ||
	    h->e_shstrndx >= h->e_shnum ||
	    !read_at(f, table, h->e_shnum * sizeof(*table), h->e_shoff))
		return true;
	strings = &table[h->e_shstrndx];
	return strings->sh_size > sizeof(names) ||
	       !read_at(f, names, strings->sh_size, strings->sh_offset) ||
	       memmem(names, strings->sh_size, "go.build", 8);
}

/* Finds where in the file an address is. Returns 0 if nowhere. */
static uint64_t offset_of(const struct file *f, uint64_t address)
{
	for (unsigned i = 0; i < f->header.e_phnum; i++) {
		const ElfW(Phdr) *p = segment(f, i);

		if (p && p->p_type == PT_LOAD && address >= p->p_vaddr &&
		    address - p->p_vaddr < p->p_filesz)
			return p->p_offset + (address - p->p_vaddr);
	}
	return 0;
}

static bool must_be_first(const struct file *f, uint64_t at)
{
	char name[NAME_MOST + 1] = "";

	return pread(f->fd, name, NAME_MOST, (off_t)at) <= 0 || elf_object_must_be_first(name);
}

/* Whether it needs a library that has to be the first one, or that cannot be told. */
static bool needs_first(const struct file *f, const ElfW(Phdr) * dynamic)
{
	ElfW(Dyn) table[DYNAMIC_MOST];
	size_t count = dynamic->p_filesz / sizeof(*table);
	uint64_t strings = 0;

	if (count > DYNAMIC_MOST || !read_at(f, table, count * sizeof(*table), dynamic->p_offset))
		return true;
	for (size_t i = 0; i < count && table[i].d_tag != DT_NULL; i++)
		if (table[i].d_tag == DT_STRTAB)
			strings = offset_of(f, table[i].d_un.d_ptr);
	for (size_t i = 0; i < count && table[i].d_tag != DT_NULL; i++)
		if (table[i].d_tag == DT_NEEDED &&
		    (!strings || must_be_first(f, strings + table[i].d_un.d_val)))
			return true;
	return !strings;
}

static bool is_ordinary(const struct file *f)
{
	bool linker = false;
	bool dynamic = false;

	if ((f->header.e_type != ET_EXEC && f->header.e_type != ET_DYN) || has_go_section(f))
		return false;
	for (unsigned i = 0; i < f->header.e_phnum; i++) {
		const ElfW(Phdr) *p = segment(f, i);

		if (!p || (p->p_type == PT_NOTE && has_go_note(f, p)))
			return false;
		if (p->p_type == PT_INTERP && !(linker = is_gnu_linker(f, p)))
			return false;
		if (p->p_type == PT_DYNAMIC && !(dynamic = !needs_first(f, p)))
			return false;
	}
	return linker && dynamic;
}

bool quick_is_ordinary(const char *program, const char *library)
{
	struct file p;
	struct file l;
	bool ordinary = false;

	if (!open_file(program, &p))
		return false;
	if (open_file(library, &l)) {
		ordinary = fit(&p, &l) && is_ordinary(&p) && !privilege_gained(program);
		close(l.fd);
	}
	close(p.fd);
	return ordinary;
}
