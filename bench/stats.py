"""Medians and their confidence intervals."""

import random
import statistics

RESAMPLES = 1000


def spread(values):
    """The first and third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def interval(runs):
    """The median of all values, and the bounds that hold the medians of 95 % of resamples.

    Resamples in two steps, first the runs, then the values of each: values of one run have more in
    common (memory, code layout) than those of different runs.
    """
    # A fixed seed, so that the same samples give the same report.
    pick = random.Random(1)
    medians = sorted(statistics.median(_resample(runs, pick)) for _ in range(RESAMPLES))
    low = medians[int(RESAMPLES * 0.025)]
    high = medians[int(RESAMPLES * 0.975) - 1]
    return statistics.median(_all(runs)), low, high


def _all(runs):
    return [value for run in runs for value in run]


def _resample(runs, pick):
    return _all(pick.choices(run, k=len(run)) for run in pick.choices(runs, k=len(runs)))


def neighbours(values):
    """The means of each two passes in opposite order, so that a steady drift cancels out."""
    return [(a + b) / 2 for a, b in zip(values[0::2], values[1::2])]


def ratios(base, other):
    """The speed of `other` relative to `base`, for each two passes."""
    return [b / o for b, o in zip(neighbours(base), neighbours(other))]


def differences(base, other):
    return [o - b for b, o in zip(neighbours(base), neighbours(other))]
