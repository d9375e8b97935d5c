#!/usr/bin/env python3
"""Check the system calls of a traced program.

  trace.py CHECK [OPTION...] TRACE...

TRACE is the output of "strace -s 300 -e raw=DATA_CALLS" (lib.bash: traced) of a program that puts
each call between two marks, as callone.c does. What stands between two marks is a section: the
system calls that one call of the program became. Each CHECK below is a function with its own
description; it prints what is wrong and exits with status 1, or 99 if the trace does not suit it.
"""
import argparse
import os
import re
import sys


def transfers():
    """The calls of common/transfers.h by name, each with what it takes: {"WRITE", "OFFSET", ...}."""
    header = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common/transfers.h")
    with open(header, encoding="utf-8") as file:
        table = file.read().partition("#define DIOSHIM_TRANSFERS(X)")[2]
    rows = re.findall(r"^\tX\((\w+), ([^)]*)\)", table, re.MULTILINE)
    if not rows:
        sys.exit(f"trace.py: no calls found in {header}")
    return {name: set(re.findall(r"TRANSFER_(\w+)", takes)) for name, takes in rows}


DATA = transfers()
READS = {name for name, takes in DATA.items() if "WRITE" not in takes}
WRITES = {name for name, takes in DATA.items() if "WRITE" in takes}
# Where a call of callone.c has another name than its system call.
SYSCALL_OF = {"pread": "pread64", "pwrite": "pwrite64", "getfl": "fcntl"}

# Each of these calls can give the process a new descriptor.
MAKES_DESCRIPTORS = {
    "open", "openat", "openat2", "creat", "socket", "socketpair", "accept", "accept4", "pipe",
    "pipe2", "dup", "dup2", "dup3", "memfd_create", "eventfd", "eventfd2", "epoll_create",
    "epoll_create1", "timerfd_create", "signalfd", "signalfd4", "inotify_init", "inotify_init1",
    "pidfd_open", "pidfd_getfd", "userfaultfd", "io_uring_register", "open_by_handle_at",
}

CALL = re.compile(r"^(\w+)\((.*)\)\s+= (\S+)(.*)$")
MARK = re.compile(r'^access\("mark:(begin|end)/([^/]*)/([^/]*)/([^/"]*)"')


class Unfit(Exception):
    """The trace lacks what the check needs."""


class Call:
    """One system call; `pos`, `direct` and `append` are the state of its file at that moment."""

    def __init__(self, line):
        match = CALL.match(line)
        if not match:
            raise Unfit(f"cannot parse: {line}")
        self.text = line
        self.name, args, result, self.rest = match.groups()
        self.args = args.split(", ")
        self.result = int(result, 0) if result != "?" else None
        self.pos = None
        self.direct = False
        self.append = False

    def arg(self, number):
        return int(self.args[number], 0)

    @property
    def span(self):
        return self.pos, self.pos + max(self.result, 0)


class Section:
    """The system calls of one call; `asked` is the call as it was given to callone."""

    def __init__(self, asked, area, iov):
        words = asked.split(",")
        self.asked = asked
        self.kind = SYSCALL_OF.get(words[0], words[0])
        self.numbers = [int(word) for word in words[1:]]
        self.area = int(area, 0)
        self.iov = int(iov, 0)
        self.calls = []

    def vectored(self):
        return "VECTOR" in DATA.get(self.kind, ())

    def refused(self):
        """Whether the first system call was the program's own, and the kernel refused it."""
        return self.calls[0].name == self.kind and self.calls[0].rest.startswith(" EINVAL")

    def data_calls(self):
        """The system calls that move data, without the refused one."""
        calls = self.calls[1:] if self.refused() else self.calls
        return [call for call in calls if call.name in DATA]

    def addresses(self):
        """The address that this call was given: of its buffer or its iovec array."""
        return {self.iov} if self.vectored() else {self.area + self.numbers[0]}

    def normalised(self):
        """The calls as text, without what differs from one process to the next."""
        text = "\n".join(re.sub(r"\s+= ", " = ", call.text) for call in self.calls)
        text = re.sub(r"\b0x[0-9a-f]{6,}\b", lambda m: self.symbolic(int(m[0], 0)), text)
        return f"[{self.asked}]\n{text}"

    def symbolic(self, address):
        if address == self.iov:
            return "IOV"
        if self.area <= address < self.area + (4 << 20):
            return f"AREA+{address - self.area:#x}"
        return f"{address:#x}"


