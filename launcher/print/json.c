/* JSON values. See json.h. */
#include "print/json.h"

#include <stdlib.h>
#include <string.h>

#include "print/text.h"

void json_set_member(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

json_t *json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/*
 * Returns the escaped path, or "?" if that is not UTF-8 either: in a locale of another encoding,
 * text_escape() keeps the characters that are printable there.
 */
static json_t *escaped(const char *path)
{
	size_t len = strlen(path);
	char *text = malloc(4 * len + 1);
	json_t *string = NULL;

	if (text) {
		text_escape(path, len, "", text);
		string = json_string(text);
	}
	free(text);
	return string ? string : json_string("?");
}

int json_set_path(json_t *object, const char *path)
{
	json_t *string = json_string(path);
	int bad = json_object_set_new(object, "path_escaped", json_boolean(!string));

	return json_object_set_new(object, "path", string ? string : escaped(path)) | bad;
}
