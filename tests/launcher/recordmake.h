/* Record files made by hand, and what the launcher's parts make of them: tests/launcher/report.bats. */
#ifndef DIOSHIM_TESTS_RECORDMAKE_H
#define DIOSHIM_TESTS_RECORDMAKE_H

#include "record.h"

/* Fill an empty record. 0, or 1 if there is no such scene. */
int make_scene(const char *name, struct record *rec);

/* Several processes put calls into a ring while this one prints them. An exit status. */
int race(unsigned calls, unsigned pause_us);

#endif
