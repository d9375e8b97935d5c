/* See elsewhere.h. */
#include "check/elsewhere.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "alloc.h"

struct elsewhere {
	const char *names; /* separated by blanks */
	bool scripts;	   /* they are scripts: looked for under the name that was found first */
	bool alone;	   /* start something without arguments, too */
	const char *what;
	const char *advice;
};

static const struct elsewhere table[] = {
	{ "ssh rsh mosh autossh dbclient", false, false, "runs its command on another machine",
	  "put dioshim before that command: ssh HOST dioshim COMMAND" },
	{ "at batch crontab systemd-run machinectl tmux screen abduco dtach", false, true,
	  "lets another process start its command, which may not have this environment",
	  "put dioshim before that command: systemd-run dioshim COMMAND" },
	{ "docker podman nerdctl buildah crictl kubectl runc crun ctr lxc lxc-attach lxc-execute "
	  "incus flatpak snap "
	  "systemd-nspawn toolbox distrobox",
	  false, false,
	  "starts its command in a container, with the environment and the libraries there",
	  "give the library to the container: man libdioshim has the command" },
	{ "bwrap proot schroot dchroot firejail switch_root pivot_root", false, false,
	  "starts its command with other files, where the library may be missing",
	  "put dioshim before that command, inside" },
	{ "su runuser sg newgrp login chpst gosu su-exec setuidgid s6-setuidgid", false, true,
	  "starts a shell or a command for a user, which may be without LD_PRELOAD",
	  "put dioshim before that command: su USER -c 'dioshim COMMAND'" },
	{ "make gmake ninja cmake ctest run-parts cron anacron entr incrond inotifywait s6-svscan "
	  "runsvdir initctl",
	  false, true, "starts programs that are named in files",
	  "check those programs themselves" },
	{ "fakeroot parallel pre-commit tox unbuffer valgrind xvfb-run", true, false,
	  "starts another program, and dioshim does not read its arguments",
	  "check that program itself" },
	{ "busybox cgexec cpulimit catchsegv daemonize dumb-init envdir expect faketime gdb "
	  "gdbserver hyperfine "
	  "lldb parallel perf proxychains4 rr runcon s6-env script socat softlimit ssh-agent "
	  "start-stop-daemon "
	  "systemd-socket-activate tini toybox trickle uftrace valgrind xterm",
	  false, false, "starts another program, and dioshim does not read its arguments",
	  "check that program itself" },
};

/* These start their command with a new environment, whatever their arguments are. */
static const char cleaners[] = "doas pkexec run0 sudo";

static bool is_one_of(const char *name, const char *names)
{
	size_t length = strlen(name);

	for (const char *at = names; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == length && !memcmp(at, name, word))
			return true;
		at += word;
	}
	return false;
}

/* The actions of find(1) that start programs. */
static bool finds_and_executes(const struct words *words)
{
	for (size_t i = 1; i < words->count; i++)
		if (is_one_of(words->word[i], "-exec -execdir -ok -okdir"))
			return true;
	return false;
}

static void set_unknown(struct chain *c, const char *what, const char *advice)
{
	c->unknown = what;
	c->advice = advice;
}

static void look_up(struct chain *c)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct elsewhere *e = &table[i];
		const char *name = base_name(e->scripts ? c->found : c->program);

		if ((e->alone || c->words.count > 1) && is_one_of(name, e->names)) {
			set_unknown(c, e->what, e->advice);
			return;
		}
	}
}

void elsewhere_look(struct chain *c)
{
	const char *name = base_name(c->program);

	if (is_one_of(name, cleaners)) {
		chain_set(&c->lost, alloc_format("%s starts its command without LD_PRELOAD", name));
		c->advice = "put dioshim after it: sudo dioshim COMMAND";
	} else if (!strcmp(name, "find") && finds_and_executes(&c->words)) {
		set_unknown(c, "starts the programs that its -exec names, too",
			    "check those programs themselves");
	} else {
		look_up(c);
	}
}
