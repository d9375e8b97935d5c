/* Prints the texts of --help and --version on stdout. */
#ifndef DIOSHIM_HELP_H
#define DIOSHIM_HELP_H

void help_print(void);
void help_print_version(void);

#endif
