/* Reading ldconfig's cache: glibc's format of its own, "1.1" (sysdeps/generic/dl-cache.h). */
#include "check/ld_cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "check/regular.h"

static const char magic[] = "glibc-ld.so.cache1.1";

/* Offsets of names count from the start of the header. */
struct header {
	char magic[20];
	uint32_t count;
	uint32_t strings_size;
	uint32_t flags, extension, unused[3];
};

struct entry {
	int32_t flags;
	uint32_t name, path;
	uint32_t os_version;
	uint64_t hwcap;
};

_Static_assert(sizeof(struct header) == 48, "struct cache_file_new");
_Static_assert(sizeof(struct entry) == 24, "struct file_entry_new");

/* From 2.2 to 2.31 glibc wrote an older cache before this one, so it is looked for. */
static void find_header(struct ld_cache *cache)
{
	char *start = memmem(cache->bytes, cache->size, magic, sizeof(magic) - 1);

	if (start) {
		cache->size -= start - cache->bytes;
		memmove(cache->bytes, start, cache->size);
		cache->bytes[cache->size] = '\0';
	}
	if (!start || cache->size < sizeof(struct header)) {
		free(cache->bytes);
		*cache = (struct ld_cache){ 0 };
	}
}

void ld_cache_read(struct ld_cache *cache)
{
	enum { SIZE_MOST = 64 << 20 };
	struct stat st;
	int fd = regular_open("/etc/ld.so.cache");
	ssize_t n;

	*cache = (struct ld_cache){ 0 };
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= SIZE_MOST) {
		cache->bytes = alloc_zeroed(1, st.st_size + 1);
		n = pread(fd, cache->bytes, st.st_size, 0);
		cache->size = n > 0 ? n : 0;
		find_header(cache);
	}
	close(fd);
}

void ld_cache_free(struct ld_cache *cache)
{
	free(cache->bytes);
	*cache = (struct ld_cache){ 0 };
}

/* What is there ends at a NUL byte: one was put behind the last of the file. */
static const char *string_at(const struct ld_cache *cache, uint32_t at)
{
	return at < cache->size ? cache->bytes + at : "";
}

const char *ld_cache_find(const struct ld_cache *cache, const char *name, size_t *at)
{
	struct header header;
	struct entry entry;

	if (!cache->bytes)
		return NULL;
	memcpy(&header, cache->bytes, sizeof(header));
	for (; *at < header.count; ++*at) {
		size_t offset = sizeof(header) + *at * sizeof(entry);

		if (offset + sizeof(entry) > cache->size)
			return NULL;
		memcpy(&entry, cache->bytes + offset, sizeof(entry));
		if (strcmp(string_at(cache, entry.name), name) != 0)
			continue;
		++*at;
		return string_at(cache, entry.path);
	}
	return NULL;
}
