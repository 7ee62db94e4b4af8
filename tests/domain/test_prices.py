"""Estimates: from the table, to the cent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.prices import (
    FARGATE_DISK_GB_HOUR,
    GPU_UNKNOWN_HOUR,
    START_SECONDS,
    JobUsage,
    files_cost,
    idle_cost,
    job_cost,
    log_cost,
    network_cost,
    overhead_cost,
    price_words,
    region_of_prices,
    total,
    vcpu_hour,
    wakes,
)


def test_an_empty_basic_node_costs_next_to_nothing() -> None:
    assert total(idle_cost("basic")) < 0.50


def test_what_runs_by_the_hour_makes_the_other_modes_cost() -> None:
    """As ``contracts/resources.md`` 4.6 estimates: a NAT about 33 USD, an endpoint 7.30 each."""
    secure = {line.what: line.usd for line in idle_cost("secure")}
    assert secure["a NAT, by the hour"] == pytest.approx(32.85)
    assert total(idle_cost("secure")) == pytest.approx(37.81)
    assert total(idle_cost("compliant", endpoints=10)) == pytest.approx(74.31)


@pytest.mark.parametrize("mode", ["basic", "secure", "compliant"])
def test_an_existing_network_is_not_counted(mode: str) -> None:
    assert total(idle_cost(mode, own_network=False)) <= 1.31


def test_a_job_costs_by_processor_memory_and_time() -> None:
    hour = JobUsage(3600, 2, 8, starts=0)
    assert job_cost(hour) == pytest.approx(2 * 0.04048 + 8 * 0.004445)
    assert job_cost(replace(hour, seconds=1800)) == pytest.approx(job_cost(hour) / 2)
    assert job_cost(replace(hour, spot=True)) == pytest.approx(job_cost(hour) * 0.3)
    public = job_cost(replace(hour, public_address=True)) - job_cost(hour)
    assert public == pytest.approx(0.005)
    assert job_cost(replace(hour, seconds=0)) == 0


def test_fargate_is_paid_from_the_images_download_and_for_a_minute_at_least() -> None:
    """The pricing page: from the start of the download, one minute at least."""
    second = JobUsage(1, 1, 2)
    assert second.billed_seconds == 60
    assert replace(second, starts=4).billed_seconds == 4 * 60, "each task of its own"
    assert replace(second, seconds=600).billed_seconds == 600 + START_SECONDS
    assert job_cost(second) == pytest.approx(vcpu_hour() / 60)


def test_a_larger_disk_is_paid_beyond_what_comes_with_a_task() -> None:
    plain = JobUsage(3600, 1, 2, starts=0)
    assert job_cost(replace(plain, disk_gib=20)) == job_cost(plain)
    more = job_cost(replace(plain, disk_gib=200)) - job_cost(plain)
    assert more == pytest.approx(180 * FARGATE_DISK_GB_HOUR)
    spot = replace(plain, spot=True)
    assert job_cost(replace(spot, disk_gib=200)) - job_cost(spot) == pytest.approx(more)


def test_what_the_node_does_for_a_run_is_counted() -> None:
    assert wakes(4, 0) < wakes(4, 3600) < wakes(5, 3600)
    assert 0 < overhead_cost(wakes(4, 600)) < 0.01
    assert overhead_cost(200) == pytest.approx(2 * overhead_cost(100))


def test_traffic_costs_by_the_mode_and_the_region() -> None:
    """Files of Pennsieve's own region are free; what goes through a NAT is paid by the GB."""
    assert network_cost("basic", "us-east-1", 100, 100, 1) == 0
    assert network_cost("secure", "us-east-1", 100, 100, 1) == pytest.approx(0.045)
    assert network_cost("compliant", "us-east-1", 100, 100, 1) == pytest.approx(0.01)
    assert network_cost("basic", "eu-west-1", 100, 50, 0) == pytest.approx(50 * 0.02)
    far = network_cost("secure", "eu-west-1", 100, 50, 0)
    assert far == pytest.approx(50 * 0.02 + 150 * 0.045)


def test_a_machine_with_a_gpu_costs_what_it_is_and_its_start() -> None:
    hour = JobUsage(3600, 4, 16, gpu="g4dn.xlarge", starts=0)
    assert job_cost(hour) == pytest.approx(0.526)
    assert job_cost(replace(hour, starts=1)) == pytest.approx(0.526 * (1 + 5 / 60))
    assert job_cost(replace(hour, gpu="p9.new")) == GPU_UNKNOWN_HOUR  # never too little


def test_a_processor_hour() -> None:
    assert vcpu_hour() == pytest.approx(0.04937)
    assert vcpu_hour(spot=True) < vcpu_hour()


def test_files_and_logs() -> None:
    assert files_cost(730, 0, 0) == pytest.approx(0.023)
    assert files_cost(0, 0, 0, 10) == pytest.approx(1.2)
    assert files_cost(0, 931, 931) < 1, "a TB comes in and is read once"
    assert files_cost(931 * 48, 931, 931) < 5, "and lies there for two days"
    assert log_cost(2, 3) == pytest.approx(1.18)


def test_of_a_region_that_is_not_in_the_table_it_is_said_whose_prices_are_taken() -> None:
    assert price_words("us-east-1") == "AWS list prices of us-east-1, 2026-11"
    assert region_of_prices("eu-central-1") == "us-east-1"
    assert price_words("eu-central-1") == (
        "AWS list prices of us-east-1, 2026-11: eu-central-1's prices are not known here and may "
        "differ by up to a third"
    )
    assert region_of_prices("cn-north-1") == ""
    assert price_words("cn-north-1") == "no prices: this program has none of region cn-north-1"
