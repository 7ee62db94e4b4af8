"""Which sizes to declare next time, from what runs measured."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.runs import Attempt, Run, RunLimits, RunStatus, StepState
from pennsieve_agent.domain.step_advice import StepAdvice, advise, manifest_lines
from pennsieve_agent.domain.workflows import Step, StepKind

MB = 1024 * 1024
HOUR = 3600.0


def attempt(peak: int | None, cores: float = 1.0, seconds: float = HOUR) -> Attempt:
    used = Measured(None if peak is None else peak * MB, cores * seconds, by="cgroup")
    return Attempt(running=seconds, measured=used)


def run(
    *attempts: Attempt, cpu: int = 4096, memory: int = 16384, kind: str = "standard", **more: bool
) -> Run:
    step = Step(
        "work",
        StepKind.PROCESSOR,
        compute_type=kind,
        cpu=cpu,
        memory=memory,
        source_url="https://r",
    )
    state = StepState("work", RunStatus.SUCCEEDED, attempts=attempts)
    return Run(
        "r",
        RunStatus.SUCCEEDED,
        steps=(Step("in", StepKind.SOURCE), step),
        states=(state,),
        limits=RunLimits(**more),
    )


def advice(*runs: Run) -> StepAdvice:
    (only,) = advise(runs, basic=False)
    return only


def test_a_step_that_declares_too_much_is_told_what_is_enough() -> None:
    said = advice(run(attempt(1500, cores=0.9)))
    assert (said.next_cpu, said.next_memory) == (1024, 2048)
    # An hour and its start: 3 processors and 14 GB less (https://aws.amazon.com/fargate/pricing/).
    assert said.saves == pytest.approx((3 * 0.04048 + 14 * 0.004445) * (3645 / 3600))
    assert manifest_lines(said) == ["resources:", "  cpu: 1024", "  memory: 2048"]
    assert said.code == "https://r"


def test_the_largest_of_all_attempts_counts() -> None:
    said = advice(run(attempt(500), attempt(3000, cores=1.9)), run(attempt(700)))
    assert (said.next_cpu, said.next_memory, said.samples) == (2048, 4096, 3)


def test_a_step_that_needs_more_costs_more() -> None:
    said = advice(run(attempt(2040), cpu=1024, memory=2048))
    assert (said.next_cpu, said.next_memory) == (1024, 4096)
    assert said.saves < 0


def test_on_spot_machines_less_is_saved() -> None:
    usual = advice(run(attempt(1500, cores=0.9)))
    assert advice(run(attempt(1500, cores=0.9), spot=True)).saves == pytest.approx(
        0.3 * usual.saves
    )


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (run(), "nothing was measured"),
        (run(Attempt(running=60.0)), "nothing was measured"),
        (run(attempt(None)), "nothing was measured"),
        (run(attempt(900), cpu=1024, memory=2048), "its sizes fit what it uses"),
        (run(attempt(900), kind="gpu"), "a whole machine with a GPU"),
        (run(attempt(900), cpu=99 * 1024), "more than a machine of AWS Fargate has"),
    ],
)
def test_where_there_is_nothing_to_advise_it_is_said_why(of: Run, why: str) -> None:
    said = advice(of)
    assert why in said.why
    assert not said.changes
    assert said.saves == 0


def test_processors_that_were_not_measured_stay() -> None:
    used = Attempt(running=HOUR, measured=Measured(500 * MB, by="task"))
    said = advice(run(used, cpu=2048, memory=16384))
    assert (said.next_cpu, said.next_memory) == (2048, 4096)
    assert said.cores is None
