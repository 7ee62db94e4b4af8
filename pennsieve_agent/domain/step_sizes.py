"""The sizes that a manifest should declare for a step, from what a run of it took."""

from __future__ import annotations

import math

from pennsieve_agent.domain.job_sizes import MANIFEST_CPU, MANIFEST_MEMORY, VCPU, fit

HEADROOM = 1.25
"""Other data takes more memory than that of the test."""
BUSY = 0.9
"""The share of a processor's time from which on a program counts as using all of it."""
_MB = 1024 * 1024


def sizes_for(memory: int, cores: float) -> tuple[int, int]:
    """The smallest sizes on AWS Fargate's table that a manifest can declare, and that are enough.

    ``memory`` is in bytes, at the most; ``cores`` are processors that were busy, on average. The
    answer is in 1/1024 of a vCPU and MB, or the largest there is.
    """
    cpu = math.floor(cores * VCPU * BUSY)
    needed = math.ceil(memory * HEADROOM / _MB)
    for amount in (size for size in MANIFEST_CPU if size >= cpu):
        for most in (size for size in MANIFEST_MEMORY if size >= needed):
            if _is_offered(amount, most):
                return amount, most
    return MANIFEST_CPU[-1], MANIFEST_MEMORY[-1]


def _is_offered(cpu: int, memory: int) -> bool:
    try:
        return fit(cpu, memory) == (cpu / VCPU, memory)
    except ValueError:
        return False
