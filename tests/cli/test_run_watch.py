"""``run watch`` and ``run start --watch`` as they are typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Scene
from tests.fakes.run_node import summary

RUN = "c" * 8
BEGUN = 4_000_000_000


def step(name: str, kind: str, status: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "kind": kind, "status": status, **more}


def put(scene: Scene, status: str, count: str, **more: Any) -> None:
    """A run of two steps on the own node."""
    at, then = "2096-10-02T07:06:45.000Z", "2096-10-02T07:06:50.000Z"
    rows = [
        step("input", "data-source", "SUCCEEDED", started=at, ended=then),
        step("count", "processor", count, started=then, ended="2096-10-02T07:07:45.000Z", **more),
    ]
    scene.node.runs[RUN] = summary(RUN, BEGUN, status=status, steps=rows, spent=0.5)
    scene.node.messages = [
        {"timestamp": BEGUN * 1000 + 10_000, "message": "reading", "step": "count"},
        {"timestamp": BEGUN * 1000 + 50_000, "message": "all\x1b[2J done", "step": "count"},
    ]


def test_the_view_stays_at_the_end_and_the_terminal_is_told(scene: Scene) -> None:
    put(scene, "SUCCEEDED", "SUCCEEDED")
    done = scene.agent("run", "watch", RUN, terminal=True)
    assert done.code == 0, done.err
    screen, _, after = done.out.rpartition("\x1b[?1049l")
    assert "✓ count" in screen
    title, bell, picture = after.partition("\x1b\\\a")
    assert (title, bell) == ("\x1b]2;run-cccc succeeded", "\x1b\\\a")
    assert [line.rstrip() for line in picture.splitlines()] == [
        "✓ run-cccc  succeeded  1 min 0 s",
        "  word-count on my-node",
        "",
        "✓ input  succeeded  5 s",
        "✓ count  succeeded  55 s",
        "",
        "count | all done",
        "cost 0.50 USD, estimated",
    ]
    assert done.err == "run 'run-cccc' succeeded in 1 min 0 s\n"


def test_in_a_pipe_each_change_is_a_line(scene: Scene) -> None:
    put(scene, "FAILED", "FAILED", reason="it ended with exit code 4")
    told = scene.agent("run", "watch", RUN)
    assert told.code == 3
    assert told.out.splitlines() == [
        "step input: running",
        "step input: succeeded",
        "step count: running",
        "step count: failed: it ended with exit code 4",
        "run: failed",
    ]
    assert "error: run 'run-cccc' failed in step 'count'" in told.err


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("CANCELED", 3)])
def test_json_is_the_run_at_its_end(scene: Scene, status: str, code: int) -> None:
    put(scene, status, status)
    answer = scene.agent("run", "watch", RUN, "--json", terminal=True)
    assert answer.code == code
    assert answer.document["status"] == status.lower()


def test_the_time_may_be_up(scene: Scene) -> None:
    put(scene, "STARTED", "STARTED")
    told = scene.agent("run", "watch", RUN, "--timeout", "0")
    assert told.code == 8
    assert "is still running" in told.err


def test_two_ways_to_follow_are_refused(scene: Scene) -> None:
    told = scene.agent("run", "start", "-d", "x", "--all", "--follow", "--watch")
    assert told.code == 2
    assert "--follow and --watch cannot be given together" in told.err
