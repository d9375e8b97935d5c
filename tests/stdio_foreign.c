/*
 * A library that has replaced an entry of stdio's tables before the shim is loaded: the shim must leave the
 * tables alone. Preloaded after the shim, its constructor runs before the shim's.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef ssize_t reading(FILE *fp, void *buf, ssize_t n);

static reading *library;
static int reads;

static ssize_t read_and_count(FILE *fp, void *buf, ssize_t n)
{
	reads++;
	return library(fp, buf, n);
}

__attribute__((constructor)) static void replace(void)
{
	reading **table = (reading **)dlsym(RTLD_DEFAULT, "_IO_file_jumps");
	uintptr_t page = (uintptr_t)table & -(uintptr_t)getpagesize();

	library = (reading *)dlsym(RTLD_DEFAULT, "_IO_file_read");
	if (!table || !library ||
	    mprotect((void *)page, (size_t)getpagesize(), PROT_READ | PROT_WRITE))
		_exit(98);
	for (int i = 0; i < 21; i++)
		if (table[i] == library)
			table[i] = read_and_count;
	mprotect((void *)page, (size_t)getpagesize(), PROT_READ);
}

__attribute__((destructor)) static void report(void)
{
	if (getenv("DIOSHIM_TEST_READS"))
		dprintf(STDERR_FILENO, "read %s\n", reads ? "through it" : "past it");
}