class File:
    """The state of one descriptor, as far as single-threaded programs without SEEK_END need it."""

    def __init__(self, flags):
        self.pos = 0
        self.set_flags(flags)

    def set_flags(self, flags):
        self.direct = "O_DIRECT" in flags
        self.append = "O_APPEND" in flags

    def see(self, call):
        call.direct, call.append = self.direct, self.append
        if "OFFSET" in DATA.get(call.name, ()):
            call.pos = call.arg(3)
        elif call.name in DATA:
            call.pos = self.pos
            self.pos += max(call.result, 0)
        elif call.name == "lseek" and call.result >= 0:
            self.pos = call.result
        elif call.name == "fcntl" and call.args[1] == "F_SETFL" and call.result == 0:
            self.set_flags(call.args[2])


def parse(path):
    """The sections of a trace, with the state of its file for each call."""
    sections, files, current = [], {}, None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in map(str.rstrip, lines):
            if line.startswith(("---", "+++")):
                if current and line.startswith("---"):
                    raise Unfit(f"a signal inside a call: {line}")
                continue
            mark = MARK.match(line)
            if mark:
                if mark[1] == "begin":
                    current = Section(*mark.groups()[1:])
                    sections.append(current)
                else:
                    current = None
                continue
            if line.startswith(("exit", "execve")):
                continue
            call = Call(line)
            if call.name == "openat" and call.result >= 0:
                files[call.result] = File(call.args[2])
            elif call.args[0].lstrip("-").isalnum() and call.args[0][0].isdigit():
                number = int(call.args[0], 0)
                if number in files:
                    files[number].see(call)
            if current:
                current.calls.append(call)
    if current:
        raise Unfit("a begin mark without its end")
    if not sections:
        raise Unfit("no marks")
    return sections


class Wrong(Exception):
    """The check failed."""


def wrong(section, message):
    listing = "\n".join(f"    {call.text}" for call in section.calls)
    raise Wrong(f"{section.asked}: {message}\n{listing}")


def judged(sections, options):
    chosen = sections[options.skip:]
    if not chosen:
        raise Unfit("no section left to check")
    return chosen


def check_same(options):
    """Two traces have the same system calls between all marks, arguments and results included."""
    one, two = (judged(parse(path), options) for path in options.traces)
    one, two = ([section.normalised() for section in part] for part in (one, two))
    for a, b in zip(one, two):
        if a != b:
            raise Wrong(f"without the shim:\n{a}\nwith it:\n{b}")
    if len(one) != len(two):
        raise Unfit("different numbers of sections")


def check_single(options):
    """Each call is one system call of that kind, on the caller's own memory."""
    for section in judged(parse(options.traces[0]), options):
        if len(section.calls) != 1:
            wrong(section, "not one system call")
        call = section.calls[0]
        if call.name != section.kind:
            wrong(section, "another kind of call")
        if section.numbers and call.arg(1) not in section.addresses():
            wrong(section, "not the caller's own address")


