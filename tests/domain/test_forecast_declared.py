"""What is said of a run's cost and time where no earlier run tells."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.domain import forecast_declared
from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.run_estimate import estimate

GB = 1024**3
WORK = Job("work", JobKind.PROCESSOR, ("in",), cpu=2048, memory=4096)
MORE = replace(WORK, id="more", depends_on=("work",))
BESIDE = replace(WORK, id="beside")
ENDS = Job("in", JobKind.STAGE_IN), Job("out", JobKind.TARGET, ("work",))


def plan(*steps: Job) -> RunPlan:
    return RunPlan("r", "w", "d", (ENDS[0], *steps, ENDS[1]))


def test_the_sure_cost_is_the_least_and_working_time_comes_on_top() -> None:
    cost = estimate(plan(WORK), GB, mode="basic", region="us-east-1")
    band = forecast_declared.usd_of(cost, GB)
    assert cost.once == band.low < band.expected < band.high
    assert band.high < cost.once + 1.5 * cost.hour


def test_steps_beside_each_other_take_the_time_of_one() -> None:
    one = forecast_declared.seconds_of(plan(WORK), GB)
    assert forecast_declared.seconds_of(plan(WORK, BESIDE), GB) == one
    two = forecast_declared.seconds_of(plan(WORK, MORE), GB)
    assert two.expected - one.expected > 45 + 60  # a machine's start, and a minute
    assert forecast_declared.longest_chain(plan(WORK, BESIDE, MORE)) == 2
    assert forecast_declared.longest_chain(RunPlan("r", "w", "d", ())) == 0


def test_a_gpu_machine_takes_longer_to_start_and_large_input_to_move() -> None:
    usual = forecast_declared.seconds_of(plan(WORK), GB)
    assert forecast_declared.seconds_of(plan(WORK), GB, gpu=True).expected > usual.expected + 60
    large = forecast_declared.seconds_of(plan(WORK), 100 * GB)
    assert large.low > 100 * GB / 200_000_000 + usual.low
