/*
 * Programs whose arguments are another command, which they execute with their own environment: how long their own
 * part of the arguments is. An option that is not listed here is one that dioshim does not know.
 */
#ifndef DIOSHIM_WRAPPER_TABLE_H
#define DIOSHIM_WRAPPER_TABLE_H

#include <stdbool.h>

/* What is special about the command of a wrapper. */
enum wrapper_kind {
	WRAPPER_PLAIN,
	WRAPPER_ENV,	/* changes variables: env */
	WRAPPER_CHROOT, /* its operand is the root directory of the command */
	WRAPPER_FLOCK,	/* -c after its operand: a command for a shell */
	WRAPPER_WATCH,	/* unless -x is given, the words are a command for a shell */
	WRAPPER_ARCH,	/* its first argument may be the name of an architecture */
	WRAPPER_CHRT,	/* its operand is a number, and may be missing */
};

struct wrapper {
	const char *name;
	enum wrapper_kind kind;
	const char *options; /* for getopt(3) */
	/*
	 * Long options, separated by blanks: NAME, NAME= with an argument, NAME? with an optional one; then /X if it
	 * is the same as the short option X.
	 */
	const char *long_options;
	int operands;	     /* how many come before the command */
	const char *none;    /* options with which no command is executed */
	const char *blurred; /* options with which it is not known what is executed */
	const char *cleared; /* options that remove all variables */
	const char *assigns; /* options whose value is NAME=VALUE, or NAME, which is removed */
};

/* Returns NULL if `name` is none of them. */
const struct wrapper *wrapper_find(const char *name);

#endif
