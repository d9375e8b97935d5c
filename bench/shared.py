#!/usr/bin/env python3
"""Count the memory that threads share and write to in every call, by a trace of every store.

    shared.py IOBENCH LIBDIOSHIM.SO DIRECTORY >TABLE

valgrind's lackey prints each memory access of two threads that make the same calls. This counts the
cache lines, outside their stacks, that both wrote to in every second call or more often. A thread is
identified by the stack that it writes to. The table is in Markdown.
"""

import collections
import os
import shutil
import subprocess
import sys
import tempfile

THREADS = 2
CALLS = 200
LINE = 64
FILE_SIZE = 1 << 20

OWN = ("--own-files",)
ADDRESS, BOTH = ("--address-off", "13"), ("--shorten", "1", "--offset-off", "1237")
# The name, the options of every run, and the options that work only with the shim.
ROWS = (
    ("write, 1 byte to /dev/null", ("--op", "null"), ()),
    ("pread, 4 KiB from the page cache", ("--op", "cached", *OWN), ()),
    ("open and close", ("--op", "open"), ()),
    ("pread, 4 KiB direct, aligned", ("--op", "read", *OWN), ()),
    ("pwrite, 4 KiB direct, aligned", ("--op", "overwrite", *OWN), ()),
    ("pread, 4 KiB direct, misaligned address, one file", ("--op", "read"), ADDRESS),
    ("pread, 4 KiB direct, misaligned address", ("--op", "read", *OWN), ADDRESS),
    ("pwrite, 4 KiB direct, misaligned address", ("--op", "overwrite", *OWN), ADDRESS),
    ("pread, 4 KiB direct, misaligned length and offset", ("--op", "read", *OWN), BOTH),
    ("pwrite, 4 KiB direct, misaligned length and offset", ("--op", "overwrite", *OWN), BOTH),
)


class Stores:
    """How often each thread wrote to each cache line. The first stack is the main thread's."""

    def __init__(self, stacks):
        self.stacks = stacks
        self.thread = None
        self.lines = collections.defaultdict(lambda: [0] * len(stacks))

    def _owner(self, address):
        for thread, (start, end) in enumerate(self.stacks):
            if start <= address < end:
                return thread
        return None

    def take(self, text):
        if text[:2] not in (" L", " S", " M"):
            return
        address = int(text[3:].partition(",")[0], 16)
        owner = self._owner(address)
        if owner is not None:
            # All threads read the command line, which is on the main thread's stack.
            if owner or text[1] != "L":
                self.thread = owner
        elif self.thread is not None and text[1] != "L":
            self.lines[address // LINE][self.thread] += 1

    def shared(self):
        return sum(min(counts[1:]) >= CALLS / 2 for counts in self.lines.values())


def read_stacks(text):
    words = (line.split() for line in text.splitlines() if line.startswith("stack "))
    return [(int(start, 16), int(end, 16)) for _, start, end in words]


def count(program, options, preload, directory):
    """The number of cache lines that both threads keep writing to."""
    environment = {key: text for key, text in os.environ.items() if key != "LD_PRELOAD"}
    if preload:
        environment["LD_PRELOAD"] = preload
    trace = os.path.join(directory, "trace")
    command = ["valgrind", "--tool=lackey", "--basic-counts=no", "--trace-mem=yes",
               f"--log-file={trace}", program, "--untimed", "--threads", str(THREADS), "--count",
               str(CALLS), "--stacks", "--file", os.path.join(directory, "file"), "--file-size",
               str(FILE_SIZE), *options]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    stacks = read_stacks(run.stderr)
    if run.returncode or len(stacks) != 1 + THREADS or "error" in run.stdout:
        sys.exit(f"cannot trace {' '.join(command)}:\n{run.stdout}{run.stderr[-2000:]}")
    stores = Stores(stacks)
    with open(trace, encoding="ascii", errors="replace") as lines:
        for text in lines:
            stores.take(text)
    os.unlink(trace)
    return stores.shared()


def make_files(program, options, directory):
    """Make the files before valgrind runs, so that it is faster and filling them is not in the trace."""
    subprocess.run([program, *options, "--threads", str(THREADS), "--count", "1", "--file",
                    os.path.join(directory, "file"), "--file-size", str(FILE_SIZE)],
                   stdout=subprocess.DEVNULL, check=True)


def table(program, library, directory):
    print("| call | without | with the shim | without, and one shared counter |")
    print("| --- | ---: | ---: | ---: |")
    for what, options, odd in ROWS:
        make_files(program, options, directory)
        counts = [count(program, options, None, directory),
                  count(program, (*options, *odd), library, directory),
                  count(program, (*options, "--meet"), None, directory)]
        print(f"| {what} | {' | '.join(map(str, counts))} |", flush=True)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    if not shutil.which("valgrind"):
        sys.exit(f"{sys.argv[0]}: valgrind is not installed (Debian: valgrind)")
    os.makedirs(sys.argv[3], exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sys.argv[3]) as directory:
        table(sys.argv[1], os.path.abspath(sys.argv[2]), directory)


if __name__ == "__main__":
    main()
