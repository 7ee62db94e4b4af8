"""The checklist for a real AWS account in the README: what it says can be typed, at its price."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pennsieve_agent.cli.command import click_command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.resolve import Call, resolve
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain import prices, trial_run
from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.run_estimate import estimate

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
_, TEXT, _ = re.split(r"(?m)^## First time in a real AWS account$|^## What works on", README)
ROWS: list[tuple[str, str]] = re.findall(
    r"(?m)^\| \d+\. \| `(pennsieve [^`]+)` \| [^|]*\| ([^|]*) \|$", TEXT
)
LINES = [line for line, _ in ROWS] + re.findall(r"(?m)^(pennsieve .+)$", TEXT)
COUNT_ROWS = RunPlan(
    "run",
    "count-rows",
    "dataset",
    (
        Job("input", JobKind.STAGE_IN),
        Job("count-rows", JobKind.PROCESSOR, ("input",), cpu=1024, memory=2048),
        Job("output", JobKind.TARGET, ("count-rows",)),
    ),
)


def costs(words: str) -> str:
    """What the checklist says that the line with these words costs."""
    (text,) = [cost for line, cost in ROWS if line.endswith(words)]
    return text


def test_it_is_whole() -> None:
    assert len(ROWS) == len(re.findall(r"(?m)^\| \d+\. \|", TEXT)) == 17
    assert len(LINES) == len(ROWS) + 2
    made, removed = ("create", "register", "add"), ("delete", "delete", "archive")
    for group, one, other in zip(("dataset", "compute", "workflow"), made, removed, strict=True):
        begun = [n for n, line in enumerate(LINES) if line.startswith(f"pennsieve {group} {one}")]
        ended = [n for n, line in enumerate(LINES) if line.startswith(f"pennsieve {group} {other}")]
        assert begun[0] < ended[0], group


@pytest.mark.parametrize("line", LINES)
def test_a_line_can_be_typed(line: str) -> None:
    call = resolve(shlex.split(line)[1:])
    assert isinstance(call, Call)
    assert not call.notes
    command = click_command(call.command)
    command.make_context(line, list(call.arguments), obj=Context(Streams.for_test(), {}))


def test_the_prices_are_those_of_the_table() -> None:
    month = prices.total(prices.idle_cost("basic"))
    assert f"{month:.2f} USD a month" in costs("register --name first-try")
    assert max(trial_run.price(mode, "us-east-1") for mode in ("basic", "compliant")) < 0.01
    assert costs("doctor first-try --run") == "less than 0.01 USD"
    assert "less than 0.01 USD for the trial run" in TEXT.replace("\n", " ")
    assert f"{prices.ECR_GB_MONTH:.2f} USD a month for each GB" in costs(
        "workflow add ~/count-rows"
    )
    hour = prices.total(prices.idle_cost("compliant")) / prices.HOURS_A_MONTH
    assert f"{hour:.2f} USD for each hour" in TEXT


def test_all_of_it_costs_as_little_as_it_says() -> None:
    """Half an hour of each node, both trial runs, and a run of ten minutes on a small file."""
    run = estimate(COUNT_ROWS, 1_000_000, mode="basic", region="us-east-1")
    ran = run.once + run.hour / 6
    assert run.once + run.hour / 60 < 0.01, costs("--all --follow")
    idle = [prices.total(prices.idle_cost(mode)) for mode in ("basic", "compliant")]
    trials = [trial_run.price(mode, "us-east-1") for mode in ("basic", "compliant")]
    nodes = sum(idle) / prices.HOURS_A_MONTH / 2
    assert 0.01 < nodes + sum(trials) + ran < 0.10
    assert "less than 0.10 USD" in " ".join(TEXT.split())
