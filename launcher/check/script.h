/* Tells how the kernel would execute a file, from its first bytes. */
#ifndef DIOSHIM_SCRIPT_H
#define DIOSHIM_SCRIPT_H

/* The bytes of a #! line that the kernel reads: BINPRM_BUF_SIZE (include/uapi/linux/binfmts.h). */
enum { SCRIPT_HEAD = 256 };

enum script_kind {
	SCRIPT_ELF,
	SCRIPT_INTERPRETER, /* "#!" and the name of an interpreter */
	SCRIPT_TEXT,	    /* the kernel returns ENOEXEC, and execvp() runs /bin/sh with it */
	SCRIPT_BINARY,	    /* ENOEXEC, and not text that a shell could read */
	SCRIPT_UNREADABLE,  /* it may be executable, but the launcher cannot read it */
};

struct script {
	enum script_kind kind;
	char interpreter[SCRIPT_HEAD];
	char argument[SCRIPT_HEAD]; /* the rest of the line, one argument to the kernel; "": none */
};

/* Reads the head of `path`, which the caller has found to be a regular file. */
void script_read(const char *path, struct script *s);

#endif