def check_moved(options):
    """Each call moves all its data with one direct call of that kind, on other, aligned memory.

    A vectored call may become its scalar twin, since its data is contiguous in the bounce buffer. It may
    be refused first, because the kernel has to check the array before the shim reads it. A scalar call
    may not.
    """
    for section in judged(parse(options.traces[0]), options):
        if section.refused() and not section.vectored():
            wrong(section, "refused first")
        data = section.data_calls()
        if len(data) != 1:
            wrong(section, "not one data call")
        call = data[0]
        scalar = SYSCALL_OF.get(section.kind.rstrip("2")[:-1], section.kind.rstrip("2")[:-1])
        if call.name not in (section.kind, scalar):
            wrong(section, "another kind of call")
        if call.result != section.numbers[1]:
            wrong(section, "not all of the data")
        if not call.direct:
            wrong(section, "not direct")
        if call.arg(1) in section.addresses():
            wrong(section, "still the caller's own address")
        if call.name == scalar and call.arg(1) % options.sector:
            wrong(section, "the address is not aligned")


def check_no_descriptors(options):
    """No call on the I/O path makes a descriptor, closes one, or goes to /proc."""
    for section in judged(parse(options.traces[0]), options):
        for call in section.calls:
            if call.name in MAKES_DESCRIPTORS or call.name in ("close", "close_range"):
                wrong(section, f"{call.name} on the I/O path")
            if call.name == "fcntl" and call.args[1].startswith("F_DUPFD"):
                wrong(section, "F_DUPFD on the I/O path")
            if "/proc/" in call.text:
                wrong(section, "/proc on the I/O path")


def check_never_cleared(options):
    """O_DIRECT stays on throughout: nothing is set, and every data call is a direct one."""
    for section in judged(parse(options.traces[0]), options):
        if any(call.name == "fcntl" and call.args[1] == "F_SETFL" for call in section.calls):
            wrong(section, "F_SETFL")
        if not section.data_calls():
            wrong(section, "no data call at all")
        if not all(call.direct for call in section.data_calls()):
            wrong(section, "a call without O_DIRECT")


def merged(spans):
    """The spans, with adjacent ones joined."""
    out = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def holds_whole_block(span, block):
    start, end = span
    return end // block > -(-start // block)


def waits_for(call, span):
    """Whether a sync_file_range writes `span` out and waits for the write."""
    if call.name != "sync_file_range" or call.result != 0:
        return False
    start, length, flags = call.arg(1), call.arg(2), call.args[3]
    return (start <= span[0] and (length == 0 or start + length >= span[1])
            and "SYNC_FILE_RANGE_WRITE" in flags.split("|")
            and "SYNC_FILE_RANGE_WAIT_AFTER" in flags)


def is_record(section, call):
    """Whether this is a whole write at the description's offset, up to 512 KiB, as one call of its kind."""
    return (call.name == section.kind and call.name in ("write", "writev")
            and call.result == section.numbers[1] <= 512 << 10)


def judge_waited(section, buffered):
    for call in buffered:
        after = section.calls[section.calls.index(call) + 1:]
        if call.append:
            done = any(c.name == "sync_file_range" and "WAIT_AFTER" in c.text for c in after)
        else:
            done = any(waits_for(c, call.span) for c in after)
        if not done:
            wrong(section, "a write without O_DIRECT was not waited for")


def check_waited(options):
    """Each write without O_DIRECT is waited for."""
    for section in judged(parse(options.traces[0]), options):
        buffered = [call for call in section.data_calls()
                    if call.name in WRITES and call.result > 0 and not call.direct]
        if not buffered:
            raise Unfit("no write without O_DIRECT")
        judge_waited(section, buffered)


def judge_edges(section, block, sector, records):
    writes = [call for call in section.data_calls() if call.name in WRITES and call.result > 0]
    buffered = [call for call in writes if not call.direct]
    if section.numbers[1] != sum(call.result for call in writes):
        wrong(section, "the writes do not add up to what was asked for")
    if not buffered and any(part % sector for part in section.numbers[1:3]):
        wrong(section, "a partial block was not written as one")
    steps = [call for call in buffered if not (records and is_record(section, call))]
    for span in merged(call.span for call in steps if not call.append):
        if holds_whole_block(span, block):
            wrong(section, f"a whole block in {span} without O_DIRECT")
    judge_waited(section, buffered)
    return len(buffered)


