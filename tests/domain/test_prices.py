"""Estimates: from the table, to the cent."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.prices import (
    GPU_HOUR,
    JobUsage,
    files_cost,
    idle_cost,
    job_cost,
    log_cost,
    total,
    vcpu_hour,
)


def test_an_empty_basic_node_costs_next_to_nothing() -> None:
    assert total(idle_cost("basic")) < 0.50


def test_what_runs_by_the_hour_makes_the_other_modes_cost() -> None:
    """As ``contracts/resources.md`` 4.6 estimates: a NAT about 33 USD, an endpoint 7.30 each."""
    secure = {line.what: line.usd for line in idle_cost("secure")}
    assert secure["a NAT, by the hour"] == pytest.approx(32.85)
    assert total(idle_cost("secure")) == pytest.approx(37.51)
    assert total(idle_cost("compliant", endpoints=10)) == pytest.approx(74.01)


@pytest.mark.parametrize("mode", ["basic", "secure", "compliant"])
def test_an_existing_network_is_not_counted(mode: str) -> None:
    assert total(idle_cost(mode, own_network=False)) <= 1.01


def test_a_job_costs_by_processor_memory_and_time() -> None:
    hour = JobUsage(3600, 2, 8)
    assert job_cost(hour) == pytest.approx(2 * 0.04048 + 8 * 0.004445)
    assert job_cost(JobUsage(1800, 2, 8)) == pytest.approx(job_cost(hour) / 2)
    assert job_cost(JobUsage(3600, 2, 8, spot=True)) == pytest.approx(job_cost(hour) * 0.3)
    assert job_cost(JobUsage(3600, 2, 8, public_address=True)) - job_cost(hour) == pytest.approx(
        0.005
    )
    assert job_cost(JobUsage(0, 2, 8)) == 0


def test_a_machine_with_gpus_costs_what_the_platform_says() -> None:
    assert job_cost(JobUsage(7200, 4, 16, gpu="g4dn.xlarge")) == pytest.approx(1.052)
    dearest = max(GPU_HOUR.values())
    assert job_cost(JobUsage(3600, 4, 16, gpu="p9.new")) == dearest  # never too little


def test_a_processor_hour() -> None:
    assert vcpu_hour() == pytest.approx(0.04937)
    assert vcpu_hour(spot=True) < vcpu_hour()


def test_files_and_logs() -> None:
    assert files_cost(730, 0, 0) == pytest.approx(0.023)
    assert files_cost(0, 0, 10) == pytest.approx(1.2)
    assert files_cost(0, 931, 0) < 1  # a TB comes in and is read once
    assert files_cost(931 * 48, 931, 0) < 5  # and lies there for two days
    assert log_cost(2, 3) == pytest.approx(1.18)
