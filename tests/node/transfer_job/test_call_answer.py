"""What a call of the transfer function answers fits into the event that AWS makes of it."""

from __future__ import annotations

import json

import pytest

from pennsieve_agent.node.transfer import MOST_LINE, MOST_LINES, MOST_REASON, last_lines

MOST_EVENT = 256 * 1024


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600"])
def test_many_long_lines_fit_into_an_event(letter: str) -> None:
    lines = [(1_700_000_000_000 + number, letter * 2 * MOST_LINE) for number in range(1000)]
    kept = last_lines(lines)
    answer = {"reason": letter * MOST_REASON, "lines": kept, "started": 1.5, "stopped": 2.5}
    assert len(json.dumps(answer)) < MOST_EVENT - 4096  # what AWS says itself
    assert kept[-1] == [lines[-1][0], letter * MOST_LINE]
    assert [at for at, _ in kept] == [at for at, _ in lines[-len(kept) :]]


def test_few_lines_are_all_told() -> None:
    lines = [(number, f"line {number}") for number in range(MOST_LINES)]
    assert last_lines(lines) == [list(row) for row in lines]
    assert last_lines([]) == []
