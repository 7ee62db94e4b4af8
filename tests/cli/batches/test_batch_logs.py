"""``run logs`` of a batch on an own node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.batches.scene import SUBJECTS, Scene


def test_lines_begin_with_their_subject(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    started.node.messages = [{"timestamp": 1_700_000_000_000, "message": "hello", "step": "count"}]
    lines = started("run", "logs", "first batch").out.splitlines()
    assert len(lines) == 3
    assert any(line.startswith("Zoë 3  ") and line.endswith("hello") for line in lines)
    (line,) = started("run", "logs", "first batch", "--failed").out.splitlines()
    assert line.startswith("sub-02")
    (line,) = started("run", "logs", "first batch", "--subject", "sub-*1").out.splitlines()
    assert line.startswith("sub-01")
    messages = started("run", "logs", "first batch", "--json").document["messages"]
    assert {one["subject"] for one in messages} == set(SUBJECTS)
    missing = started("run", "logs", "first batch", "--subject", "nobody", code=2)
    assert "has no subject 'nobody'" in missing.err


def test_following_shows_the_lines_of_active_runs_to_the_end(started: Scene) -> None:
    started.agent.quick = True
    started.node.messages = [{"timestamp": 1_700_000_000_000, "message": "hello", "step": "count"}]
    started.node.set(started.batch, "sub-01", "STARTED")
    node, ask = started.node, started.ask
    looked = []

    def until_the_second(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if path.endswith("/logs"):
            looked.append(path)
            node.end(started.batch)
        return ask(method, path, *rest, **more)

    started.ask = until_the_second  # type: ignore[method-assign]
    out = started("run", "logs", "first batch", "--follow").out
    assert sorted(line.partition("|")[0].strip() for line in out.splitlines()) == sorted(SUBJECTS)
    assert looked


def test_following_a_batch_that_is_over_shows_what_it_printed(started: Scene) -> None:
    started.agent.quick = True
    started.node.end(started.batch, "sub-02")
    started.node.messages = [
        {"timestamp": 1_700_000_000_000, "message": f"hello {n}", "step": "count"} for n in range(3)
    ]
    follow = ("run", "logs", "first batch", "--follow")
    said = started(*follow, "--tail", "1", code=3)
    assert [line.rpartition("| ")[2] for line in said.out.splitlines()] == ["hello 2"] * 3
    assert "2 succeeded, 1 failed" in said.err
    lines = [json.loads(line) for line in started(*follow, "--json", code=3).out.splitlines()]
    assert [one.get("subject") for one in lines[:-1]] == [
        s for s in sorted(SUBJECTS) for _ in range(3)
    ]
    assert lines[-1]["error"]["code"] == "run_failed"
    none = started(*follow, "--grep", "nothing", code=3)
    assert (none.out, "no such line of batch 'first batch'" in none.err) == ("", True)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("--tail", "2"), [8, 9]),
        (("--grep", "line [37]$"), [3, 7]),
        (("--grep", "[37]$", "--tail", "1"), [7]),
        (("--since", "2096-10-02T07:06:44"), [8, 9]),
        (("--until", "2096-10-02T07:06:41Z", "--step", "count"), [0, 1]),
        (("--attempt", "1", "--tail", "1"), [9]),
        (("--attempt", "2"), []),
    ],
)
def test_lines_are_chosen_for_each_subject(
    started: Scene, words: tuple[str, ...], lines: list[int]
) -> None:
    started.node.end(started.batch)
    begun = 4_000_000_000_000
    started.node.messages = [
        {"timestamp": begun + n * 500, "message": f"line {n}", "step": "count"} for n in range(10)
    ]
    chosen = started("run", "logs", "first batch", "--failed", "--json", *words).document
    assert chosen["messages"] == []
    told = started("run", "logs", "first batch", "--json", *words).document["messages"]
    of = {name: [int(m["message"][5:]) for m in told if m["subject"] == name] for name in SUBJECTS}
    assert of == dict.fromkeys(SUBJECTS, lines)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--tail", "0"), "--tail must be at least 1, not 0"),
        (("--until", "10m", "--follow"), "--follow goes on until the end"),
        (("--step", "none"), "the batch has no step 'none'"),
        (("--attempt", "0"), "there is no attempt 0"),
    ],
)
def test_what_chooses_no_lines_of_a_batch_is_said(
    started: Scene, words: tuple[str, ...], line: str
) -> None:
    assert f"error: {line}" in started("run", "logs", "first batch", *words, code=2).err
