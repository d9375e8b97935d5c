/* See privilege.h. */
#include "check/privilege.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * Returns whether the file has permitted or effective capabilities, as the kernel decides on
 * secureexec (cap_bprm_creds_from_file(), security/commoncap.c). Inheritable ones do not count.
 */
static bool has_capabilities(const char *path)
{
	struct vfs_ns_cap_data cap = { 0 };
	ssize_t size = getxattr(path, "security.capability", &cap, sizeof(cap));

	if (size < (ssize_t)XATTR_CAPS_SZ_1)
		return false;
	/* Version 1 has one word of each set; the rest of `cap` is zero then. */
	return (le32toh(cap.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) || cap.data[0].permitted ||
	       (size >= (ssize_t)XATTR_CAPS_SZ_2 && cap.data[1].permitted);
}

/*
 * Follows bprm_fill_uid() (fs/exec.c) and __is_setuid() (security/commoncap.c): the new effective
 * id is compared with the caller's real one, so for root a setuid-root program is an ordinary one.
 * A setgid bit without execute permission for the group (mandatory locking) is ignored.
 */
const char *privilege_gained(const char *path)
{
	bool bits_count = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
	struct statvfs fs;
	struct stat st;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (stat(path, &st))
		return NULL;
	if (!statvfs(path, &fs) && (fs.f_flag & ST_NOSUID))
		return NULL;
	if (bits_count && (st.st_mode & S_ISUID))
		uid = st.st_uid;
	if (bits_count && (st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP))
		gid = st.st_gid;
	if (uid != getuid())
		return "is setuid";
	if (gid != getgid())
		return "is setgid";
	return getuid() && has_capabilities(path) ? "has file capabilities" : NULL;
}
