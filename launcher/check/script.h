/* What the kernel sees in the first bytes of a file that it is to execute. */
#ifndef DIOSHIM_SCRIPT_H
#define DIOSHIM_SCRIPT_H

/* BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h: all that the kernel reads of a #! line. */
enum { SCRIPT_HEAD = 256 };

enum script_kind {
	SCRIPT_ELF,
	SCRIPT_INTERPRETER, /* "#!" and the name of an interpreter */
	SCRIPT_TEXT,        /* ENOEXEC to the kernel; execvp() hands it to /bin/sh */
	SCRIPT_BINARY,      /* ENOEXEC, and no text that a shell could read */
	SCRIPT_UNREADABLE,  /* it can be executed, but not by us read */
};

struct script {
	enum script_kind kind;
	char interpreter[SCRIPT_HEAD];
	char argument[SCRIPT_HEAD]; /* the rest of the line, one word for the kernel; "" is none */
};

/* A regular file at `path`; the caller has made sure. */
void script_read(const char *path, struct script *s);

#endif
