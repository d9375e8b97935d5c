/* The answer, from what was found on the way to it. See reach.h. */
#include "check/reach.h"

#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "check/covered.h"
#include "check/elf_closure.h"
#include "check/follow.h"
#include "check/privilege.h"

/*
 * `what` is said of the program: "is statically linked". Where that is the command itself, it is
 * "it"; where the command is a script, or starts another one, it has to be named.
 */
static void decide(struct reach *r, enum reach_verdict verdict, const char *what,
		   const char *advice)
{
	r->verdict = verdict;
	r->reason = strcmp(r->path, r->program) ? alloc_format("%s %s", r->program, what) :
						  alloc_format("it %s", what);
	r->advice = advice;
}

static const char *machine_name(unsigned machine)
{
	static const struct { unsigned machine; const char *name; } names[] = {
		{ EM_X86_64, "x86-64" }, { EM_386, "i386" }, { EM_AARCH64, "aarch64" },
		{ EM_ARM, "arm" }, { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" },
		{ EM_S390, "s390" }, { EM_MIPS, "mips" }, { EM_PPC, "powerpc" },
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

/* The dynamic linker passes over a preloaded library that does not fit the program. */
static void decide_misfit(struct reach *r, const struct elf_object *o,
			  const struct elf_object *library)
{
	char *what;

	if (o->elf_class != library->elf_class)
		what = alloc_format("is a %d-bit program (%s), and the shim is %d-bit", bits(o),
				    machine_name(o->machine), bits(library));
	else
		what = alloc_format("is for %s, and the shim is for %s",
				    o->machine == library->machine ? "the other byte order" :
								     machine_name(o->machine),
				    machine_name(library->machine));
	decide(r, REACH_NO, what, "use a build of it for the machine that dioshim was built for");
	free(what);
}

static void decide_uninterpreted(struct reach *r, const struct elf_object *o)
{
	if (o->soname && !fnmatch("ld*.so*", o->soname, 0))
		decide(r, REACH_UNKNOWN, "is the dynamic linker, which loads what it is told to",
		       "ask about that program");
	else if (o->type == ET_DYN && !o->pie && o->needed_count)
		decide(r, REACH_UNKNOWN, "is a shared library, not a program",
		       "ask about a program that uses it");
	else
		decide(r, REACH_NO, "is statically linked",
		       "use, or build, a dynamically linked one");
}

/* By the names that they have everywhere. False: none of these. */
static bool decide_foreign_libc(struct reach *r, const struct elf_object *o)
{
	static const struct { const char *pattern, *what; } others[] = {
		{ "ld-musl*", "uses the C library musl, and the shim is for GNU's" },
		{ "ld*-uClibc*", "uses the C library uClibc, and the shim is for GNU's" },
		{ "linker*", "uses Android's C library, and the shim is for GNU's" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (fnmatch(others[i].pattern, base_name(o->interpreter), 0) != 0)
			continue;
		decide(r, REACH_NO, others[i].what, "use a build for the GNU C library");
		return true;
	}
	return false;
}

static void decide_imports(struct reach *r, const struct elf_object *o)
{
	uint64_t all = 0;

	for (size_t i = 0; i < r->object_count; i++)
		all |= r->objects[i].imports;
	if (fnmatch("ld*.so*", base_name(o->interpreter), 0) != 0)
		decide(r, REACH_UNKNOWN, "has a dynamic linker that may not know LD_PRELOAD",
		       "try it with --stats");
	else if (covered_transfers(all))
		r->verdict = REACH_YES;
	else
		decide(r, REACH_UNKNOWN,
		       "and its libraries import no read or write that the shim covers",
		       "it may load more with dlopen(): try it with --stats");
}

static void decide_program(struct reach *r, const struct elf_object *o,
			   const struct elf_object *library)
{
	const char *privilege = privilege_gained(r->program);

	if (!elf_object_fits(o, library))
		decide_misfit(r, o, library);
	else if (o->go)
		decide(r, REACH_NO,
		       "is a Go program, which makes system calls without the C library",
		       "align its buffers in its source, or have it open files without O_DIRECT");
	else if (!o->interpreter)
		decide_uninterpreted(r, o);
	else if (decide_foreign_libc(r, o))
		return;
	else if (privilege) {
		char *what = alloc_format("%s, and the dynamic linker ignores LD_PRELOAD there",
					  privilege);

		decide(r, REACH_NO, what,
		       "run it as the user whose rights it takes, or a copy without them");
		free(what);
	} else {
		decide_imports(r, o);
	}
}

/* These are below the shim: it never sees what they call among themselves. */
static bool is_c_library(const char *name)
{
	return !fnmatch("libc.so*", name, 0) || !fnmatch("libc.musl-*", name, 0) ||
	       !fnmatch("ld*.so*", name, 0);
}

static void list_objects(struct reach *r, const struct elf_closure *c)
{
	r->objects = alloc_zeroed(c->count, sizeof(*r->objects));
	for (size_t i = 0; i < c->count; i++) {
		const struct elf_member *m = &c->members[i];

		if (i && is_c_library(base_name(m->name)))
			continue;
		r->objects[r->object_count++] = (struct reach_object){
			.name = alloc_string(m->name),
			.path = m->path ? alloc_string(m->path) : NULL,
			.imports = m->object.imports,
		};
	}
}

/* An ELF file that the kernel can execute; 0 or the errno of execve(). */
static int look_inside(struct reach *r, const struct chain *chain,
		       const struct elf_object *library)
{
	struct elf_object o;
	struct elf_closure c;
	int error;

	if (!elf_object_read(r->program, &o) || (o.type != ET_EXEC && o.type != ET_DYN)) {
		decide(r, REACH_UNKNOWN, "is a broken ELF file, or no program",
		       "look at it with file(1)");
		elf_object_free(&o);
		return 0;
	}
	if (o.interpreter && access(o.interpreter, F_OK)) {
		error = errno;
		r->trouble = alloc_string(o.interpreter);
		elf_object_free(&o);
		return error;
	}
	elf_closure_read(&c, r->program, &o, chain->library_path);
	list_objects(r, &c);
	decide_program(r, &c.members[0].object, library);
	elf_closure_free(&c);
	return 0;
}

static int look(struct reach *r, const struct chain *c, const struct elf_object *library)
{
	if (c->kind == SCRIPT_UNREADABLE)
		decide(r, REACH_UNKNOWN, "cannot be read", "ask as a user who can read it");
	else if (c->kind != SCRIPT_ELF)
		decide(r, REACH_UNKNOWN, "is neither an ELF file nor a script",
		       "look at it with file(1)");
	else if (c->unknown)
		decide(r, REACH_UNKNOWN, c->unknown, c->advice);
	else if (c->lost) {
		r->verdict = REACH_NO;
		r->reason = alloc_string(c->lost);
		r->advice = c->advice;
	} else {
		return look_inside(r, c, library);
	}
	return 0;
}

int reach_look(char *const argv[], const char *library, struct reach *r)
{
	struct chain f;
	struct elf_object yardstick;
	int error = follow_command(argv, &f);

	*r = (struct reach){ .trouble = f.trouble, .steps = f.steps, .step_count = f.step_count };
	f.trouble = NULL;
	f.steps = NULL;
	f.step_count = 0;
	if (!error) {
		r->path = alloc_string(f.first);
		r->program = alloc_string(f.program);
		if (elf_object_read(library, &yardstick))
			error = look(r, &f, &yardstick);
		else
			decide(r, REACH_UNKNOWN,
			       "was not looked at: the shim's library cannot be read",
			       "build or install dioshim again");
		elf_object_free(&yardstick);
	}
	chain_free(&f);
	return error;
}

void reach_free(struct reach *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		free(r->steps[i]);
	for (size_t i = 0; i < r->object_count; i++) {
		free(r->objects[i].name);
		free(r->objects[i].path);
	}
	free(r->steps);
	free(r->objects);
	free(r->path);
	free(r->program);
	free(r->reason);
	free(r->trouble);
	*r = (struct reach){ 0 };
}
