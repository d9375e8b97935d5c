/*
 * See wrapper_table.h. The options are those of coreutils 9.7, util-linux 2.41, findutils 4.10, strace 6.13, ltrace
 * 0.7, GNU time 1.9, numactl 2.0.19, procps 4.0.4, dbus 1.16 and systemd 257, and of older versions.
 * tests/launcher/reach_wrappers.bats compares them with the programs that are installed.
 */
#include "check/wrapper_table.h"

#include <stddef.h>
#include <string.h>

/* A digit is the old form of nice's number, nice -10. */
static const struct wrapper wrappers[] = {
	{ .name = "chroot",
	  .kind = WRAPPER_CHROOT,
	  .options = "",
	  .long_options = "groups= userspec= skip-chdir help/. version/.",
	  .operands = 1,
	  .none = "." },
	{ .name = "env",
	  .kind = WRAPPER_ENV,
	  .options = "a:C:iS:u:v0",
	  .long_options =
		  "argv0=/a chdir=/C ignore-environment/i null/0 split-string=/S unset=/u debug/v "
		  "default-signal? ignore-signal? block-signal? list-signal-handling help/. "
		  "version/.",
	  .none = "0.",
	  .blurred = "C",
	  .cleared = "i",
	  .assigns = "u" },
	{ .name = "nice",
	  .options = "n:0123456789",
	  .long_options = "adjustment=/n help/. version/.",
	  .none = "." },
	{ .name = "nohup", .options = "", .long_options = "help/. version/.", .none = "." },
	{ .name = "stdbuf",
	  .options = "i:o:e:",
	  .long_options = "input=/i output=/o error=/e help/. version/.",
	  .none = "." },
	{ .name = "timeout",
	  .options = "fk:ps:v",
	  .long_options = "foreground/f kill-after=/k preserve-status/p signal=/s verbose/v help/. "
			  "version/.",
	  .operands = 1,
	  .none = "." },

	{ .name = "choom",
	  .options = "hn:p:V",
	  .long_options = "adjust=/n pid=/p help/h version/V",
	  .none = "hpV" },
	{ .name = "chrt",
	  .kind = WRAPPER_CHRT,
	  .options = "abdD:fhimoP:pRrT:vV",
	  .long_options =
		  "all-tasks/a batch/b deadline/d fifo/f idle/i max/m other/o pid/p "
		  "reset-on-fork/R rr/r "
		  "sched-deadline=/D sched-period=/P sched-runtime=/T verbose/v help/h version/V",
	  .none = "hmpV" },
	{ .name = "flock",
	  .kind = WRAPPER_FLOCK,
	  .options = "E:eFhnosuVw:x",
	  .long_options = "close/o conflict-exit-code=/E exclusive/x no-fork/F nb/n nonblock/n "
			  "shared/s timeout=/w "
			  "unlock/u verbose wait=/w help/h version/V",
	  .operands = 1,
	  .none = "hV" },
	{ .name = "ionice",
	  .options = "c:hn:P:p:tu:V",
	  .long_options = "class=/c classdata=/n ignore/t pgid=/P pid=/p uid=/u help/h version/V",
	  .none = "hPpuV" },
	{ .name = "nsenter",
	  .options = "aC::cehFG:i::m::N:n::p::r::S:T::t:U::u::VW:w::Z",
	  .long_options = "all/a cgroup?/C env/e follow-context/Z ipc?/i join-cgroup/c mount?/m "
			  "net?/n net-socket=/N "
			  "no-fork/F pid?/p preserve-credentials root?/r setgid=/G setuid=/S "
			  "target=/t time?/T "
			  "user?/U user-parent uts?/u wd?/w wdns=/W help/h version/V",
	  .none = "hV",
	  .blurred = "amrWwZ",
	  .cleared = "e" },
	{ .name = "prlimit",
	  .options = "c::d::e::f::hi::l::m::n::o:p:q::r::s::t::u::Vv::x::y::",
	  .long_options = "as?/v core?/c cpu?/t data?/d fsize?/f locks?/x memlock?/l msgqueue?/q "
			  "nice?/e nofile?/n "
			  "nproc?/u rss?/m rtprio?/r rttime?/y sigpending?/i stack?/s output=/o "
			  "pid=/p noheadings "
			  "raw verbose help/h version/V",
	  .none = "hpV" },
	{ .name = "setarch",
	  .kind = WRAPPER_ARCH,
	  .options = "3BFhILRSTVvXZ",
	  .long_options =
		  "3gb/3 4gb 32bit/B fdpic-funcptrs/F short-inode/I addr-compat-layout/L "
		  "addr-no-randomize/R whole-seconds/S sticky-timeouts/T read-implies-exec/X "
		  "mmap-page-zero/Z uname-2.6 verbose/v list/. help/h version/V",
	  .none = ".hV" },
	{ .name = "setpriv",
	  .options = "dhV",
	  .long_options =
		  "ambient-caps= apparmor-profile=/@ bounding-set= clear-groups dump/d egid= euid= "
		  "groups= "
		  "inh-caps= init-groups keep-groups list-caps/. nnp no-new-privs pdeathsig= "
		  "regid= "
		  "reset-env/! reuid= rgid= ruid= securebits= selinux-label=/@ help/h version/V",
	  .none = ".dhV",
	  .blurred = "@",
	  .cleared = "!" },
	{ .name = "setsid",
	  .options = "cfhVw",
	  .long_options = "ctty/c fork/f wait/w help/h version/V",
	  .none = "hV" },
	{ .name = "taskset",
	  .options = "achpV",
	  .long_options = "all-tasks/a cpu-list/c pid/p help/h version/V",
	  .operands = 1,
	  .none = "hpV" },
	{ .name = "uclampset",
	  .options = "ahM:m:p:RsvV",
	  .long_options = "all-tasks/a pid=/p reset-on-fork/R system/s verbose/v help/h version/V",
	  .none = "hpsV" },
	{ .name = "unshare",
	  .options = "CcfG:himnpR:rS:TUuVw:",
	  .long_options =
		  "boottime= cgroup?/C fork/f ipc?/i keep-caps kill-child? map-auto "
		  "map-current-user/c "
		  "map-group= map-groups= map-root-user/r map-user= map-users= monotonic= mount?/m "
		  "mount-proc? net?/n pid?/p propagation= root=/R setgid=/G setgroups= setuid=/S "
		  "time?/T "
		  "user?/U uts?/u wd=/w help/h version/V",
	  .none = "hV",
	  .blurred = "Rw" },

	{ .name = "dbus-run-session",
	  .options = "",
	  .long_options = "config-file= dbus-daemon= help/. version/.",
	  .none = "." },
	{ .name = "ltrace",
	  .options = "A:a:bCcD:e:F:fhiLl:n:o:p:rSs:Ttu:Vx:X:",
	  .long_options = "align=/a config=/F debug=/D demangle/C indent=/n library=/l "
			  "no-signals/b output=/o help/h "
			  "version/V",
	  .none = "hV" },
	{ .name = "numactl",
	  .options = "abC:c:dHI:i:L:lM:m:N:o:p:P:S:f:stTuVw:",
	  .long_options = "all/a balancing/b cpubind=/c cpunodebind=/N dump/d file=/f hardware/H "
			  "huge/u interleave=/i "
			  "length=/L localalloc/l membind=/m offset=/o physcpubind=/C preferred=/p "
			  "preferred-many=/P "
			  "shm=/S shmid=/I shmmode=/M show/s strict/t touch/T verify/V version/. "
			  "weighted-interleave=/w",
	  .none = ".dfHSs" },
	{ .name = "strace",
	  .options = "Aa:b:CcDdE:e:FfhI:iknO:o:P:p:qrS:s:TtU:u:VvwX:xYyZz",
	  .long_options =
		  "absolute-timestamps?/t attach=/p columns=/a daemonize?/D detach-on=/b env=/E "
		  "failed-only/Z follow-forks/f instruction-pointer/i interruptible=/I "
		  "kill-on-exit "
		  "no-abbrev/v output=/o output-append-mode/A output-separately quiet?/q "
		  "relative-timestamps?/r seccomp-bpf stack-traces/k string-limit=/s "
		  "successful-only/z "
		  "summary/C summary-columns=/U summary-only/c summary-sort-by=/S "
		  "summary-syscall-overhead=/O summary-wall-clock/w syscall-number/n "
		  "syscall-times?/T trace= "
		  "trace-path=/P user=/u help/h version/V",
	  .none = "hV",
	  .assigns = "E" },
	{ .name = "systemd-cat",
	  .options = "hp:t:",
	  .long_options = "identifier=/t level-prefix= namespace= priority=/p stderr-priority= "
			  "help/h version/.",
	  .none = ".h" },
	{ .name = "systemd-inhibit",
	  .options = "h",
	  .long_options = "list/. mode= no-ask-password no-legend no-pager what= who= why= help/h "
			  "version/.",
	  .none = ".h" },
	{ .name = "time",
	  .options = "af:ho:pqvV",
	  .long_options =
		  "append/a format=/f output=/o portability/p quiet/q verbose/v help/h version/V",
	  .none = "hV" },
	{ .name = "watch",
	  .kind = WRAPPER_WATCH,
	  .options = "bCcd::eghn:pq:rtvwx",
	  .long_options =
		  "beep/b chgexit/g color/c differences?/d equexit=/q errexit/e exec/x interval=/n "
		  "no-color/C no-rerun/r no-title/t no-wrap/w precise/p help/h version/v",
	  .none = "hv" },
	{ .name = "xargs",
	  .options = "0a:d:E:e::hI:i::L:l::n:oP:prs:tx",
	  .long_options =
		  "arg-file=/a delimiter=/d eof?/e exit/x interactive/p max-args=/n max-chars=/s "
		  "max-lines?/l max-procs=/P no-run-if-empty/r null/0 open-tty/o process-slot-var= "
		  "replace?/i show-limits verbose/t help/. version/.",
	  .none = "." },
};

/* setarch under other names, which are those of an architecture. */
static const char *const architectures[] = { "i386", "linux32", "linux64", "x86_64" };

static const struct wrapper *find(const char *name)
{
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (!strcmp(name, wrappers[i].name))
			return &wrappers[i];
	return NULL;
}

const struct wrapper *wrapper_find(const char *name)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++)
		if (!strcmp(name, architectures[i]))
			return find("setarch");
	return find(name);
}
