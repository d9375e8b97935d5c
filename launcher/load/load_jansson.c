/* Jansson. See load.h. */
#include <jansson.h>
#include <stdarg.h>

#include "load/load.h"

#define LIBRARY "libjansson.so.4"

LOAD_LIBRARY(jansson)

LOAD(json_t *, json_object, (void), ())
LOAD(json_t *, json_array, (void), ())
LOAD(json_t *, json_string, (const char *value), (value))
LOAD(json_t *, json_integer, (json_int_t value), (value))
LOAD(json_t *, json_true, (void), ())
LOAD(json_t *, json_false, (void), ())
LOAD(json_t *, json_null, (void), ())
LOAD(void, json_delete, (json_t * json), (json))
LOAD(int, json_object_set_new, (json_t * object, const char *key, json_t *value),
     (object, key, value))
LOAD(int, json_array_append_new, (json_t * array, json_t *value), (array, value))
LOAD(char *, json_dumps, (const json_t *json, size_t flags), (json, flags))
LOAD(int, json_dumpf, (const json_t *json, FILE *output, size_t flags), (json, output, flags))
LOAD(json_t *, json_vpack_ex,
     (json_error_t * error, size_t flags, const char *format, va_list values),
     (error, flags, format, values))

json_t *json_pack(const char *format, ...)
{
	va_list values;
	json_t *json;

	va_start(values, format);
	json = json_vpack_ex(NULL, 0, format, values);
	va_end(values);
	return json;
}
