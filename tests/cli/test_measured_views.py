"""What attempts used and waited for, as a table."""

from __future__ import annotations

from pennsieve_agent.cli.run.measured_views import measured_table
from pennsieve_agent.console.shown import Table
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.measured import AT_LEAST, Measured
from pennsieve_agent.domain.runs import Attempt, RunState, RunStatus, StepState

USED = Measured(900 << 20, 95.0, None, 10 << 20, "task", AT_LEAST)
FIRST = Attempt(completed_at="2026-11-29T20:00:00Z", memory=1024, queued=5, startup=40, running=130)
SECOND = Attempt(memory=2048, queued=0.5, startup=None, running=60, measured=USED)


def cells(*steps: StepState) -> list[list[str]]:
    """The rows of the table, as a pipe gets them."""
    parts = measured_table(RunState(RunStatus.SUCCEEDED, steps=steps), {"work"})
    streams = Streams.for_test(terminal=False, width=100)
    texts = [part(streams) for part in parts if isinstance(part, Table)]
    return [line.split("\t") for text in texts for line in text.splitlines()]


def test_nothing_is_shown_where_no_node_tells_it() -> None:
    assert cells(StepState("a", RunStatus.SUCCEEDED, attempts=(Attempt(memory=512),))) == []


def test_each_attempt_is_told_with_what_is_known() -> None:
    transfer = StepState("in", RunStatus.SUCCEEDED, attempts=(Attempt(running=3),))
    work = StepState("work", RunStatus.SUCCEEDED, attempts=(FIRST, SECOND))
    header, *rows = cells(transfer, work)
    assert header == [
        *("STEP", "ATTEMPT", "QUEUED", "START-UP", "RAN", "MEMORY", "CPU TIME", "WRITTEN")
    ]
    assert rows == [
        ["in", "", "", "", "3 s", "", "", ""],
        ["work", "1", "5 s", "40 s", "2 min 10 s", "not measured", "", ""],
        [
            *("work", "2", "<1 s", "", "1 min 0 s"),
            *("at least 900.0 MB of 2.0 GB", "1 min 35 s", "10.0 MB"),
        ],
    ]
