#!/usr/bin/env python3
"""Linux AIO by fio, at several depths: aligned requests without and with the shim, and misaligned ones.

By itself, aio.py LIBRARY DIRECTORY [MODE] prints only this table.
"""

import os
import statistics
import sys

import fio
import stats
from plans import K, M

# For each mode: depths, and the number of passes over the sides, which is even.
EXTENT = {
    "smoke": ((32,), 2),
    "default": ((1, 8, 32), 2),
    "full": ((1, 2, 4, 8, 16, 32), 4),
}
SIZE = 4 * K
FILE_SIZE = 64 * M


def seconds(mode):
    if mode not in EXTENT:
        return 0
    depths, passes = EXTENT[mode]
    return len(depths) * 2 * len(fio.SIDES) * passes * (fio.SECONDS + 0.4)


def _measure(libraries, path, file_size, op, depth, passes):
    times = {name: [] for name in fio.SIDES}
    for number in range(passes):
        for name in (fio.SIDES if number % 2 == 0 else reversed(fio.SIDES)):
            preload, odd = fio.SIDES[name]
            command = fio.command(path, file_size, op, SIZE, odd,
                                  ("--ioengine=libaio", f"--iodepth={depth}", "--norandommap"))
            command[command.index("--rw=" + fio.RW[op])] = "--rw=rand" + fio.RW[op]
            times[name].append(fio.ns_per_op(command, preload and libraries[preload], op))
    return times


def rows(mode, libraries, directory, file_size, progress=None):
    """One row for each op, depth and side."""
    depths, passes = EXTENT[mode]
    path = os.path.join(directory, "fio.dat")
    table = []
    for op in ("read", "overwrite"):
        for depth in depths:
            if progress:
                progress.show(f"aio {op} at depth {depth}")
            times = _measure(libraries, path, file_size, op, depth, passes)
            for name in fio.SIDES:
                table.append({
                    "op": op, "depth": depth, "side": name,
                    "ns": statistics.median(times[name]),
                    "ratio": statistics.median(stats.ratios(times["aligned"], times[name])),
                })
            if progress:
                progress.advance(seconds(mode) / len(depths) / 2)
    return table


def text(row):
    return (f"aio: {row['op']} 4 KiB, depth {row['depth']}, {row['side']}: "
            f"{row['ns'] / 1e3:.1f} us, ratio {row['ratio']:.3f}")


def main(library, directory, mode="full"):
    path = os.path.join(directory, "fio.dat")
    with open(path, "wb") as file:
        for _ in range(FILE_SIZE // M):
            file.write(os.urandom(M))
        os.fsync(file.fileno())
    try:
        for row in rows(mode, {"shim": os.path.abspath(library)}, directory, FILE_SIZE):
            print(text(row), flush=True)
    finally:
        os.unlink(path)


if __name__ == "__main__":
    main(*sys.argv[1:4])
