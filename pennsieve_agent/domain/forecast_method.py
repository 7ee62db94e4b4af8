"""From a workflow's earlier runs to what its next one will cost and take. Pure.

**The model.** A figure (seconds, or USD) grows with the size of the input by some power, times a
noise that is as likely to double it as to halve it: ``log(figure) = a + b * log(size) + noise``. A
run that took 10 minutes on 1 GB says little of one on 50 GB, so the power ``b`` has to be learned,
and a workflow has few runs. Hence a Bayesian linear regression with a conjugate prior
(normal-inverse-gamma; Gelman et al., "Bayesian Data Analysis", section 14.2), whose prior is worth
one and a half runs: work that grows a little less than its input (``b`` about 0.7), and runs on
equal input that differ by a third. With one run, it makes most of the band; with ten, little of it.

**Nearer sizes count more.** A program that needs two minutes for anything, and then a second for
each 10 MB, does not grow by a power, but near one size it does. So a run counts by how near its
size is: one of four times the size half as much.

**Few points, and wrong ones.** A run whose machine was lost, or that waited for hours, moves the
line little (one pass of Huber's weights), but it widens the band: the next run may meet that, too.

**The band** are the 5 % and 95 % quantiles of the next run (Student's t): about nine of ten runs
are within it where the model fits, and ``tests/domain/test_forecast_method.py`` holds it to eight
of ten over simulated histories that it does not fit. Expected is the middle.

**Which runs.** Those that succeeded: what failed or was cancelled ended early. Three of the same
version are enough to leave out the others, which else count a third each. Nobody compares the
parameters: they are part of the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pennsieve_agent.domain.forecast import Band

ENOUGH = 3
"""Runs of a version that are enough to leave out those of others."""
LEAST_BYTES = 8 * 1024**2
"""Below so much input, its size makes no difference."""
_OTHER_VERSION = 1 / 3
_POWER, _POWER_DEVIATION = 0.7, 0.5
_NOISE = 0.35
"""Standard deviation of a figure's logarithm where the input is equal."""
_PRIOR_RUNS = 1.5
_NEAR = math.log(4)
_HUBER = 1.5
_Z = 1.6449
"""Of 95 % (normal distribution)."""
_COMMON = 0.5
"""How much of what an estimate is wrong by is the same for all runs of a batch."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that succeeded. ``size`` is that of its input, None where nobody knows it.

    ``usd`` is what it would have cost as the next run is paid (on Spot machines, or not).
    """

    version: str
    size: float | None
    seconds: float | None
    usd: float | None


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    y: float
    weight: float


def chosen(runs: Sequence[PastRun], version: str) -> list[PastRun]:
    """The runs that an estimate for a version is made of."""
    same = [run for run in runs if run.version == version]
    return same if len(same) >= ENOUGH else list(runs)


def basis(runs: Sequence[PastRun], version: str) -> str:
    """How an estimate of these runs is known, in words."""
    same = sum(run.version == version for run in runs)
    others = len(runs) - same
    words = [f"{same} {_runs(same)} of {version}"] if same and version else []
    if not words:
        return f"from {len(runs)} {_runs(len(runs))}" + (" of other versions" if version else "")
    return "from " + " and ".join([*words, *([f"{others} of other versions"] if others else [])])


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"


def seconds_of(
    runs: Sequence[PastRun], version: str, size: float | None, least: float = LEAST_BYTES
) -> Band | None:
    """How long the next run takes; None where no run tells."""
    rows = [(run, run.seconds) for run in runs if run.seconds]
    return _next(rows, version, size, least)


def usd_of(
    runs: Sequence[PastRun], version: str, size: float | None, least: float = LEAST_BYTES
) -> Band | None:
    """What the next run costs; None where no run tells."""
    rows = [(run, run.usd) for run in runs if run.usd]
    return _next(rows, version, size, least)


def of_batch(bands: Sequence[Band]) -> Band:
    """What several runs come to together.

    Some of what a band is wide for is noise of each run, which evens out over many, and some is not
    knowing the workflow, which does not.
    """
    expected = sum(band.expected for band in bands)
    down = _joint([band.expected - band.low for band in bands])
    # A figure that may double as well as halve is on average above its middle; over many runs that
    # adds up, so it moves what is expected.
    above = sum(_mean_above_middle(band) for band in bands) if len(bands) > 1 else 0.0
    up = _joint([band.high - band.expected for band in bands])
    return Band(max(expected - down, 0.0), expected + above, expected + max(up, above))


