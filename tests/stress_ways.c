/* How writers get their descriptors. See stress.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stress.h"

const char *const way_names[WAYS] = {
	[WAY_OWN] = "own",	  [WAY_SHARED] = "shared",
	[WAY_DUP] = "dup",	  [WAY_INHERITED] = "inherited",
	[WAY_PASSED] = "passed",  [WAY_DSYNC] = "O_DSYNC",
	[WAY_PLAIN] = "buffered",
};

int open_direct(const struct options *o, int flags)
{
	int access = o->write_only ? O_WRONLY : O_RDWR;
	int fd = open(o->path, access | O_DIRECT | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		die("%s: %s", o->path, strerror(errno));
	return fd;
}

struct supply supply_open(const struct options *o)
{
	struct supply s = { .inherited = open_direct(o, 0) };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s.sockets))
		die("socketpair: %s", strerror(errno));
	return s;
}

/* unix(7), SCM_RIGHTS. */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

void supply_send(const struct supply *s, const struct options *o, int count)
{
	int fd = open_direct(o, 0);
	union control control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { (char[]){ 'd' }, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	while (count--)
		if (sendmsg(s->sockets[0], &message, 0) != 1)
			die("sendmsg: %s", strerror(errno));
	close(fd);
}

int supply_receive(const struct supply *s)
{
	union control control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(s->sockets[1], &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		die("recvmsg: %s", strerror(errno));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

void supply_close(const struct supply *s)
{
	close(s->inherited);
	close(s->sockets[0]);
	close(s->sockets[1]);
}
