"""What the live view of runs shows: decided without a terminal and without a run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.cli.run.watch_rows import Watched, picture, step_rows
from pennsieve_agent.console import cells
from pennsieve_agent.domain.run_events import Line
from pennsieve_agent.domain.runs import Attempt, Run, RunDetails, RunState, RunStatus, StepState
from pennsieve_agent.domain.workflows import Step, StepKind

START, END, NOW = "2026-11-29T12:00:00Z", "2026-11-29T12:00:40Z", 1_795_953_720.0
"""40 seconds and two minutes later."""
STEPS = (
    Step("input", StepKind.SOURCE),
    Step("spikes", StepKind.PROCESSOR, ("input",)),
    Step("output", StepKind.TARGET, ("spikes",)),
)
DETAILS = RunDetails(input_bytes=3 * 1024**3)
RUN = Run("r", RunStatus.STARTED, "night 1", steps=STEPS, details=DETAILS, node_name="lab")
WAITING, RUNS, DONE = RunStatus.NOT_STARTED, RunStatus.STARTED, RunStatus.SUCCEEDED


def watched(
    *states: StepState, status: RunStatus = RUNS, run: Run = RUN, **more: object
) -> Watched:
    return Watched(run, RunState(status, START, steps=states, spent=0.5), **more)  # type: ignore[arg-type]


def steps(*statuses: RunStatus, reason: str = "") -> tuple[StepState, ...]:
    return tuple(
        StepState(
            step.id,
            status,
            START if status is not WAITING else "",
            END if status is DONE else "",
            reason,
        )
        for step, status in zip(STEPS, statuses, strict=True)
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (watched(*steps(WAITING, WAITING, WAITING), status=WAITING),
         ["in the queue of the compute node", "waits for step input", "waits for step spikes"]),
        (watched(*steps(WAITING, WAITING, WAITING, reason="waiting for a machine")),
         ["waiting for a machine", "waits for step input", "waits for step spikes"]),
        (watched(*steps(RUNS, WAITING, WAITING)),
         ["downloading 3.0 GB", "waits for step input", "waits for step spikes"]),
        (watched(*steps(RUNS, WAITING, WAITING),
                 lines={"input": Line("input", 1, "downloaded 1048576 of 3221225472 bytes")}),
         ["downloaded 1.0 MB of 3.0 GB", "waits for step input", "waits for step spikes"]),
        (watched(*steps(DONE, WAITING, WAITING)),
         ["", "about to start", "waits for step spikes"]),
        (watched(*steps(DONE, DONE, RUNS)), ["", "", "uploading the results"]),
        (watched(StepState("input", DONE, START), StepState("spikes", RUNS, START, attempts=(
            Attempt(START, START, 1, "exit code 1"), Attempt(START, "", None, "")))),
         ["", "attempt 2"]),
    ],
)  # fmt: skip
def test_each_step_says_what_it_does_or_waits_for(seen: Watched, words: list[str]) -> None:
    assert [row.words for row in step_rows(seen, NOW)] == words


def test_the_view_of_a_run() -> None:
    seen = watched(
        *steps(DONE, RUNS, WAITING), last=Line("spikes", 1, "\x1b[31mchannel\t7\x1b[0m of 64")
    )
    assert [line.text.rstrip() for line in picture([seen], NOW, 80, 24)] == [
        "● night 1  running  2 min 0 s",
        "  on lab",
        "",
        "✓ input   succeeded  40 s",
        "● spikes  running    2 min 0 s",
        "· output  pending               waits for step spikes",
        "",
        "spikes | channel 7 of 64",
        "cost so far 0.50 USD, estimated",
        "Ctrl+C stops watching; the run goes on",
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(list(RunStatus)), max_size=60),
    st.integers(20, 200),
    st.integers(9, 60),
    st.integers(1, 3),
)
def test_it_fits_any_terminal_and_counts_what_it_hides(
    statuses: list[RunStatus], width: int, height: int, count: int
) -> None:
    names = [f"step-{number}-日本" for number in range(len(statuses))]
    states = [StepState(name, status, START) for name, status in zip(names, statuses, strict=True)]
    lines = picture([watched(*states)] * count, NOW, width, height)
    assert len(lines) <= height
    assert all(cells.width(line.text) <= width for line in lines)
    text = "\n".join(line.text for line in lines)
    assert count > 1 or "… and" in text or text.count("本") >= len(statuses)


def test_what_fails_or_runs_is_shown_first_of_many() -> None:
    many = [StepState(f"s{number:02}", DONE, START) for number in range(40)]
    many[30] = StepState("failed-one", RunStatus.FAILED, START, reason="exit code 3")
    text = [line.text for line in picture([watched(*many)], NOW, 80, 24)]
    assert any("failed-one" in line and "exit code 3" in line for line in text)
    (more,) = [line for line in text if "… and" in line]
    hidden = int(more.split()[2])
    assert hidden + sum(line.startswith("✓ s") for line in text) == 39


def test_several_runs_have_a_line_each() -> None:
    one = watched(*steps(DONE, RUNS, WAITING))
    other = watched(*steps(DONE, DONE, DONE), status=DONE, run=Run("b", DONE, "night 2"))
    assert [line.text.rstrip() for line in picture([one, other], NOW, 80, 24)] == [
        "2 runs: 1 running, 1 succeeded",
        "● night 1  running    2 min 0 s  1 of 3 steps: spikes",
        "✓ night 2  succeeded             3 of 3 steps",
        "Ctrl+C stops watching; the runs go on",
    ]
