/*
 * A program for --check to look at: it exits 0 if the shim is mapped into it, 1 if not, so that
 * every answer can be held against what happens. reach.bats builds it in many ways.
 *
 *	-DGO_NOTE    with the note that the Go linker leaves (cmd/link: "Go", type 4)
 */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#ifdef GO_NOTE
__attribute__((section(".note.go"), used, aligned(4))) static const struct {
	unsigned name_size, desc_size, type;
	char name[4], desc[8];
} note = { 4, 8, 4, "Go", "build" };
#endif

static char maps[1 << 20];

int main(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, maps + have, sizeof(maps) - 1 - have)) > 0)
		have += n;
	return n < 0 ? 2 : !strstr(maps, "libdioshim");
}
