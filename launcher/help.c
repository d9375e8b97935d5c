/* See help.h. */
#include "help.h"

#include <stdio.h>

static const char usage[] =
	"usage: dioshim [OPTION]... [--] COMMAND [ARG]...\n"
	"       dioshim --check [--json] [--] COMMAND [ARG]...\n"
	"       dioshim --probe [--try] [--json] [--] PATH...\n"
	"       dioshim --report=FILE [--json]\n"
	"\n"
	"Run COMMAND so that direct I/O (O_DIRECT) takes any buffer, length and offset.\n"
	"\n";

static const char run_options[] =
	"What COMMAND does:\n"
	"  -s, --stats[=SECONDS]   count its direct I/O; report at the end (and one line\n"
	"                            every SECONDS) on stderr or in --output\n"
	"  -t, --trace[=FILE]      show each call that was changed, on stderr or in FILE\n"
	"  -o, --output=FILE       where the report of --stats goes\n"
	"  -j, --json              reports, traces, checks and probes as JSON\n"
	"\n"
	"How it is run:\n"
	"  -b, --bounce-max=SIZE   bounce buffers a process may have, 64K to 64M (16M)\n"
	"  -x, --disable=LIST      optimisations to disable, separated by commas:\n"
	"                            hints, hugepages, prefetch\n"
	"  -e, --strict            do not start a COMMAND that is out of reach\n"
	"  -q, --quiet             do not warn about a COMMAND that is out of reach\n"
	"\n";

static const char other_options[] =
	"Instead of running it:\n"
	"  -c, --check             say whether the shim can help COMMAND (status 0: yes)\n"
	"  -p, --probe             say what direct I/O asks for at each PATH\n"
	"  -w, --try               with --probe: write a misaligned block to a new file\n"
	"  -r, --report=FILE       show what DIOSHIM_STATS or DIOSHIM_TRACE kept in FILE\n"
	"  -h, --help              this text\n"
	"  -V, --version           the version and the licence\n"
	"\n";

static const char ending[] =
	"Options end where COMMAND begins. The exit status is COMMAND's; 125 if dioshim\n"
	"fails itself, 126 if COMMAND cannot be executed, 127 if it is not found, 2 if\n"
	"the options make no sense.\n"
	"\n"
	"Example: what does python3 copy.py ask for that the kernel would refuse?\n"
	"  dioshim --stats python3 copy.py\n"
	"\n"
	"More: man dioshim\n";

void help_print(void)
{
	fputs(usage, stdout);
	fputs(run_options, stdout);
	fputs(other_options, stdout);
	fputs(ending, stdout);
}

void help_print_version(void)
{
	puts(PACKAGE_STRING);
	puts("MIT licence: free to use, change and pass on, without warranty.");
}
