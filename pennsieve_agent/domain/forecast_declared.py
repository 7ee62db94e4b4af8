"""What a run will cost and take where no earlier run tells: by the resources it declares. Pure.

What is sure is what a run costs whatever its steps do (:mod:`.run_estimate`: files, transfers, the
least minute of each machine with its start, the node's own calls). How long a step works is not
known, so it is taken for something, and the band is wide: little more than reading its input at the
least; a minute and its input at 10 MB a second as expected; an hour and its input at 1 MB a second
at most. Images cost a run nothing: they are built when a version is registered (``workflow add``).
"""

from __future__ import annotations

from collections.abc import Mapping

from pennsieve_agent.domain.forecast import Band
from pennsieve_agent.domain.job_sizes import CALL_BYTES
from pennsieve_agent.domain.plans import JobKind, RunPlan
from pennsieve_agent.domain.prices import LEAST_SECONDS, MACHINE_START_SECONDS, START_SECONDS
from pennsieve_agent.domain.run_estimate import BYTES_A_SECOND, Estimate

BASIS = "no runs yet: from the declared resources"
_LEAST = 5.0, 200_000_000
_EXPECTED = 60.0, 10_000_000
_MOST = 3600.0, 1_000_000
"""Seconds, and bytes of input a second, that a step is taken to need."""
_CALL_SECONDS = 5.0
"""Until a call of a transfer function has begun and is noted."""
_HOUR = 3600.0


def step_seconds(size: int) -> Band:
    """How long a step is taken to work on so much input."""
    return Band(*(fixed + size / speed for fixed, speed in (_LEAST, _EXPECTED, _MOST)))


def usd_of(cost: Estimate, size: int) -> Band:
    """What a run costs whose sure cost and cost by the hour are known."""
    working = step_seconds(size)
    in_minute = LEAST_SECONDS - START_SECONDS  # which is among what is sure
    return Band(
        *(
            cost.once + cost.hour * max(seconds - in_minute, 0.0) / _HOUR
            for seconds in (working.low, working.expected, working.high)
        )
    )


def seconds_of(plan: RunPlan, size: int, *, gpu: bool = False) -> Band:
    """How long a run takes: its longest chain of steps, with their starts and the transfers."""
    steps = longest_chain(plan)
    start = MACHINE_START_SECONDS if gpu else START_SECONDS
    others = len(plan.jobs) - sum(job.kind is JobKind.PROCESSOR for job in plan.jobs)
    moving = size / BYTES_A_SECOND if others else 0.0
    moves = others * _CALL_SECONDS + moving + (START_SECONDS if size > CALL_BYTES else 0.0)
    working = step_seconds(size)
    # A machine may be there at once, or be waited for three times as long.
    return Band(
        moving + steps * working.low,
        moves + steps * (start + working.expected),
        3 * moves + steps * (3 * start + working.high),
    )


def longest_chain(plan: RunPlan) -> int:
    """The most steps of which each waits for the one before it."""
    lengths: dict[str, int] = {}
    for job in plan.jobs:  # none comes before one it depends on
        lengths[job.id] = _before(lengths, job.depends_on) + (job.kind is JobKind.PROCESSOR)
    return max(lengths.values(), default=0)


def _before(lengths: Mapping[str, int], names: tuple[str, ...]) -> int:
    return max((lengths.get(name, 0) for name in names), default=0)
