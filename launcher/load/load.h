/*
 * The libraries that print tables and JSON and read ELF files are loaded on their first use: most runs of the launcher
 * execute COMMAND and need none of them, and loading them took longer than everything else.
 *
 * The functions of each are defined in one file here, with the names and types of the library's own header, and pass
 * their arguments on. A function that is missing here is an undefined reference when the launcher is linked.
 */
#ifndef DIOSHIM_LOAD_H
#define DIOSHIM_LOAD_H

/*
 * Load a library before it is needed, for a caller that could not end then. Each returns NULL, or why it cannot be loaded,
 * a text that is valid until the next one.
 */
const char *load_elf(void);
const char *load_jansson(void);
const char *load_smartcols(void);

/* The same, of any. */
const char *load_library(const char *library);

/* Returns a function of a library. If it cannot be loaded, ends the launcher with a message (EXIT_LAUNCHER). */
void *load_function(const char *library, const char *function);

/* Defines load_NAME(), for LIBRARY, a macro of the file that uses this. */
#define LOAD_LIBRARY(name) \
	const char *load_##name(void) \
	{ \
		return load_library(LIBRARY); \
	}

/* Defines a function that calls the one of LIBRARY. */
#define LOAD(type, name, parameters, arguments) \
	type name parameters \
	{ \
		static __typeof__(name) *next; \
\
		if (!next) \
			next = (__typeof__(next))load_function(LIBRARY, #name); \
		return next arguments; \
	}

#endif
