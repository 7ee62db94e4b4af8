"""What a run costs before it starts: what is sure, and what an hour takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.prices import FARGATE_DISK_GB_HOUR, files_cost
from pennsieve_agent.domain.run_estimate import Estimate, estimate

WORK = Job("work", JobKind.PROCESSOR, ("in",), cpu=2048, memory=4096)
JOBS = (Job("in", JobKind.STAGE_IN), WORK, Job("out", JobKind.TARGET, ("work",)))
TB = 1024**4


def plan(*jobs: Job) -> RunPlan:
    return RunPlan("r", "w", "d", jobs or JOBS)


def here(of: RunPlan, size: int, *, spot: bool = False) -> Estimate:
    """The estimate for a node without a NAT, where Pennsieve's files are."""
    return estimate(of, size, mode="basic", region="us-east-1", spot=spot)


def test_a_small_run_costs_its_starts() -> None:
    """One task of a minute, for the step; bringing, delivering and cleaning are calls."""
    cost = here(plan(), 0)
    assert cost.files == 0
    assert 1 / 60 * 0.04937 < cost.once < 3 / 60 * 0.04937
    assert cost.hour == pytest.approx(2 * 0.04048 + 4 * 0.004445 + 0.005)


def test_what_the_files_of_a_large_run_cost_is_said_before_it() -> None:
    cost = here(plan(), TB)
    assert 0.3 < cost.files < cost.once < 5
    two = plan(JOBS[0], WORK, replace(WORK, id="more"), JOBS[2])
    assert here(two, TB).files - cost.files == pytest.approx(files_cost(0, 0, 1024))


def test_disk_spot_and_the_network_count() -> None:
    larger = plan(JOBS[0], replace(WORK, disk=120), JOBS[2])
    more = here(larger, 0).hour - here(plan(), 0).hour
    assert more == pytest.approx(100 * FARGATE_DISK_GB_HOUR)
    assert here(plan(), 0, spot=True).hour < here(plan(), 0).hour
    far = estimate(plan(), TB, mode="secure", region="eu-west-1").files
    assert far - estimate(plan(), TB, mode="secure", region="us-east-1").files == pytest.approx(
        1024 * 0.045
    )


def test_a_step_that_no_machine_fits_is_not_estimated() -> None:
    with pytest.raises(ValueError, match="more than AWS Fargate offers"):
        here(plan(JOBS[0], replace(WORK, memory=999_999)), 0)


def test_a_step_of_several_inputs_or_of_none_has_a_transfer_before_it() -> None:
    """As the node makes it (node/runs/plan_jobs.py)."""
    one = here(plan(), 0).once
    joined = replace(WORK, depends_on=("in", "other"))
    more = plan(JOBS[0], Job("other", JobKind.STAGE_IN), joined, JOBS[2])
    chained = plan(JOBS[0], Job("other", JobKind.STAGE_IN), WORK, JOBS[2])
    assert here(more, 0).once > here(chained, 0).once > one
    alone, after = replace(WORK, depends_on=()), plan(JOBS[0], WORK)
    assert here(plan(alone), 0).once == pytest.approx(here(after, 0).once, rel=0.01)
