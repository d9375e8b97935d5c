"""The table of targets that the shim must meet, with the measured values."""

import dataclasses

from plans import ADDRESS, HAND_SIZES, K, M, size_name
from workers import Refused, Worker

LARGE = ("64 KiB", "1 MiB", "8 MiB")


@dataclasses.dataclass
class Row:
    """One line of the table. `value` is None if it could not be measured; `note` says why."""
    what: str
    case: str
    target: float
    unit: str = "x"         # x: a ratio, at least; ms, KiB: at most
    value: float = None
    low: float = None
    high: float = None
    note: str = ""

    def met(self):
        if self.value is None:
            return "not measured"
        return "met" if self._reached(self.value) else "not met"

    def in_doubt(self):
        """Whether the target is inside the interval, so that another run may give the opposite result."""
        return (self.low is not None and self.value is not None and
                self._reached(self.low) != self._reached(self.high))

    def _reached(self, value):
        return value >= self.target if self.unit == "x" else value <= self.target


def _row(what, case, target, result, unit="x", scale=1):
    row = Row(what, case, target, unit)
    if result.value is None:
        row.note = result.refused or "the baseline could not be measured"
    else:
        row.value, row.low, row.high = (v / scale for v in (result.value, result.low, result.high))
    return row


# The targets: what, side, sizes, minimum ratio.
TRANSFERS = (
    ("aligned, direct", "passed", ("4 KiB", *LARGE), 0.99),
    ("misaligned address", "address", ("4 KiB",), 0.97),
    ("misaligned address", "address", LARGE, 1.00),
    ("misaligned length and offset", "both", LARGE, 0.90),
)

# The same against a program that reads, changes and writes whole blocks by itself: largest size in
# bytes, minimum ratio. Reads have no target.
AGAINST_HAND = "misaligned length and offset, against by hand"
HAND = ((64 * K, 1.50), (None, 1.15))


def transfer_rows(comparison, results):
    size = comparison.what["size"]
    case = f"{comparison.what['op']} {size}"
    by_name = {result.side: result for result in results}
    return [_row(what, case, target, by_name[side])
            for what, side, sizes, target in TRANSFERS if size in sizes]


def hand_rows(comparison, results):
    what = comparison.what
    if what["op"] == "read":
        return []
    size = next(size for size in HAND_SIZES if size_name(size) == what["size"])
    target = next(target for most, target in HAND if most is None or size <= most)
    crowd = f", {what['threads']} threads" if what["threads"] > 1 else ""
    both = next(result for result in results if result.side == "both")
    return [_row(AGAINST_HAND, f"{what['op']} {what['size']}{crowd}", target, both)]


def probe_rows(comparison, results):
    text = comparison.what["op"]
    target = 0.90 if text == "open and close" else 0.98
    shim = next(result for result in results if result.side == "shim")
    return [_row(text, "", target, shim)]


def start_rows(comparison, results):
    shim = next(result for result in results if result.side == "shim")
    return [_row("added to " + comparison.what["op"], "", 0.3, shim, "ms", 1e6)]


def rows_for(comparison, results):
    if comparison.metric == "best":
        return probe_rows(comparison, results)
    if comparison.metric == "added":
        return start_rows(comparison, results)
    return (hand_rows if comparison.section == "hand" else transfer_rows)(comparison, results)


def in_order(rows):
    """The rows in the order of TRANSFERS, those of one kind together."""
    kinds = [*(what for what, *_ in TRANSFERS), AGAINST_HAND]
    return sorted(rows, key=lambda row: kinds.index(row.what) if row.what in kinds else -1)


# Memory: the private memory of a process in the same state, with the shim and without.

BOUNCING_THREADS = 64


def _memory(bench, options, preload, extra, after_bounce):
    library = bench.libraries[preload] if preload else None
    with Worker(bench.program, options, library, extra) as worker:
        if after_bounce:
            worker.batch("time 500000000")
        return worker.memory()["Private_Dirty"]


def _memory_row(bench, what, target, aligned, misaligned, after_bounce, extra=None):
    row = Row(what, "", target, "KiB")
    try:
        # Another process makes the file, because that takes memory.
        with Worker(bench.program, aligned):
            pass
        with_shim = _memory(bench, misaligned, "shim", extra, after_bounce)
        row.value = with_shim - _memory(bench, aligned, None, None, after_bounce)
    except Refused as reason:
        row.note = str(reason)
    return row


def memory_rows(bench, plans):
    one = plans.options("read", 64 * K)
    many = plans.options("read", M, "--random", "--threads", str(BOUNCING_THREADS))
    return [
        _memory_row(bench, "memory before the first bounce", 64, one, (*one, *ADDRESS), False),
        _memory_row(bench, f"memory, {BOUNCING_THREADS} threads that bounce", 16 * K,
                    many, (*many, *ADDRESS), True),
        _memory_row(bench, "the same, DIOSHIM_BOUNCE_MAX=4M", 4 * K, many, (*many, *ADDRESS), True,
                    {"DIOSHIM_BOUNCE_MAX": "4M"}),
    ]
