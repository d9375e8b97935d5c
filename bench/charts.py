#!/usr/bin/env python3
"""Draw the figures of doc/performance.md, as SVG, with gnuplot, from the results of `make bench`."""

import argparse
import json
import os
import shutil
import subprocess
import sys

# Each side has the same colour in every figure, and its own point type for readers who cannot tell
# colours.
STYLES = {
    "passed": ("aligned, under the shim", "#000000", 7),
    "address": ("misaligned address", "#0072b2", 5),
    "length": ("misaligned length", "#e69f00", 9),
    "offset": ("misaligned offset", "#cc79a7", 11),
    "both": ("misaligned length and offset", "#d55e00", 13),
    "hand": ("the same, aligned by hand, no shim", "#882255", 12),
    "huge": ("aligned, in huge pages, no shim", "#009e73", 4),
    "buffered": ("buffered, no shim", "#999999", 2),
    "aligned": ("aligned, no shim", "#56b4e9", 6),
}
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
TITLES = {"read": "Reads", "overwrite": "Overwrites", "extend": "Writes that extend the file"}

HEAD = """
set terminal svg size {width},{height} dynamic background "#ffffff" font "sans-serif,13"
set output "{output}"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
"""

RATIO = """
set title "{title}, one thread: speed against the same program with aligned buffers, without the shim"
set key outside bottom center horizontal height 1
set logscale x 2
set xtics ({ticks})
set xrange [{first}:{last}]
set yrange [0:2.5]
set ylabel "speed relative to aligned (higher is better)"
set xlabel "size of a call" offset 0,0.3
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "#000000" dt 2
"""


def size_of(name):
    number, unit = name.split()
    return int(number) * UNITS[unit]


def style(side):
    title, colour, point = STYLES[side]
    return f'lc rgb "{colour}" pt {point} ps 0.7 lw 1.5 title "{title}"'


def block(name, rows):
    """A gnuplot data block."""
    lines = [" ".join(map(str, row)) for row in rows]
    return "\n".join([f"${name} << EOD", *lines, "EOD", ""])


def run_gnuplot(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def measured(results, **wanted):
    return [line for line in results["comparisons"]
            if "value" in line and all(line.get(k) == v for k, v in wanted.items())]


def ratio_rows(lines):
    return sorted((size_of(line["size"]), line["value"], line["low"], line["high"])
                  for line in lines)


def draw_ratios(results, op, path):
    lines = measured(results, section="sweep", op=op, pattern="sequential", threads=1)
    sizes = {size_of(line["size"]): line["size"] for line in lines}
    blocks, plots = [], []
    for side in STYLES:
        rows = ratio_rows([line for line in lines if line["side"] == side])
        # The baseline is the line at 1. Buffered I/O is not comparable; only the table has it.
        if rows and side not in ("aligned", "buffered"):
            blocks.append(block(side, rows))
            plots.append(f"${side} using 1:2:3:4 with yerrorlines {style(side)}")
    if not plots:
        return False
    ticks = ", ".join(f'"{name}" {size}' for size, name in sorted(sizes.items()))
    head = HEAD.format(width=960, height=560, output=path)
    body = RATIO.format(title=TITLES[op], ticks=ticks, first=min(sizes) / 1.3,
                        last=max(sizes) * 1.3)
    run_gnuplot(head + body + "".join(blocks) + "plot " + ", ".join(plots) + "\n")
    return True


def panel(lines, number, title):
    """Throughput by number of threads, for one size, on one file or on many."""
    blocks, plots = [], []
    for side in ("aligned", "passed", "address", "both"):
        rows = sorted((line["threads"], line["mb_per_s"]) for line in lines if line["side"] == side)
        if rows:
            name = f"p{number}_{side}"
            blocks.append(block(name, rows))
            plots.append(f"${name} using 1:2 with linespoints {style(side)}")
    if not plots:
        return ""
    return "".join(blocks) + f'set title "{title}"\nplot ' + ", ".join(plots) + "\n"


def scaling_panels(results, op):
    lines = measured(results, section="scaling", op=op)
    sizes = sorted({line["size"] for line in lines}, key=size_of)
    number = 0
    for size in sizes:
        for files in ("one file", "own files"):
            number += 1
            chosen = [line for line in lines
                      if line["size"] == size and line["files"] in (files, "")]
            where = "one descriptor for all" if files == "one file" else "one file per thread"
            yield panel(chosen, number, f"{size}, {where}")


def draw_scaling(results, op, path):
    panels = [text for text in scaling_panels(results, op) if text]
    if not panels:
        return False
    rows = (len(panels) + 1) // 2
    script = HEAD.format(width=960, height=60 + 340 * rows, output=path)
    script += "set logscale x 2\nset xtics (1, 2, 4, 8, 16, 64)\nset xrange [0.9:70]\nset yrange [0:*]\n"
    script += 'set xlabel "threads"\nset ylabel "MB/s"\nset key bottom right\n'
    script += f'set multiplot layout {rows},2 title "{TITLES[op]} at random offsets"\n'
    run_gnuplot(script + "".join(panels) + "unset multiplot\n")
    return True


def draw_all(results, doc):
    for op in TITLES:
        yield f"performance-{op}.svg", draw_ratios(
            results, op, os.path.join(doc, f"performance-{op}.svg"))
    for op in ("read", "overwrite"):
        yield f"performance-scaling-{op}.svg", draw_scaling(
            results, op, os.path.join(doc, f"performance-scaling-{op}.svg"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True)
    parser.add_argument("--doc", required=True)
    arguments = parser.parse_args()
    path = os.path.join(arguments.results, "results.json")
    if not os.path.exists(path):
        sys.exit(f"{path} not found; run `make bench` first")
    if not shutil.which("gnuplot"):
        sys.exit("gnuplot is not installed (Debian: gnuplot-nox)")
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    for name, drawn in draw_all(results, arguments.doc):
        print(f"{name}: {'drawn' if drawn else 'unchanged: not measured'}")


if __name__ == "__main__":
    main()
