#!/usr/bin/env python3
"""Write the results of `make bench` into doc/performance.md, each between its two marks:

    <!-- table: NAME -->
    <!-- end -->

NAME is a section of results.json, or a table NAME.md that another program has made. A mark
`figure: NAME.svg` is filled with the figure if charts.py has drawn it.
"""

import argparse
import json
import os
import re
import sys

import machine
import report

MARKS = re.compile(r"(<!-- (table|figure): ([a-z.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    lines.insert(1, "| " + " | ".join("---" for _ in head) + " |")
    return "\n".join(lines) + "\n"


def machine_table(results):
    return "".join(f"- {line}\n" for line in machine.lines(results["environment"]))


def contract_table(results):
    return table(report.CONTRACT_HEAD, [row.values() for row in results["contract"]])


def value(line):
    if line["refused"]:
        return line["refused"]
    if "value" not in line:
        return "-"
    if line["metric"] == "added":
        return f"{line['value'] / 1e6:+.2f} ms"
    return f"{line['value']:.2f}"


def baseline(line):
    if "median_ns" not in line:
        return line["refused"]
    text = report.microseconds(line["median_ns"]) + " us"
    return text + (f", {line['mb_per_s']:.0f} MB/s" if line["mb_per_s"] >= 10 else "")


def section_table(name):
    """One row for each comparison, one column for each side."""
    def fill(results):
        grouped, sides = {}, []
        for line in results["comparisons"]:
            if line["section"] == name:
                grouped.setdefault(label(line), {})[line["side"]] = line
                sides += [line["side"]] if line["side"] not in sides else []
        rows = [(what, *(cell(by_side, side, sides[0]) for side in sides))
                for what, by_side in grouped.items()]
        return table(("", *sides), rows) if rows else None
    return fill


def bounce_table(results):
    """One row for each side: speed, fairness, memory."""
    rows, base = [], {}
    for line in results["comparisons"]:
        if line["section"] != "bounce" or "value" not in line:
            continue
        if line["side"] == "aligned":
            base = line
        rows.append((f"{line['op']} {line['size']}", line["side"], f"{line['mb_per_s']:.0f} MB/s",
                     f"{line['value']:.2f}", f"{line['fairness']:.2f}",
                     report.microseconds(line["p99_ns"]),
                     f"{line['memory_kib'] - base['memory_kib']:.0f} KiB"))
    head = ("", "side", "all threads", "against aligned", "slowest / fastest thread",
            "99th percentile, us", "memory added")
    return table(head, rows) if rows else None


def label(line):
    threads = line.get("threads", 1)
    words = (line["op"], line.get("pattern"), line.get("size"), line.get("files"),
             f"{threads} threads" if threads > 1 else "")
    return ", ".join(word for word in words if word)


def cell(by_side, side, first):
    if side not in by_side:
        return ""
    return baseline(by_side[side]) if side == first else value(by_side[side])


def fio_table(results):
    def number(row, name, form):
        return form.format(row[name]) if row[name] is not None else "-"

    rows = [(row["op"], row["size"], row["side"], f"{row['fio_ns'] / 1e3:.1f}",
             f"{row['ns'] / 1e3:.1f}" if row["ns"] else "-",
             number(row, "fio_ratio", "{:.2f}"), number(row, "ratio", "{:.2f}"))
            for row in results["fio"]]
    head = ("", "size", "side", "fio, us", "ours, us", "fio, ratio", "ours, ratio")
    return table(head, rows) if rows else None


def aio_table(results):
    rows = [(row["op"], row["depth"], row["side"], f"{row['ns'] / 1e3:.1f}", f"{row['ratio']:.2f}")
            for row in results.get("aio", ())]
    return table(("", "depth", "side", "us", "ratio"), rows) if rows else None


FILL = {
    "machine": machine_table,
    "contract": contract_table,
    "fio": fio_table,
    "aio": aio_table,
    "bounce": bounce_table,
    **{name: section_table(name) for name in ("preload", "launch", "hand", "sweep", "scaling", "crowd", "records",
                                              "streams", "disable", "cold")},
}


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def figure(name, doc):
    about = name.removeprefix("performance-").removesuffix(".svg").replace("-", ", ")
    return f"![Figure: {about}]({name})\n" if os.path.exists(os.path.join(doc, name)) else None


def fill_in(text, results, counts, doc):
    def one(match):
        start, kind, name, end = match.groups()
        if kind == "figure":
            new = figure(name, doc)
        elif name in FILL:
            new = FILL[name](results)
        else:
            new = read(os.path.join(counts, name + ".md"))
        print(f"{name}: {'unchanged: not measured' if new is None else 'filled in'}")
        return match.group(0) if new is None else start + new + end

    return MARKS.sub(one, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", required=True)
    parser.add_argument("--counts", required=True, help="directory of the tables of bench-callgrind")
    parser.add_argument("--doc", required=True)
    arguments = parser.parse_args()
    results = read(os.path.join(arguments.results, "results.json"))
    if results is None:
        sys.exit("no results; run `make bench` first")
    path = os.path.join(arguments.doc, "performance.md")
    text = fill_in(read(path), json.loads(results), arguments.counts, arguments.doc)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
