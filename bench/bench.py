#!/usr/bin/env python3
"""Measure the shim against I/O aligned by hand. `make bench` runs this.

Modes: quick (the table of targets), default, full (every size and number of threads),
smoke (tests the harness; its numbers mean nothing).
"""

import argparse
import glob
import os
import shutil
import sys
import tempfile

import aio
import contract
import fio
import machine
import plans
import report
import special
from compare import Bench
from workers import Refused, Worker

BUSY = 0.3


def parse_size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    unit = units.get(text[-1:].upper(), 1)
    size = int(text[:-1] if unit > 1 else text) * unit
    if size < 16 << 20:
        raise argparse.ArgumentTypeError("must be at least 16M")
    return size >> 20 << 20


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="default", choices=("quick", "default", "full", "smoke"))
    parser.add_argument("--worker", required=True, help="the iobench program")
    parser.add_argument("--library", required=True, help="libdioshim.so")
    parser.add_argument("--launcher", help="the program dioshim, if it is built")
    parser.add_argument("--dir", required=True, help="directory for the test files")
    parser.add_argument("--size", default="128M", type=parse_size,
                        help="size of a test file; there are up to six at a time (default 128M)")
    parser.add_argument("--out", required=True, help="directory for raw.csv and results.json")
    return parser.parse_args()


