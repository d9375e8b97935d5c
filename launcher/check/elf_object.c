/* See elf_object.h. */
#include "check/elf_object.h"

#include <fnmatch.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/covered.h"
#include "check/elf_table.h"
#include "check/regular.h"
#include "check/ring_code.h"
#include "check/uncovered.h"

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value ? alloc_string(value) : NULL;
}

/*
 * AddressSanitizer's runtime ends the program if another library is before it. Those of the other sanitizers do
 * not. Where it is linked statically, it is in the program, which is before all libraries.
 */
bool elf_object_must_be_first(const char *name)
{
	static const char *const patterns[] = { "libasan.so*", "libhwasan.so*", "libclang_rt.asan*",
						"libclang_rt.hwasan*" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

static void read_needed(const char *name, struct elf_object *o)
{
	o->needs = true;
	if (name && elf_object_must_be_first(name))
		set_text(&o->first, name);
}

static void read_dynamic(const struct elf_table *t, struct elf_object *o)
{
	GElf_Dyn dyn;

	for (size_t i = 0; elf_table_dynamic(t, i, &dyn); i++) {
		if (dyn.d_tag == DT_NEEDED)
			read_needed(elf_table_string(t, dyn.d_un.d_val), o);
		else if (dyn.d_tag == DT_SONAME)
			set_text(&o->soname, elf_table_string(t, dyn.d_un.d_val));
		else if (dyn.d_tag == DT_FLAGS_1)
			o->pie = dyn.d_un.d_val & DF_1_PIE;
	}
}

static void read_symbols(const struct elf_table *t, struct elf_object *o)
{
	GElf_Sym sym;

	for (size_t i = 1; elf_table_symbol(t, i, &sym); i++) {
		const char *name = elf_table_string(t, sym.st_name);

		if (!name || sym.st_shndx != SHN_UNDEF)
			continue;
		covered_add(&o->imports, name);
		o->uncovered |= uncovered_way(name);
	}
}

/* Takes the path from PT_INTERP. The kernel, too, requires a NUL byte (load_elf_binary()). */
static void read_interpreter(Elf *elf, const GElf_Phdr *ph, struct elf_object *o)
{
	enum { PATH_MOST = 4096 };
	Elf_Data *data = NULL;

	if (ph->p_filesz >= 2 && ph->p_filesz <= PATH_MOST)
		data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz, ELF_T_BYTE);
	if (data && data->d_buf && memchr(data->d_buf, '\0', data->d_size))
		set_text(&o->interpreter, data->d_buf);
}

/* Finds the Go linker's note (cmd/link: "Go", type 4, the build's id), which strip keeps. */
static bool is_go_note(Elf *elf, const GElf_Phdr *ph)
{
	Elf_Data *data = elf_table_chunk(elf, ph->p_offset, ph->p_filesz,
					 ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr note;
	size_t name;
	size_t desc;

	for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name, &desc));)
		if (note.n_namesz == 4 && !memcmp((char *)data->d_buf + name, "Go", 3) &&
		    note.n_type == 4)
			return true;
	return false;
}

static void read_segments(Elf *elf, struct elf_object *o)
{
	size_t count;
	GElf_Phdr ph;

	if (elf_getphdrnum(elf, &count))
		return;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &ph); i++) {
		if (ph.p_type == PT_INTERP)
			read_interpreter(elf, &ph, o);
		else if (ph.p_type == PT_NOTE && is_go_note(elf, &ph))
			o->go = true;
	}
}

/* Finds the sections of Go programs since 1.13: a linker other than Go's may drop the note. */
static bool has_go_section(Elf *elf)
{
	size_t names;
	Elf_Scn *section = NULL;
	GElf_Shdr sh;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &sh) ? elf_strptr(elf, names, sh.sh_name)
							      : NULL;

		if (name && (!strcmp(name, ".go.buildinfo") || !strcmp(name, ".note.go.buildid")))
			return true;
	}
	return false;
}

static bool read_elf(Elf *elf, struct elf_object *o)
{
	GElf_Ehdr eh;
	struct elf_table t;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		return false;
	o->elf_class = eh.e_ident[EI_CLASS];
	o->data = eh.e_ident[EI_DATA];
	o->machine = eh.e_machine;
	o->type = eh.e_type;
	read_segments(elf, o);
	o->go = o->go || has_go_section(elf);
	if (elf_table_open(elf, &t)) {
		read_dynamic(&t, o);
		read_symbols(&t, o);
	}
	return true;
}

bool elf_object_read(const char *path, struct elf_object *o)
{
	int fd = regular_open(path);
	Elf *elf = NULL;
	bool done = false;

	*o = (struct elf_object){ 0 };
	if (fd < 0)
		return false;
	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf) {
		done = read_elf(elf, o);
		elf_end(elf);
	}
	close(fd);
	return done;
}

/* What QEMU says when its trials find no alignment (raw_probe_alignment(), block/file-posix.c). */
static const char trial[] = "Could not find working O_DIRECT alignment";

static void look_at_piece(const unsigned char *bytes, size_t size, bool code, struct elf_object *o)
{
	if (memmem(bytes, size, trial, strlen(trial)))
		o->tries_alignments = true;
	if (code && ring_code_find(bytes, size, o->imports.has[COVERED_syscall]))
		o->uncovered |= UNCOVERED_IO_URING;
}

/* Reads the segment in pieces that overlap, as a pattern in the last bytes of a piece is not found. */
static void look_at_segment(int fd, const GElf_Phdr *ph, struct elf_object *o)
{
	enum { PIECE = 1 << 16, OVERLAP = RING_CODE_REACH + 1 };
	unsigned char *bytes = alloc_zeroed(1, PIECE + RING_CODE_REACH);
	bool code = (ph->p_flags & PF_X) && o->machine == EM_X86_64 && o->elf_class == ELFCLASS64;

	for (uint64_t at = 0; at < ph->p_filesz; at += PIECE - OVERLAP) {
		uint64_t left = ph->p_filesz - at;
		ssize_t got =
			pread(fd, bytes, left < PIECE ? left : PIECE, (off_t)(ph->p_offset + at));

		if (got <= 0)
			break;
		/* The end of the segment is looked through, too. */
		memset(bytes + got, 0, RING_CODE_REACH);
		look_at_piece(bytes, got + RING_CODE_REACH, code, o);
	}
	free(bytes);
}

void elf_object_read_contents(const char *path, struct elf_object *o)
{
	int fd = regular_open(path);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	size_t count = 0;
	GElf_Phdr ph;

	if (elf && elf_getphdrnum(elf, &count))
		count = 0;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &ph); i++)
		if (ph.p_type == PT_LOAD && !(ph.p_flags & PF_W))
			look_at_segment(fd, &ph, o);
	if (elf)
		elf_end(elf);
	if (fd >= 0)
		close(fd);
}

void elf_object_free(struct elf_object *o)
{
	free(o->interpreter);
	free(o->soname);
	free(o->first);
	*o = (struct elf_object){ 0 };
}

bool elf_object_fits(const struct elf_object *a, const struct elf_object *b)
{
	return a->elf_class == b->elf_class && a->data == b->data && a->machine == b->machine;
}