def batch_seconds(bands: Sequence[Band], parallel: int) -> Band:
    """How long several runs take of which ``parallel`` run at once."""
    work = of_batch(bands)
    share = 1 / max(min(parallel, len(bands)), 1)
    longest = Band(*(max(getattr(band, name) for band in bands) for name in Band.__slots__))
    return Band(
        max(work.low * share, longest.low),
        max(work.expected * share, longest.expected),
        max(work.high * share, longest.high),
    )


def _joint(parts: Sequence[float]) -> float:
    alone = sum(part * part for part in parts)
    return math.sqrt(_COMMON * sum(parts) ** 2 + (1 - _COMMON) * alone)


def _mean_above_middle(band: Band) -> float:
    """How far the mean of a lognormal figure is above its median."""
    if band.low <= 0:
        return 0.0
    deviation = math.log(band.high / band.low) / 2 / _Z
    return band.expected * min(math.expm1(deviation**2 / 2), 1.0)


def _next(
    rows: Sequence[tuple[PastRun, float]], version: str, size: float | None, least: float
) -> Band | None:
    if not rows:
        return None
    sized = [(run, figure) for run, figure in rows if run.size is not None]
    if size is None or not sized:  # then size is part of the noise
        points = [_Point(0.0, math.log(figure), _weight(run, version)) for run, figure in rows]
    else:
        at = math.log(size + least)
        points = [
            _Point(math.log((run.size or 0.0) + least) - at, math.log(figure), 1.0)
            for run, figure in sized
        ]
        points = [
            _Point(point.x, point.y, _weight(run, version) / (1 + (point.x / _NEAR) ** 2))
            for point, (run, _) in zip(points, sized, strict=True)
        ]
    return _predicted(points)


def _weight(run: PastRun, version: str) -> float:
    return 1.0 if run.version == version else _OTHER_VERSION


def _predicted(points: Sequence[_Point]) -> Band:
    """The next figure at ``x`` = 0."""
    start, slope, _ = _line(points)
    residuals = [abs(point.y - start - slope * point.x) for point in points]
    most = _HUBER * max(median(residuals) * 1.4826, _NOISE / 2)
    # The line is drawn by what is not far from it; the band is as wide as all say.
    tamed = [
        _Point(point.x, point.y, point.weight * min(1.0, most / residual if residual else 1.0))
        for point, residual in zip(points, residuals, strict=True)
    ]
    start, slope, spread = _line(tamed)
    count = sum(point.weight for point in points)
    squares = sum(point.weight * (point.y - start - slope * point.x) ** 2 for point in points)
    prior = (slope - _POWER) ** 2 * (_NOISE / _POWER_DEVIATION) ** 2
    degrees = _PRIOR_RUNS + count
    variance = (_PRIOR_RUNS * _NOISE**2 + squares + prior) / degrees
    width = _student(degrees) * math.sqrt(variance * (1 + spread))
    return Band(math.exp(start - width), math.exp(start), math.exp(start + width))


def _line(points: Sequence[_Point]) -> tuple[float, float, float]:
    """The line at ``x`` = 0, its slope, and the variance of the former in units of the noise's."""
    weight = sum(point.weight for point in points)
    sum_x = sum(point.weight * point.x for point in points)
    sum_y = sum(point.weight * point.y for point in points)
    strength = (_NOISE / _POWER_DEVIATION) ** 2
    xx = sum(point.weight * point.x**2 for point in points) + strength
    xy = sum(point.weight * point.x * point.y for point in points) + strength * _POWER
    determinant = weight * xx - sum_x**2
    start = (xx * sum_y - sum_x * xy) / determinant
    slope = (weight * xy - sum_x * sum_y) / determinant
    return start, slope, xx / determinant


def _student(degrees: float) -> float:
    """The 95 % quantile of Student's t, to a hundredth (Abramowitz and Stegun 26.7.5)."""
    z = _Z
    return (
        z
        + (z**3 + z) / 4 / degrees
        + (5 * z**5 + 16 * z**3 + 3 * z) / 96 / degrees**2
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / degrees**3
    )