def find(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            return path
    return None


def find_libraries(shim):
    libraries = {
        "shim": os.path.abspath(shim),
        "eatmydata": find("/usr/lib/*/libeatmydata.so.1", "/usr/lib*/libeatmydata.so"),
        "nocache": find("/usr/lib*/nocache/nocache.so", "/usr/lib*/*/nocache.so"),
    }
    for name, path in libraries.items():
        if not path:
            print(f"{name} is not installed (Debian: {name}); left out", file=sys.stderr)
    return libraries


def contract_plans(maker, libraries, transfer, probe, start):
    return (maker.probes("contract", ("shim",), probe) +
            maker.starts("contract", libraries, ("shim",), start) +
            maker.contract_transfers(transfer) + maker.by_hand(transfer))


def preload_plans(maker, libraries, seconds):
    """The cost of being preloaded at all, of this and of other libraries."""
    present = [name for name in ("shim", "eatmydata", "nocache") if libraries[name]]
    return (maker.probes("preload", present, seconds) +
            maker.starts("preload", libraries, present, seconds)[:1])


def special_plans(maker, seconds, sizes):
    more = special.Special(maker)
    return (more.crowd(seconds) + more.streams(seconds) +
            more.bounce((64 * plans.K, 256 * plans.K), 8 if seconds >= 0.5 else 0.5) +
            more.disable(sizes, seconds))


def default_plans(maker, libraries):
    return (contract_plans(maker, libraries, 1.2, 1.5, 2) +
            preload_plans(maker, libraries, 1) + maker.launches(libraries, 2) +
            maker.sweep(plans.SOME_SIZES, plans.RANDOM_SIZES, 0.4) +
            maker.scaling((4 * plans.K, plans.M), 0.3) +
            special_plans(maker, 0.5, (4 * plans.K, 64 * plans.K, plans.M)) +
            maker.cold((plans.M, 8 * plans.M), 0.8))


def full_plans(maker, libraries):
    sweeps = [plan for threads in plans.THREADS
              for plan in maker.sweep(plans.ALL_SIZES, plans.ALL_SIZES, 0.5, threads)]
    return (contract_plans(maker, libraries, 4, 4, 6) +
            preload_plans(maker, libraries, 4) + maker.launches(libraries, 6) + sweeps +
            maker.scaling((4 * plans.K, 64 * plans.K, plans.M), 1) +
            special_plans(maker, 2, (4 * plans.K, 64 * plans.K, plans.M, 8 * plans.M)) +
            maker.cold((64 * plans.K, plans.M, 8 * plans.M), 2))


def smoke_plans(maker, libraries):
    return (contract_plans(maker, libraries, 0.1, 0.1, 0.1) +
            preload_plans(maker, libraries, 0.1) + maker.launches(libraries, 0.1) +
            maker.sweep((4 * plans.K, plans.M), (64 * plans.K,), 0.1) +
            maker.scaling((64 * plans.K,), 0.1)[:6] +
            special_plans(maker, 0.1, (64 * plans.K,)) +
            maker.cold((plans.M,), 0.1))


def make_plans(mode, maker, libraries):
    if mode == "quick":
        return contract_plans(maker, libraries, 1.2, 1.5, 2)
    return {"default": default_plans, "full": full_plans, "smoke": smoke_plans}[mode](maker, libraries)


def warn(environment, bench, maker):
    if environment["load"] > BUSY * environment["cpus"]:
        print(f"warning: the machine is busy (load {environment['load']:.2f}); timings will be unreliable",
              file=sys.stderr)
    try:
        with Worker(bench.program, maker.options("read", 4096, "--shorten", "1")) as worker:
            worker.batch("count 1")
    except Refused:
        return
    print(f"warning: {environment['file_system']['type']} takes any alignment, so the shim has "
          "nothing to do here; use another BENCH_DIR", file=sys.stderr)


def empty(directory):
    for entry in os.scandir(directory):
        os.unlink(entry.path)


def planned_seconds(comparison):
    """The planned time, and an estimate for starting the workers."""
    return len(comparison.sides) * (comparison.seconds + 0.1 * comparison.repeats)


class Run:
    """One run of the harness: its environment, and its results."""

    def __init__(self, arguments, directory):
        self.mode = arguments.mode
        self.quiet = arguments.mode == "quick"
        self.libraries = find_libraries(arguments.library)
        self.bench = Bench(os.path.abspath(arguments.worker), self.libraries)
        self.maker = plans.Plans(directory, arguments.size, self.bench.program, arguments.launcher)
        here = os.path.dirname(os.path.abspath(__file__))
        self.environment = machine.describe(directory, here)
        self.files = report.Files(arguments.out, self.environment)
        self.with_fio = arguments.mode in fio.EXTENT and fio_available()
        self.progress = None
        self.rows = []
        self.failed = 0

    def run(self):
        todo = make_plans(self.mode, self.maker, self.libraries)
        seconds = sum(map(planned_seconds, todo)) + (fio.seconds(self.mode) + aio.seconds(self.mode) if self.with_fio else 0)
        self.progress = report.Progress(seconds, self.quiet)
        section = None
        for comparison in todo:
            if comparison.section != section:
                section = comparison.section
                empty(self.maker.directory)
            self._run_one(comparison)
        if self.with_fio:
            self._run_fio()
        self._finish()

    def _run_one(self, comparison):
        self.progress.show(f"{comparison.section}: {comparison.label()}")
        try:
            results = self.bench.run(comparison)
        except Refused as reason:
            report.Progress.clear()
            print(f"{comparison.section}: {comparison.label()}: FAILED: {reason}", file=sys.stderr)
            self.failed += 1
            return
        self.files.add(comparison, results)
        if comparison.section in ("contract", "hand"):
            self.rows += contract.rows_for(comparison, results)
        if not self.quiet:
            report.print_comparison(comparison, results)
        self.progress.advance(planned_seconds(comparison))

    def _run_fio(self):
        empty(self.maker.directory)
        # Our own worker makes the file, so that both overwrite the same kind of blocks.
        path = os.path.join(self.maker.directory, "fio.dat")
        make = ("--op", "read", "--file", path, "--file-size", str(self.maker.size))
        with Worker(self.bench.program, make):
            pass
        try:
            table = fio.rows(self.mode, self.maker, self.libraries,
                             self.files.content["comparisons"], self.progress)
            deep = aio.rows(self.mode, self.libraries, self.maker.directory, self.maker.size,
                            self.progress)
        except RuntimeError as reason:
            report.Progress.clear()
            print(reason, file=sys.stderr)
            self.failed += 1
            return
        report.Progress.clear()
        for row in table:
            print(fio.text(row))
        for row in deep:
            print(aio.text(row))
        self.files.add_fio(table, deep)

    def _finish(self):
        self.progress.show("memory")
        rows = contract.in_order(self.rows) + contract.memory_rows(self.bench, self.maker)
        report.Progress.clear()
        for text in self.maker.left_out:
            print("left out: " + text)
        self.files.add_contract(rows)
        report.print_contract(rows)


def fio_available():
    if not fio.available():
        print("fio is not installed (Debian: fio); our numbers are not compared with it",
              file=sys.stderr)
    return fio.available()


def measure(arguments, directory):
    run = Run(arguments, directory)
    print("\n".join(machine.lines(run.environment)), flush=True)
    warn(run.environment, run.bench, run.maker)
    run.run()
    print(f"raw figures: {arguments.out}/raw.csv, results.json")
    if run.failed:
        print(f"{run.failed} comparisons failed", file=sys.stderr)
    return run.failed


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.dir, exist_ok=True)
    directory = tempfile.mkdtemp(prefix="dioshim-bench-", dir=arguments.dir)
    try:
        return 1 if measure(arguments, directory) else 0
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
