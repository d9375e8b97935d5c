/* Generates record files, and prints them with the launcher's parts: tests/launcher/report.bats. */
#ifndef DIOSHIM_TESTS_RECORDMAKE_H
#define DIOSHIM_TESTS_RECORDMAKE_H

#include "record.h"

/* Fills an empty record. Returns 0, or 1 if there is no such scene. */
int make_scene(const char *name, struct record *rec);

/*
 * Has several processes put calls into a ring, and prints them meanwhile. Returns an exit status.
 */
int race(unsigned calls, unsigned pause_us);

#endif
