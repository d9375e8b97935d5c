/* See other_root.h. */
#include "check/other_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <unistd.h>

#include "sysnr.h"

/* RESOLVE_IN_ROOT follows symbolic links as after chroot(2). Before Linux 5.6 there is no such call. */
static int open_in(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

bool other_root_has(const char *root, const char *path)
{
	int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int file = directory < 0 ? -1 : open_in(directory, path);
	bool missing = file < 0 && (errno == ENOENT || errno == ENOTDIR);

	if (file >= 0)
		close(file);
	if (directory >= 0)
		close(directory);
	return !missing;
}
