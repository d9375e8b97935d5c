"""Comparisons: several ways of doing the same I/O, measured in turns."""

import contextlib
import dataclasses
import os
import random
import statistics
import time

import stats
from workers import Refused, Worker

BATCH_NS = 20e6
CALLS_IN_BATCH = 4
# So short that most batches are not interrupted: the best of many batches has the cost without
# interruption.
PROBE_BATCH_NS = 1e6


@dataclasses.dataclass(frozen=True)
class Side:
    """One way of doing the I/O: the options of iobench, and what is preloaded."""
    name: str
    options: tuple
    preload: str = None
    environment: tuple = ()     # of (name, value)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The other sides are compared with the first one, the baseline."""
    section: str
    what: dict          # op, size, pattern, threads, files: the columns of the table
    sides: tuple
    seconds: float      # for each side
    # turns: the median of the ratios of paired batches; best: the ratio of each run's best batch;
    # added: the difference in time, not the ratio
    metric: str = "turns"
    per: str = "op"     # or byte, if the sides move different amounts in a call
    repeats: int = 3    # each with new processes, and so with another layout of memory and code
    batch_ns: float = None

    def batch(self):
        return self.batch_ns or (PROBE_BATCH_NS if self.metric == "best" else BATCH_NS)

    def label(self):
        threads = self.what.get("threads", 1)
        crowd = f"{threads} threads" if threads > 1 else ""
        words = [str(v) for k, v in self.what.items() if k != "threads"]
        return ", ".join(word for word in (*words, crowd) if word)


@dataclasses.dataclass
class Result:
    """The results of one side."""
    side: str
    samples: list = dataclasses.field(default_factory=list)
    refused: str = ""
    memory: list = dataclasses.field(default_factory=list)  # private KiB at the end of each run
    value: float = None     # ratio to the baseline, or ns added
    low: float = None
    high: float = None

    def median_ns(self):
        return statistics.median(_times(self.samples, "op"))

    def quartiles_ns(self):
        return stats.spread(_times(self.samples, "op"))

    def fairness(self):
        """Calls of the slowest thread divided by those of the fastest, over all batches of a run."""
        shares = []
        for run in _by_repeat(self):
            batches = (sample["thread_ops"] for sample in run if "thread_ops" in sample)
            counts = [sum(each) for each in zip(*batches)]
            shares += [min(counts) / max(counts)] if counts and max(counts) else []
        return statistics.median(shares) if shares else None

    def p99_ns(self):
        values = [s["p99_ns"] for s in self.samples if "p99_ns" in s]
        return statistics.median(values) if values else None

    def megabytes_per_second(self):
        moved = [s["bytes"] / s["ops"] / s["ns_per_op"] * 1e3 for s in self.samples]
        return statistics.median(moved)


class Bench:
    """The programs and libraries that a comparison needs."""

    def __init__(self, program, libraries):
        self.program = program
        self.libraries = libraries

    def start(self, side, memory):
        library = self.libraries[side.preload] if side.preload else None
        if side.preload and not library:
            raise Refused(f"{side.preload} is not installed")
        return Worker(self.program, side.options, library, dict(side.environment), memory)

    def run(self, comparison):
        results = [Result(side.name) for side in comparison.sides]
        for repeat in range(comparison.repeats):
            self._one_repeat(comparison, results, repeat)
        _judge(comparison, results)
        return results

    def _one_repeat(self, comparison, results, repeat):
        with contextlib.ExitStack() as stack:
            memory = os.memfd_create("buffers")
            stack.callback(os.close, memory)
            running = []
            for side, result in zip(comparison.sides, results):
                try:
                    worker = stack.enter_context(self.start(side, memory))
                    worker.batch("count 1")
                except Refused as reason:
                    result.refused = str(reason)
                else:
                    running.append((worker, result))
            if running:
                _take_turns(comparison, running, repeat)
            for worker, result in running:
                result.memory.append(worker.memory()["Private_Dirty"])


def _take_turns(comparison, running, repeat):
    length, commands = _plan_batches(comparison, running)
    share = comparison.seconds / comparison.repeats
    turns = list(zip(commands, running))
    # Some sides take much longer than planned (an fsync at the end, a busy machine).
    deadline = time.monotonic() + 1.5 * share * len(running)
    order = random.Random(repeat)
    # In pairs of passes, the second in reverse order, so that a drift cancels out. Each pair has a
    # new random order, because a side is affected by what the previous one left in the CPU's
    # caches, in the page cache and in the disk's queue.
    for number in range(0, max(2, round(share * 1e9 / length)), 2):
        order.shuffle(turns)
        _pass(turns, repeat, number)
        _pass(turns[::-1], repeat, number + 1)
        if time.monotonic() > deadline:
            break


def _pass(turns, repeat, number):
    for command, (worker, result) in turns:
        sample = worker.batch(command)
        sample.update(repeat=repeat, number=number)
        result.samples.append(sample)


def _plan_batches(comparison, running):
    """The nanoseconds of a batch, and the command for each worker."""
    if comparison.metric == "best":
        length = comparison.batch()
        return length, [_probe_command(worker, length) for worker, _ in running]
    warm = [worker.batch(f"time {comparison.batch():.0f}") for worker, _ in running]
    slowest = max(sample["elapsed_ns"] / max(sample["ops"], 1) for sample in warm)
    threads = comparison.what.get("threads", 1)
    length = max(comparison.batch(), CALLS_IN_BATCH * threads * slowest)
    return length, [f"time {length:.0f}"] * len(running)


def _probe_command(worker, length):
    """Batches by count: to read the clock around each call would cost as much as the call."""
    calls = 1
    while True:
        elapsed = worker.batch(f"count {calls}")["elapsed_ns"]
        if elapsed > length / 8:
            return f"count {max(1, int(calls * length / elapsed))}"
        calls *= 2


def _judge(comparison, results):
    """Value and interval of each side against the first."""
    base = results[0]
    for result in results:
        if base.samples and result.samples and not (base.refused or result.refused):
            runs = [_against(comparison, *pair) for pair in zip(_by_repeat(base), _by_repeat(result))]
            result.value, result.low, result.high = stats.interval(runs)


def _against(comparison, base, result):
    """The ratios or differences of one run of each side."""
    if comparison.metric == "best":
        return [min(_times(base, "op")) / min(_times(result, "op"))]
    if comparison.metric == "added":
        return stats.differences(_p50(base), _p50(result))
    return stats.ratios(_times(base, comparison.per), _times(result, comparison.per))


def _by_repeat(result):
    runs = {}
    for sample in result.samples:
        runs.setdefault(sample["repeat"], []).append(sample)
    return list(runs.values())


def _times(samples, per):
    if per == "byte":
        return [s["ns_per_op"] * s["ops"] / s["bytes"] for s in samples]
    return [s["ns_per_op"] for s in samples]


def _p50(samples):
    return [sample["p50_ns"] for sample in samples]
