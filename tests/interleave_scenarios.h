/*
 * The scenarios: what each actor does to which file. A new one is two or three short functions and
 * an entry in the table of its file. Its name says which race it looks for. An array ends with an
 * entry without a name.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SCENARIOS_H
#define DIOSHIM_TEST_INTERLEAVE_SCENARIOS_H

#include <fcntl.h>

#include "interleave_puppet.h"

extern const struct scenario scenarios_edges[];
extern const struct scenario scenarios_overlap[];
extern const struct scenario scenarios_numbers[];
extern const struct scenario scenarios_flags[];
extern const struct scenario scenarios_offset[];
extern const struct scenario scenarios_append[];
extern const struct scenario scenarios_copies[];
extern const struct scenario scenarios_doors[];
extern const struct scenario scenarios_device[];
extern const struct scenario scenarios_traps[];

#endif
