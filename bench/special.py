"""What is measured in addition to the sweeps: streams, many threads, disabled optimisations."""

import os

from compare import Comparison, Side
from plans import ADDRESS, K, LENGTH, M, OFFSET, size_name

# The words of DIOSHIM_DISABLE.
OPTIMISATIONS = ("hints", "hugepages", "prefetch")
BOUNCING_THREADS = 64
# Bytes of a log record.
RECORDS = (100, 1000, 4000)
BOUNDS = ("4M", "1M", "64K")
# Long enough for each of 64 threads to get a bounce buffer several times. (How fair it is shows only when each thread
# has made a thousand calls or more: who is first each time is partly chance.)
LONG_BATCH_NS = 250e6
# Long compared with the time between the starts of the first and the last thread.
CROWD_BATCH_NS = 10e6
CALLS = {"null": "1-byte write to /dev/null", "cached": "4 KiB pread from the page cache"}


class Special:
    """Makes comparisons on the files of `plans`, a Plans."""

    def __init__(self, plans):
        self.plans = plans

    # Consecutive misaligned writes, compared with what a program would do that aligns its I/O
    # itself.

    def streams(self, seconds):
        writes = ("overwrite", "extend", "append")
        records = [Comparison("records", {"op": f"{size}-byte log records, {op}"},
                              self._record_sides(op, size), seconds)
                   for size in RECORDS for op in writes]
        copies = [Comparison("streams", {"op": f"dd bs=1000000, {op}"}, self._copy_sides(op),
                             seconds, per="byte") for op in (*writes, "read")]
        blocks = [Comparison("streams", {"op": f"blocks of 4096, {op}"}, self._block_sides(op),
                             seconds) for op in writes]
        return records + copies + blocks

    @staticmethod
    def _stream(op):
        return ("extend", ("--stream", "--append")) if op == "append" else (op, ("--stream",))

    def _record_sides(self, way, record):
        """`range` syncs as far as O_DIRECT does: perhaps only to the device's cache. The others do more."""
        op, more = self._stream(way)
        odd = self.plans.options(op, record, *more, where="edges")
        hand = "records" if op == "overwrite" else "records-extend"

        def buffered(how):
            return self.plans.options(op, record, *more, "--buffered", "--sync-every", "1",
                                      "--sync-with", how, where="buffered")

        def by_hand(size):
            return self.plans.options(hand, size, "--record", str(record))

        half = (Side("rewritten512", by_hand(512)),) if record <= 512 else ()
        return (Side("rewritten4096", by_hand(4 * K)), *half,
                Side("block", self.plans.options(op, 4 * K, *more)), Side("odd", odd, "shim"),
                *(Side(how, buffered(how)) for how in ("range", "dsync", "fdatasync", "fsync")))

    def _copy_sides(self, way):
        op, more = self._stream(way)
        options = self.plans.options
        return (Side("aligned", options(op, M, *more)),
                Side("odd", options(op, 1000000, *more, where="edges"), "shim"),
                Side("buffered", options(op, 1000000, *more, "--buffered", where="buffered")))

    def _block_sides(self, way):
        op, more = self._stream(way)
        options = self.plans.options
        return (Side("aligned", options(op, 4 * K, *more)),
                Side("passed", options(op, 4 * K, *more), "shim"),
                Side("address", options(op, 4 * K, *more, *ADDRESS), "shim"),
                Side("buffered", options(op, 4 * K, *more, "--buffered", where="buffered")))

    # Shows whether the shim writes to memory that threads share.

    def crowd(self, seconds):
        """Each thread has its own CPU and file; "meet" shows the cost of one shared counter."""
        cpus = len(os.sched_getaffinity(0))
        return [self._crowd(op, threads, seconds) for op in CALLS for threads in (1, 2, 4, 8, 16)
                if threads <= cpus]

    def _crowd(self, op, threads, seconds):
        options = self.plans.options(op, 4 * K, "--untimed", "--spread", "--own-files",
                                     "--threads", str(threads))
        sides = (Side("none", options), Side("shim", options, "shim"),
                 Side("meet", (*options, "--meet")))
        return Comparison("crowd", {"op": CALLS[op], "threads": threads}, sides, seconds,
                          metric="best", repeats=5, batch_ns=CROWD_BATCH_NS)

    # More threads than bounce buffers.

    def bounce(self, sizes, seconds):
        plans = []
        for op in ("read", "overwrite"):
            for size in sizes:
                if self.plans.fits(f"bounce {op} {size_name(size)}", size, BOUNCING_THREADS):
                    plans.append(Comparison(
                        "bounce", {"op": op, "size": size_name(size), "threads": BOUNCING_THREADS},
                        self._bounce_sides(op, size), seconds, repeats=2, batch_ns=LONG_BATCH_NS))
        return plans

    def _bounce_sides(self, op, size):
        options = self.plans.options(op, size, "--random", "--threads", str(BOUNCING_THREADS))
        odd = (*options, *ADDRESS)
        bounds = [Side(bound, odd, "shim", (("DIOSHIM_BOUNCE_MAX", bound),)) for bound in BOUNDS]
        return (Side("aligned", options), Side("address", odd, "shim"), *bounds)

    # The gain of each optimisation.

    def disable(self, sizes, seconds):
        ways = {"misaligned address": ADDRESS, "misaligned length and offset": (*LENGTH, *OFFSET)}
        return [Comparison("disable", {"op": op, "pattern": way, "size": size_name(size)},
                           self._disabled_sides(op, size, odd), seconds, repeats=2)
                for way, odd in ways.items() for op in ("read", "overwrite") for size in sizes]

    def _disabled_sides(self, op, size, odd):
        options = self.plans.options(op, size, *odd, where="edges")
        lists = {"all": None, **{f"without {name}": name for name in OPTIMISATIONS},
                 "without any": ",".join(OPTIMISATIONS)}
        return tuple(Side(name, options, "shim", (("DIOSHIM_DISABLE", value),) if value else ())
                     for name, value in lists.items())
