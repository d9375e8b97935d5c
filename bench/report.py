"""The output: progress and tables on the terminal, raw.csv and results.json."""

import csv
import json
import os
import statistics
import sys
import time

SAMPLE = ("repeat", "number", "ops", "bytes", "elapsed_ns", "ns_per_op", "p50_ns", "p99_ns",
          "thread_ops")
KEYS = ("section", "op", "pattern", "size", "threads", "files", "side")


class Progress:
    """Progress and remaining time: one line that is overwritten, if there is a terminal."""

    def __init__(self, total_seconds, silent_results):
        self.total = total_seconds
        # Without a terminal, and if results come only at the end, each label is printed on a line.
        self.as_lines = silent_results and not sys.stderr.isatty()
        self.done = 0
        self.started = time.monotonic()

    def show(self, label):
        left = max(0, self._estimate() - (time.monotonic() - self.started))
        share = min(100, 100 * self.done / self.total)
        text = f"[{share:3.0f} %, {int(left) // 60}:{int(left) % 60:02d} left] {label}"
        if sys.stderr.isatty():
            print(f"\r{text[:78]:78}", end="", file=sys.stderr, flush=True)
        elif self.as_lines:
            print(text, file=sys.stderr, flush=True)

    def _estimate(self):
        """The planned time at first; later an estimate from the time taken so far."""
        elapsed = time.monotonic() - self.started
        return elapsed * self.total / self.done if self.done > self.total / 20 else self.total

    def advance(self, seconds):
        self.done += seconds

    @staticmethod
    def clear():
        if sys.stderr.isatty():
            print(f"\r{'':78}\r", end="", file=sys.stderr, flush=True)


def microseconds(ns):
    return f"{ns / 1e3:.2f}" if ns < 1e4 else f"{ns / 1e3:.0f}"


def side_text(comparison, result):
    if result.refused:
        return f"{result.side}: {result.refused}"
    if result.value is None:
        return f"{result.side} {microseconds(result.median_ns())} us"
    if comparison.metric == "added":
        return f"{result.side} {result.value / 1e6:+.3f} ms"
    text = f"{result.side} {result.value:.3f} [{result.low:.3f} {result.high:.3f}]"
    return text + (f" fairness {result.fairness():.2f}" if comparison.section == "bounce" else "")


def baseline_text(result):
    if result.refused:
        return f"{result.side}: {result.refused}"
    text = f"{result.side} {microseconds(result.median_ns())} us"
    rate = result.megabytes_per_second()
    return f"{text} {rate:.0f} MB/s" if rate >= 1 else text


def print_comparison(comparison, results):
    Progress.clear()
    parts = [baseline_text(results[0])]
    parts += [side_text(comparison, result) for result in results[1:]]
    print(f"{comparison.section}: {comparison.label()}: " + ", ".join(parts), flush=True)


def _value(row):
    if row.value is None:
        return "-"
    return {"x": "{:.3f}", "ms": "{:.3f} ms", "KiB": "{:.0f} KiB"}[row.unit].format(row.value)


def _bounds(row):
    return f"{row.low:.3f} to {row.high:.3f}" if row.low is not None else ""


def _target(row):
    return {"x": ">= {:.2f}", "ms": "<= {:.1f} ms", "KiB": "<= {:.0f} KiB"}[row.unit].format(row.target)


def contract_cells(row):
    doubt = ", target within the interval" if row.in_doubt() else ""
    return (row.what, row.case, _value(row), _bounds(row), _target(row),
            row.met() + doubt + (f": {row.note}" if row.note else ""))


CONTRACT_HEAD = ("what", "case", "measured", "95 % interval", "target", "")


def print_contract(rows):
    cells = [CONTRACT_HEAD, *map(contract_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(CONTRACT_HEAD))]
    print()
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
    met = sum(row.met() == "met" for row in rows)
    print(f"\n{met} of {len(rows)} met")


def _summary(comparison, result):
    line = {"section": comparison.section, **comparison.what, "side": result.side,
            "metric": comparison.metric, "refused": result.refused, "batches": len(result.samples)}
    if result.samples:
        line["median_ns"] = result.median_ns()
        line["quartiles_ns"] = result.quartiles_ns()
        line["mb_per_s"] = result.megabytes_per_second()
        line["fairness"], line["p99_ns"] = result.fairness(), result.p99_ns()
        line["memory_kib"] = statistics.median(result.memory)
    if result.value is not None:
        line.update(value=result.value, low=result.low, high=result.high)
    return line


class Files:
    """The result files in a directory of the build tree; they are complete after every comparison."""

    def __init__(self, directory, environment):
        os.makedirs(directory, exist_ok=True)
        self.path = os.path.join(directory, "results.json")
        self.content = {"environment": environment, "comparisons": [], "contract": [],
                        "fio": [], "aio": []}
        self.raw = open(os.path.join(directory, "raw.csv"), "w", newline="", encoding="utf-8")
        self.csv = csv.DictWriter(self.raw, KEYS + SAMPLE, extrasaction="ignore", restval="")
        self.csv.writeheader()

    def add(self, comparison, results):
        for result in results:
            self.content["comparisons"].append(_summary(comparison, result))
            keys = {"section": comparison.section, **comparison.what, "side": result.side}
            self.csv.writerows({**keys, **sample} for sample in result.samples)
        self._save()

    def add_contract(self, rows):
        self.content["contract"] = [dict(zip(CONTRACT_HEAD[:5] + ("result",), contract_cells(row)))
                                    for row in rows]
        self._save()

    def add_fio(self, rows, deep):
        self.content["fio"] = rows
        self.content["aio"] = deep
        self._save()

    def _save(self):
        self.raw.flush()
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.content, file, indent=1)
        os.replace(self.path + ".new", self.path)
