/* See help.h. */
#include "help.h"

#include <stdio.h>

static const char usage[] =
	"usage: dioshim [OPTION]... [--] COMMAND [ARG]...\n"
	"       dioshim --check [--json] [--] COMMAND [ARG]...\n"
	"       dioshim --probe [--try] [--json] [--] PATH...\n"
	"       dioshim --report=FILE [--json]\n"
	"\n"
	"Run COMMAND so that direct I/O (O_DIRECT) accepts any buffer, length and offset.\n"
	"\n";

static const char run_options[] =
	"Reporting:\n"
	"  -s, --stats[=SECONDS]   count COMMAND's direct I/O calls and print a report at\n"
	"                            the end, and also a line every SECONDS\n"
	"  -t, --trace[=FILE]      print each call that was changed, to stderr or FILE\n"
	"  -o, --output=FILE       write the report of --stats to FILE, not to stderr\n"
	"  -j, --json              print reports, traces, checks and probes as JSON\n"
	"\n"
	"Running:\n"
	"  -b, --bounce-max=SIZE   limit of each process's bounce buffers, 64K to 64M\n"
	"                            (default: 16M)\n"
	"  -x, --disable=LIST      optimisations to disable, separated by commas:\n"
	"                            hints, hugepages, prefetch; also stdio\n"
	"  -f, --refused=WORD      where O_DIRECT is refused by the file system: fail\n"
	"                            (default), or buffered: go on without it, and name\n"
	"                            the files\n"
	"  -e, --strict            do not start a COMMAND that is out of reach\n"
	"  -q, --quiet             do not warn about a COMMAND that is out of reach, nor\n"
	"                            name the files of --refused\n"
	"  -u, --no-io-uring       let io_uring_setup(2) fail with ENOSYS: many programs\n"
	"                            use calls instead that the shim covers\n"
	"\n";

static const char other_options[] =
	"Other modes, which do not run COMMAND:\n"
	"  -c, --check             tell if the shim can reach COMMAND (status 0: yes)\n"
	"  -p, --probe             print the alignment that direct I/O requires at PATH\n"
	"  -w, --try               with --probe: also try misaligned calls: writes to a\n"
	"                            new file, or reads from a block device\n"
	"  -r, --report=FILE       print the record file of DIOSHIM_STATS, DIOSHIM_TRACE\n"
	"                            or DIOSHIM_REFUSED_RECORD\n"
	"  -h, --help              print this text\n"
	"  -V, --version           print the version and the licence\n"
	"\n";

static const char ending[] =
	"Options end where COMMAND begins. The exit status is COMMAND's; 125 if dioshim\n"
	"itself fails, 126 if COMMAND cannot be executed, 127 if it is not found, 2 for\n"
	"invalid usage.\n"
	"\n"
	"Example: find the misaligned calls of python3 copy.py\n"
	"  dioshim --stats python3 copy.py\n"
	"\n"
	"More: man dioshim\n";

void help_print(void)
{
	fputs(usage, stdout);
	fputs(run_options, stdout);
	fputs(other_options, stdout);
	fputs(ending, stdout);
	/* configure.ac has it, and it may be empty. */
	if (sizeof(PACKAGE_BUGREPORT) > 1)
		puts("Bugs: " PACKAGE_BUGREPORT);
}

void help_print_version(void)
{
	puts(PACKAGE_STRING);
	puts("MIT licence: free to use, change and redistribute, without warranty.");
}
