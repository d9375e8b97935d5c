"""What is measured: lists of comparisons for each section of the report."""

import os

from compare import Comparison, Side

K, M = 1 << 10, 1 << 20
ALL_SIZES = [512 << power for power in range(16)]
SOME_SIZES = [512, *(4 * K << power for power in range(9)), 4 * M, 16 * M]
HAND_SIZES = [4 * K, 64 * K, M, 8 * M]
HAND_CROWDS = [4, 16]
RANDOM_SIZES = [4 * K, 64 * K, M]
THREADS = [1, 2, 4, 8, 16]
CROWDS = [1, 2, 4, 8, 64]

# Odd numbers. The length loses only one byte, so that the amounts stay comparable.
ADDRESS = ("--address-off", "13")
LENGTH = ("--shorten", "1")
OFFSET = ("--offset-off", "1237")


def size_name(size):
    for unit, name in ((M, "MiB"), (K, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


class Plans:
    """Makes comparisons on files in one directory, `size` bytes each."""

    def __init__(self, directory, size, worker, launcher=None):
        self.directory = directory
        self.size = size
        self.worker = worker
        self.launcher = launcher and os.path.abspath(launcher)
        self.left_out = []

    def options(self, op, size, *more, where="direct"):
        """The options of iobench. Sides that fill the page cache use another file: dropping it takes time."""
        path = os.path.join(self.directory, f"{op}-{where}.dat")
        return ("--op", op, "--file", path, "--file-size", str(self.size), "--size", str(size),
                *more)

    # The sides of a comparison.

    def _sides(self, op, size, common, which):
        def side(name, *more, where="direct", preload=None):
            return Side(name, self.options(op, size, *common, *more, where=where), preload)

        every = {
            "aligned": side("aligned"),
            "passed": side("passed", preload="shim"),
            "address": side("address", *ADDRESS, preload="shim"),
            "length": side("length", *LENGTH, where="edges", preload="shim"),
            "offset": side("offset", *OFFSET, where="edges", preload="shim"),
            "both": side("both", *LENGTH, *OFFSET, where="edges", preload="shim"),
            "hand": side("hand", *LENGTH, *OFFSET, "--by-hand", where="hand"),
            "huge": side("huge", "--huge"),
            "buffered": side("buffered", "--buffered", where="buffered"),
        }
        return tuple(every[name] for name in which)

    def fits(self, what, size, threads):
        """Whether each thread's share of the file holds two calls. Notes it if not."""
        need = 2 * size * threads
        if need > self.size:
            self.left_out.append(f"{what}: needs BENCH_SIZE={need // M}M or more")
        return need <= self.size

    def matrix(self, section, ops, sizes, which, pattern="sequential", threads=1, own_files=False,
               seconds=0.6, repeats=3, more=()):
        common = [*more, "--threads", str(threads)]
        common += ["--random"] if pattern == "random" else []
        common += ["--own-files"] if own_files else []
        files = "" if threads == 1 else "own files" if own_files else "one file"
        plans = []
        for op in ops:
            for size in sizes:
                what = {"op": op, "pattern": pattern, "size": size_name(size),
                        "threads": threads, "files": files}
                if self.fits(f"{op} {pattern} {what['size']} x{threads}", size, threads):
                    plans.append(Comparison(section, what, self._sides(op, size, common, which),
                                            seconds, repeats=repeats))
        return plans

    # The sections.

    def contract_transfers(self, seconds):
        """The rows of the contract on direct reads and writes; see contract.py."""
        small = self.matrix("contract", ("read", "overwrite"), (4 * K,),
                            ("aligned", "passed", "address"), seconds=seconds, repeats=5)
        large = self.matrix("contract", ("read", "overwrite"), (64 * K, M, 8 * M),
                            ("aligned", "passed", "address", "both"), seconds=seconds,
                            repeats=5)
        return small + large

    def by_hand(self, seconds):
        """Misaligned length and offset, against a program that aligns what it does by itself."""
        which = ("hand", "both", "aligned")
        plans = self.matrix("hand", ("overwrite", "extend", "read"), HAND_SIZES, which,
                            seconds=seconds)
        for threads in HAND_CROWDS:
            plans += self.matrix("hand", ("overwrite",), HAND_SIZES[:-1], which, "random", threads,
                                 seconds=seconds)
            plans += self.matrix("hand", ("extend",), HAND_SIZES[:-1], which, threads=threads,
                                 own_files=True, seconds=seconds)
        return plans

    def probes(self, section, preloads, seconds):
        """Calls in which the shim has nothing to do."""
        cpu = ("--cpu", str(max(os.sched_getaffinity(0))), "--untimed")
        rows = {"null": "1-byte write to /dev/null", "cached": "4 KiB pread from the page cache",
                "open": "open and close"}
        return [
            Comparison(section, {"op": text}, self._preloaded(self.options(op, 4 * K, *cpu), preloads),
                       seconds, metric="best", repeats=5)
            for op, text in rows.items()
        ]

    @staticmethod
    def _preloaded(options, preloads):
        return (Side("none", options), *(Side(name, options, name) for name in preloads))

    def starts(self, section, libraries, preloads, seconds):
        """Start and exit of a program, as a child of a process that has nothing preloaded."""
        return [self._starts_of_true(section, libraries, preloads, seconds),
                self._starts_of_bouncer(section, libraries, seconds)]

    @staticmethod
    def _starts_of_true(section, libraries, preloads, seconds):
        def spawn(library):
            return ("--op", "spawn", *(("--child-preload", library) if library else ()),
                    "--", "/bin/true")

        sides = [Side(name, spawn(libraries[name])) for name in preloads if libraries[name]]
        return Comparison(section, {"op": "start and exit of /bin/true"},
                          (Side("none", spawn(None)), *sides), seconds, metric="added")

    def _starts_of_bouncer(self, section, libraries, seconds):
        def spawn(library, *more):
            child = self.options("read", 64 * K, "--count", "1", *more)
            return ("--op", "spawn", *(("--child-preload", library) if library else ()),
                    "--", self.worker, *child)

        sides = (Side("none", spawn(None)), Side("shim", spawn(libraries["shim"], *ADDRESS)))
        return Comparison(section, {"op": "start and exit of a program that bounces once"}, sides,
                          seconds, metric="added")

    def launches(self, libraries, seconds):
        """Start and exit by way of the launcher. "env" only executes the program: no launcher does less."""
        if not self.launcher:
            return []

        def spawn(*command, preload=()):
            return ("--op", "spawn", *preload, "--", *command, "/bin/true")

        sides = (Side("none", spawn()),
                 Side("LD_PRELOAD", spawn(preload=("--child-preload", libraries["shim"]))),
                 Side("env", spawn("/usr/bin/env")),
                 Side("dioshim", spawn(self.launcher)),
                 Side("dioshim --stats", spawn(self.launcher, "--stats", "-o", "/dev/null")))
        return [Comparison("launch", {"op": "start and exit of /bin/true"}, sides, seconds, metric="added")]

    def sweep(self, sizes, random_sizes, seconds, threads=1):
        which = ("aligned", "passed", "address", "length", "offset", "both", "hand", "huge",
                 "buffered")
        own = threads > 1
        direct = ("read", "overwrite")
        return (self.matrix("sweep", (*direct, "extend"), sizes, which, threads=threads,
                            own_files=own, seconds=seconds, repeats=2) +
                self.matrix("sweep", direct, random_sizes, which, "random", threads=threads,
                            own_files=own, seconds=seconds, repeats=2))

    def scaling(self, sizes, seconds):
        which = ("aligned", "passed", "address", "both")
        plans = []
        for own_files in (False, True):
            for threads in CROWDS:
                plans += self.matrix("scaling", ("read", "overwrite"), sizes, which, "random",
                                     threads, own_files and threads > 1, seconds, repeats=2)
        # With one thread, both kinds are the same.
        return [plan for number, plan in enumerate(plans) if plan not in plans[:number]]

    def cold(self, sizes, seconds):
        """Uses 64 MiB of buffers in turn, so that a copy accesses memory, not the CPU's cache."""
        which = ("aligned", "passed", "address", "both", "huge")
        plans = []
        for size in sizes:
            plans += self.matrix("cold", ("read", "overwrite"), (size,), which, seconds=seconds,
                                 more=("--buffers", str(64 * M // size)))
        return plans
