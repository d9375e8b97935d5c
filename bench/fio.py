"""The same measurements by fio, as a check of our own."""

import json
import os
import shutil
import statistics
import subprocess

import stats
from plans import K, M, size_name

# For each mode: sizes of a call, and the number of passes over the sides, which is even.
EXTENT = {
    "smoke": ((64 * K,), 2),
    "default": ((4 * K, M), 2),
    "full": ((4 * K, 64 * K, M, 8 * M), 4),
}
# fio's iomem_align moves its page-aligned buffer by that many bytes.
SIDES = {
    "aligned": (None, {}),
    "passed": ("shim", {}),
    "address": ("shim", {"iomem_align": 13}),
    "both": ("shim", {"shorten": 1, "offset": 1237}),
}
SECONDS = 1
RW = {"read": "read", "overwrite": "write"}


def available():
    return shutil.which("fio") is not None


def seconds(mode):
    if mode not in EXTENT:
        return 0
    sizes, passes = EXTENT[mode]
    return len(sizes) * 2 * len(SIDES) * passes * (SECONDS + 0.4)


def command(path, file_size, op, size, odd, engine=("--ioengine=psync",)):
    line = ["fio", "--name=bench", *engine, "--thread", "--direct=1",
            "--rw=" + RW[op], "--overwrite=1",
            f"--filename={path}", f"--bs={size - odd.get('shorten', 0)}",
            f"--offset={odd.get('offset', 0)}", f"--size={file_size - size}",
            "--time_based", f"--runtime={SECONDS}", "--output-format=json", "--mem=mmap"]
    if "iomem_align" in odd:
        line.append(f"--iomem_align={odd['iomem_align']}")
    return line


def ns_per_op(line, library, op):
    environment = dict(os.environ)
    environment.pop("LD_PRELOAD", None)
    if library:
        environment["LD_PRELOAD"] = library
    run = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"fio failed: {run.stdout[:300]} {run.stderr[-300:]}")
    # fio may print a warning before the JSON.
    job = json.loads(run.stdout[run.stdout.index("{"):])["jobs"][0]
    return 1e9 / job["read" if op == "read" else "write"]["iops"]


def _measure(plans, libraries, op, size, passes):
    times = {name: [] for name in SIDES}
    for number in range(passes):
        for name in (SIDES if number % 2 == 0 else reversed(SIDES)):
            preload, odd = SIDES[name]
            path = os.path.join(plans.directory, "fio.dat")
            line = command(path, plans.size, op, size, odd)
            times[name].append(ns_per_op(line, preload and libraries[preload], op))
    return times


def _ours(comparisons, op, size, side):
    """Our own result for the same I/O: the comparison of the contract, one thread, sequential."""
    for line in comparisons:
        if (line["section"], line["op"], line.get("size"), line["side"]) == (
                "contract", op, size_name(size), side):
            return line
    return {}


def rows(mode, plans, libraries, comparisons, progress):
    """One row for each op, size and side, with the time and ratio of fio and ours."""
    sizes, passes = EXTENT[mode]
    table = []
    for op in ("read", "overwrite"):
        for size in sizes:
            progress.show(f"fio {op} {size_name(size)}")
            times = _measure(plans, libraries, op, size, passes)
            for name in SIDES:
                ours = _ours(comparisons, op, size, name)
                table.append({
                    "op": op, "size": size_name(size), "side": name,
                    "fio_ns": statistics.median(times[name]), "ns": ours.get("median_ns"),
                    "fio_ratio": statistics.median(stats.ratios(times["aligned"], times[name])),
                    "ratio": ours.get("value"),
                })
            progress.advance(seconds(mode) / len(sizes) / 2)
    return table


def text(row):
    line = (f"fio: {row['op']} {row['size']} {row['side']}: {row['fio_ns'] / 1e3:.1f} us, "
            f"ratio {row['fio_ratio']:.3f}")
    if row["ratio"] is None:
        return line
    return line + f"; ours {row['ns'] / 1e3:.1f} us, ratio {row['ratio']:.3f}"
