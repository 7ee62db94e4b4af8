"""The options of ``run logs`` that choose lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Scene
from tests.fakes.run_node import summary

RUN, BEGUN = "d" * 8, 4_000_000_000
AT = "2096-10-02T07:06:45.000Z"


@pytest.fixture
def run(scene: Scene) -> str:
    """A run whose step printed ten lines in its first attempt and ten in its second."""
    tries = [
        {"started": "2096-10-02T07:06:40.000Z", "ended": AT, "exitCode": 1, "reason": "exit 1"},
        {"started": AT, "ended": "2096-10-02T07:07:00.000Z", "exitCode": 0, "reason": ""},
    ]
    step: dict[str, Any] = {
        "id": "count",
        "kind": "processor",
        "status": "SUCCEEDED",
        "started": tries[0]["started"],
        "ended": tries[1]["ended"],
        "attempts": tries,
    }
    scene.node.runs[RUN] = summary(RUN, BEGUN, steps=[step])
    begun = 4_000_000_000_000
    scene.node.messages = [
        {"timestamp": begun + n * 500, "message": f"line {n}", "step": "count"} for n in range(20)
    ]
    return RUN


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("--tail", "2"), [18, 19]),
        (("--grep", "line 1"), [1, *range(10, 20)]),
        (("--grep", "[37]$"), [3, 7, 13, 17]),
        (("--grep", "[37]$", "--tail", "2"), [13, 17]),
        (("--attempt", "1", "--tail", "3"), [7, 8, 9]),
        (("--since", "2096-10-02T07:06:48"), [16, 17, 18, 19]),
        (("--until", "2096-10-02T07:06:41Z", "--step", "count"), [0, 1]),
    ],
)
def test_lines_are_chosen(scene: Scene, run: str, words: tuple[str, ...], lines: list[int]) -> None:
    told = scene.agent("run", "logs", run, *words)
    assert told.code == 0, told.err
    assert [int(line.split()[1]) for line in told.out.splitlines()] == lines


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--tail", "0"), "--tail must be at least 1, not 0"),
        (("--since", "yesterdayish"), "'yesterdayish' is not a time"),
        (("--since", "999999w"), "'999999w' is not a time"),
        (("--until", "10m", "--follow"), "--follow goes on until the end"),
        (("--since", "1m", "--until", "1h"), "no line is after 1m and before 1h"),
        (("--grep", "["), "'[' is not a regular expression"),
        (("--attempt", "3"), "there is no attempt 3: there were at most 2"),
        (("--tail", "2", "--archive", "x.zip"), "--archive is all logs of a run"),
    ],
)
def test_what_makes_no_sense_is_one_clear_sentence(
    scene: Scene, run: str, words: tuple[str, ...], line: str
) -> None:
    told = scene.agent("run", "logs", run, *words)
    assert told.code == 2
    assert told.err.startswith(f"error: {line}")
    assert "\n  hint: " in told.err


def test_no_line_that_fits_is_said(scene: Scene, run: str) -> None:
    told = scene.agent("run", "logs", run, "--grep", "nothing like it")
    assert (told.code, told.out) == (0, "")
    assert "no such line of run 'run-dddd'" in told.err
    (asked,) = [query for _, path, query in scene.node.asked if path.endswith("/logs")]
    assert asked["word"] == "nothing like it"


def test_a_log_is_followed_from_its_last_lines(scene: Scene, run: str) -> None:
    told = scene.agent("run", "logs", run, "--follow", "--tail", "3")
    assert told.code == 0, told.err
    assert told.out.splitlines()[-3:] == ["line 17", "line 18", "line 19"]
    assert "line 16" not in told.out
