/* The verdict on an ELF file by itself, without its libraries. See reach_decide.h. */
#include "check/reach_decide.h"

#include <elf.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/chain.h"
#include "check/privilege.h"

void reach_decide(struct reach *r, enum reach_verdict verdict, const char *what, const char *advice)
{
	r->verdict = verdict;
	r->reason = strcmp(r->path, r->program) ? alloc_format("%s %s", r->program, what)
						: alloc_format("it %s", what);
	r->advice = advice;
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_X86_64, "x86-64" },   { EM_386, "i386" },	  { EM_AARCH64, "aarch64" },
		{ EM_ARM, "arm" },	   { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" },
		{ EM_S390, "s390" },	   { EM_MIPS, "mips" },	  { EM_PPC, "powerpc" },
		{ EM_SPARCV9, "sparc64" }, { EM_IA_64, "ia64" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

static int bits(const struct elf_object *o)
{
	return o->elf_class == ELFCLASS64 ? 64 : 32;
}

/* The dynamic linker ignores a preloaded library that does not fit the program. */
static void decide_misfit(struct reach *r, const struct elf_object *o,
			  const struct elf_object *library)
{
	char *what;

	if (o->elf_class != library->elf_class)
		what = alloc_format("is a %d-bit program (%s), and the shim is %d-bit", bits(o),
				    machine_name(o->machine), bits(library));
	else
		what = alloc_format("is for %s, and the shim is for %s",
				    o->machine == library->machine ? "the other byte order"
								   : machine_name(o->machine),
				    machine_name(library->machine));
	reach_decide(r, REACH_NO, what,
		     "use a build of it for the machine that dioshim was built for");
	free(what);
}

static void decide_uninterpreted(struct reach *r, const struct elf_object *o)
{
	if (o->soname && !fnmatch("ld*.so*", o->soname, 0))
		reach_decide(r, REACH_UNKNOWN, "is the dynamic linker, which loads another program",
			     "check that program");
	else if (o->type == ET_DYN && !o->pie && o->needs)
		reach_decide(r, REACH_UNKNOWN, "is a shared library, not a program",
			     "check a program that uses it");
	else
		reach_decide(r, REACH_NO, "is statically linked",
			     "use, or build, a dynamically linked one");
}

/* Knows other C libraries by the usual names of their dynamic linkers. Returns false if none. */
static bool decide_foreign_libc(struct reach *r, const struct elf_object *o)
{
	static const struct {
		const char *pattern;
		enum reach_verdict verdict;
		const char *what;
	} others[] = {
		{ "ld-musl*", REACH_UNKNOWN,
		  "uses the C library musl, with which the shim is hardly tested" },
		{ "ld*-uClibc*", REACH_NO, "uses the C library uClibc, and the shim is for GNU's" },
		{ "linker*", REACH_NO, "uses Android's C library, and the shim is for GNU's" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (fnmatch(others[i].pattern, base_name(o->interpreter), 0) != 0)
			continue;
		reach_decide(r, others[i].verdict, others[i].what,
			     "use a build for the GNU C library");
		return true;
	}
	return false;
}

bool reach_decide_program(struct reach *r, const struct elf_object *o,
			  const struct elf_object *shim)
{
	const char *privilege = privilege_gained(r->program);

	if (!elf_object_fits(o, shim))
		decide_misfit(r, o, shim);
	else if (o->go)
		reach_decide(
			r, REACH_NO,
			"is a Go program, which makes system calls without the C library",
			"align the buffers in its source, or make it open files without O_DIRECT");
	else if (!o->interpreter)
		decide_uninterpreted(r, o);
	else if (decide_foreign_libc(r, o))
		return true;
	else if (privilege) {
		char *what = alloc_format("%s, and the dynamic linker ignores LD_PRELOAD there",
					  privilege);

		reach_decide(
			r, REACH_NO, what,
			"run it as the user whose rights it takes, or run a copy without them");
		free(what);
	} else if (fnmatch("ld*.so*", base_name(o->interpreter), 0) != 0)
		reach_decide(r, REACH_UNKNOWN,
			     "has a dynamic linker that may not support LD_PRELOAD",
			     "run it with --stats");
	else
		return false;
	return true;
}
