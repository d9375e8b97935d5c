#!/usr/bin/env python3
"""Count, with strace, the system calls that one call of the program becomes under the shim.

    syscalls.py IOBENCH LIBDIOSHIM.SO DIRECTORY >TABLE

Each count is the difference between two runs of different length, so that it does not include what a
process does once. The table is in Markdown.
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

M = 1 << 20
FEW, MANY = 200, 1200
FEW_LARGE, MANY_LARGE = 100, 300
FILE_SIZE = 4 * M
ADDRESS, BOTH = ("--address-off", "13"), ("--shorten", "1", "--offset-off", "1237")
RECORDS = ("--stream", "--size", "100")
LARGE = ("--size", str(M), "--file-size", str(64 * M))
ROWS = (
    ("write, 1 byte to /dev/null", ("--op", "null")),
    ("pread, 4 KiB from the page cache", ("--op", "cached")),
    ("open and close", ("--op", "open")),
    ("pread, 4 KiB direct, aligned", ("--op", "read")),
    ("pwrite, 4 KiB direct, aligned", ("--op", "overwrite")),
    ("pread, 4 KiB direct, misaligned address", ("--op", "read", *ADDRESS)),
    ("pwrite, 4 KiB direct, misaligned address", ("--op", "overwrite", *ADDRESS)),
    ("pread, 4 KiB direct, misaligned length and offset", ("--op", "read", *BOTH)),
    ("pwrite, 4 KiB direct, misaligned length and offset", ("--op", "overwrite", *BOTH)),
    ("write, 100 bytes", ("--op", "overwrite", *RECORDS)),
    ("write, 100 bytes at the end of the file", ("--op", "extend", *RECORDS)),
    ("write, 100 bytes, O_APPEND", ("--op", "extend", "--append", *RECORDS)),
    ("write, 1000000 bytes at the end of the file",
     ("--op", "extend", "--stream", "--size", "1000000", "--file-size", str(512 * M))),
    ("pwrite, 1 MiB, misaligned address", ("--op", "overwrite", *LARGE, *ADDRESS)),
    ("pwrite, 1 MiB, misaligned length and offset", ("--op", "overwrite", *LARGE, *BOTH)),
)
COUNT = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")


def count(program, library, options, calls, directory):
    """The system calls of a whole process, by name."""
    summary = os.path.join(directory, "summary")
    # If an option is repeated, the last one counts.
    command = ["strace", "-c", "-o", summary, "-E", f"LD_PRELOAD={library}", program, "--untimed",
               "--count", str(calls), "--file", os.path.join(directory, "file"), "--file-size",
               str(FILE_SIZE), *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode or "error" in run.stdout:
        sys.exit(f"cannot trace {' '.join(command)}:\n{run.stdout}{run.stderr[-2000:]}")
    counts = collections.Counter()
    with open(summary, encoding="ascii", errors="replace") as lines:
        for match in filter(None, map(COUNT.match, lines)):
            counts[match.group(2)] += int(match.group(1))
    del counts["total"]
    return counts


def per_call(program, library, options, directory):
    few, many = (FEW_LARGE, MANY_LARGE) if set(options) & {"1000000", str(M)} else (FEW, MANY)
    count(program, library, options, 1, directory)      # makes the file, which must not be counted
    low, high = (count(program, library, options, calls, directory) for calls in (few, many))
    shares = {name: (high[name] - low[name]) / (many - few) for name in high}
    return {name: share for name, share in shares.items() if share >= 0.02}


def text(shares):
    """The names of the system calls, with a number unless it is 1."""
    words = [name if abs(share - 1) < 0.02 else f"{name} {share:.2f}".rstrip("0").rstrip(".")
             for name, share in sorted(shares.items(), key=lambda item: -item[1])]
    return ", ".join(words)


def table(program, library, directory):
    print("| call | system calls | total |")
    print("| --- | --- | ---: |")
    for what, options in ROWS:
        shares = per_call(program, library, options, directory)
        print(f"| {what} | {text(shares)} | {sum(shares.values()):.1f} |", flush=True)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    if not shutil.which("strace"):
        sys.exit(f"{sys.argv[0]}: strace is not installed (Debian: strace)")
    os.makedirs(sys.argv[3], exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sys.argv[3]) as directory:
        table(sys.argv[1], os.path.abspath(sys.argv[2]), directory)


if __name__ == "__main__":
    main()