def judge_restored(section):
    settings = [c for c in section.calls if c.name == "fcntl" and c.args[1] == "F_SETFL"]
    if settings and "O_DIRECT" not in settings[-1].args[2]:
        wrong(section, "O_DIRECT was not set again")
    others = {re.sub(r"\|?O_DIRECT", "", c.args[2]) for c in settings}
    if len(others) > 1:
        wrong(section, "F_SETFL changed other flags")


def check_edges(options):
    """Misaligned writes: only partial blocks go without O_DIRECT, are waited for, and it is set again."""
    count = 0
    for section in judged(parse(options.traces[0]), options):
        count += judge_edges(section, options.block, options.sector, options.records)
        judge_restored(section)
    if not count:
        raise Unfit("no write without O_DIRECT")


def places(section):
    """Where the writes of a section begin, in their order."""
    return [call.pos for call in section.data_calls() if call.name in WRITES and call.result > 0]


def check_ascending(options):
    """Each write is made in several steps, from the front to the back."""
    for section in judged(parse(options.traces[0]), options):
        if len(places(section)) < 2:
            wrong(section, "not several steps")
        if places(section) != sorted(places(section)):
            wrong(section, "not in ascending order")


def check_tail_first(options):
    """The edge at the end of each write comes before the whole blocks, after the edge at the start."""
    for section in judged(parse(options.traces[0]), options):
        start, end = section.numbers[2], section.numbers[2] + section.numbers[1]
        edges = [start] if start % options.sector else []
        edges.append(end - end % options.block)
        if places(section)[:len(edges)] != edges or len(places(section)) <= len(edges):
            wrong(section, f"does not begin with {edges}, and go on with whole blocks")


def check_one_write_one_wait(options):
    """Each write without a whole block is one write and one wait for the device."""
    for section in judged(parse(options.traces[0]), options):
        if [c.result for c in section.data_calls() if c.result > 0] != [section.numbers[1]]:
            wrong(section, "not one write of everything")
        if sum(c.name == "sync_file_range" for c in section.calls) != 1:
            wrong(section, "not one wait")


def check_one_append(options):
    """Each write is one piece: a single data call for all of it."""
    for section in judged(parse(options.traces[0]), options):
        writes = section.data_calls()
        if len(writes) != 1 or writes[0].result != section.numbers[1]:
            wrong(section, "not one write of everything")


def check_sectors(options):
    """Misaligned calls on a block device move whole sectors directly, without F_SETFL."""
    check_never_cleared(options)
    for section in judged(parse(options.traces[0]), options):
        for call in section.data_calls():
            if call.pos % options.sector or (call.result > 0 and call.result % options.sector):
                wrong(section, "not a whole sector")
        read = [c.span for c in section.data_calls() if c.name in READS]
        start, end = section.numbers[2], section.numbers[2] + section.numbers[1]
        for part in (start, end):
            sector = part - part % options.sector
            if section.kind in WRITES and part % options.sector and not any(
                    a <= sector and sector + options.sector <= b for a, b in read):
                wrong(section, f"the sector at {sector} was not read before it was written")


def main():
    checks = {name[6:].replace("_", "-"): function for name, function in globals().items()
              if name.startswith("check_")}
    parser = argparse.ArgumentParser()
    parser.add_argument("check", choices=checks)
    parser.add_argument("traces", nargs="+")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first sections")
    parser.add_argument("--block", type=int, default=4096, help="block of the page cache")
    parser.add_argument("--sector", type=int, default=512, help="alignment of direct I/O")
    parser.add_argument("--records", action="store_true",
                        help="writes at the description's offset make the file longer")
    options = parser.parse_args()
    try:
        checks[options.check](options)
    except Wrong as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except (Unfit, ValueError, IndexError) as error:
        print(f"trace.py: {options.traces}: {error}", file=sys.stderr)
        sys.exit(99)


main()
