"""The sizes to declare are on the table of Fargate, in a manifest's words, and enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.job_sizes import MANIFEST_CPU, MANIFEST_MEMORY, VCPU, fit
from pennsieve_agent.domain.step_sizes import sizes_for

MB = 2**20


@pytest.mark.parametrize(
    ("memory", "cores", "sizes"),
    [
        (10 * MB, 0.0, (256, 512)),
        (410 * MB, 0.1, (256, 1024)),  # 512.5 MB with a quarter more
        (409 * MB, 0.1, (256, 512)),
        (10 * MB, 1.0, (1024, 2048)),
        (3000 * MB, 1.9, (2048, 4096)),
        (100_000 * MB, 1.0, (16384, 122880)),
        (500_000 * MB, 1.0, (16384, 122880)),
    ],
)
def test_sizes(memory: int, cores: float, sizes: tuple[int, int]) -> None:
    assert sizes_for(memory, cores) == sizes


@given(st.integers(0, 90_000 * MB), st.floats(0, 16))
def test_what_is_declared_is_what_a_job_gets(memory: int, cores: float) -> None:
    cpu, amount = sizes_for(memory, cores)
    assert cpu in MANIFEST_CPU
    assert amount in MANIFEST_MEMORY
    assert fit(cpu, amount) == (cpu / VCPU, amount)
    assert amount * MB >= memory * 1.25
