/* JSON values, with jansson. */
#ifndef DIOSHIM_LAUNCHER_JSON_H
#define DIOSHIM_LAUNCHER_JSON_H

#include <jansson.h>
#include <stdint.h>

/*
 * Sets a member of an object, and takes ownership of the value. The member is left out if there is
 * no memory.
 */
void json_set_member(json_t *object, const char *key, json_t *value);

/* Returns `n` as a JSON integer. jansson's integers are signed, so it is at most INT64_MAX. */
json_t *json_count(uint64_t n);

/*
 * Sets "path" and "path_escaped" in an object: the path itself if it is valid UTF-8, else as
 * text_escape() writes it. The path may have any length. Returns 0, or -1 if there is no memory.
 */
int json_set_path(json_t *object, const char *path);

#endif
