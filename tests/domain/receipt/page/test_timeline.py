"""When steps waited and ran, and lanes of a batch."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from pennsieve_agent.domain.receipt.page.lanes import Block, lanes_of
from pennsieve_agent.domain.receipt.page.reading import moment
from pennsieve_agent.domain.receipt.page.scale import Scale, bar, percent, ticks
from pennsieve_agent.domain.receipt.page.stretches import stretches
from pennsieve_agent.domain.receipt.page.words import amount, money, size, span
from tests.domain.receipt.examples import run_receipt
from tests.domain.receipt.page.receipts import BEGIN, Document, failed_run, running


def parts(receipt: Document, step: int) -> list[tuple[str, float]]:
    line = stretches(receipt, receipt["steps"][step], moment(receipt, "made_at"))
    return [(one.kind, (one.end - one.begin).total_seconds()) for one in line]


def untimed() -> Document:
    """The receipt of a run whose node did not say how long machines take to start."""
    receipt = copy.deepcopy(run_receipt())
    for step in receipt["steps"]:
        for attempt in step["attempts"]:
            attempt |= {"queued_seconds": None, "startup_seconds": None}
    return receipt


def test_a_step_waits_for_its_machine_and_runs_again_after_a_failure() -> None:
    receipt = untimed()
    assert parts(receipt, 0) == [("wait", 26), ("succeeded", 16)]
    assert parts(receipt, 1) == [
        *(("wait", 43), ("failed", 120)),
        *(("wait", 90), ("succeeded", 242)),
    ]


def test_a_step_that_goes_on_ends_when_the_receipt_was_made() -> None:
    assert parts(running(), 1)[-1] == ("running", 120)
    assert parts(running(), 2) == []


def test_a_step_that_failed_for_good_has_failed_at_each_attempt() -> None:
    kinds = [kind for kind, _ in parts(failed_run(), 1) if kind not in {"wait", "startup"}]
    assert kinds == ["failed", "failed"]


def test_runs_that_are_at_the_same_time_lie_in_different_lanes() -> None:
    def block(begin: int, end: int) -> Block:
        seconds = (BEGIN + timedelta(seconds=at) for at in (begin, end))
        return Block(f"{begin}-{end}", "succeeded", *seconds)

    blocks = [block(0, 10), block(5, 8), block(8, 20), block(10, 12), block(9, 9)]
    lanes = [[one.subject for one in lane] for lane in lanes_of(blocks)]
    assert lanes == [["0-10", "10-12"], ["5-8", "8-20"], ["9-9"]]


@pytest.mark.parametrize("length", [1, 7, 61, 3_600, 100_000, 10**8, 10**10])
def test_an_axis_has_a_few_round_figures(length: int) -> None:
    marks = ticks(Scale(5.0, 5.0 + length))
    assert marks[0] == 0
    assert 2 <= len(marks) <= 7
    assert marks[-1] <= length


def test_a_bar_lies_inside_of_its_picture_and_can_be_seen() -> None:
    scale = Scale(0.0, 100.0)
    assert 'x="99.6%" y="0" width="0.4%"' in bar(scale, 100, 100, box=(0, 9), class_="bar")
    assert 'x="0%" y="0" width="100%"' in bar(scale, -5, 500, box=(0, 9), class_="bar")
    assert Scale(3.0, 3.0).at(3.0) == 0
    assert percent(33.3333) == "33.33%"


def test_figures_are_words() -> None:
    assert [span(value) for value in (None, 0, 0.2, 59.6, 60, 3599, 7260, 90_000, 172_800)] == [
        *("unknown", "0 s", "<1 s", "1 min", "1 min", "59 min 59 s", "2 h 1 min"),
        *("1 day 1 h", "2 days"),
    ]
    assert [money(value) for value in (None, 0, 0.00001, 0.02, 0.0214, 1234.5)] == [
        *("unknown", "0.00 USD", "<0.0001 USD", "0.02 USD", "0.0214 USD", "1,234.50 USD"),
    ]
    assert [amount(value) for value in (0.02, 2.5)] == ["0.0200 USD", "2.5000 USD"]
    assert [size(value) for value in (None, 0, 1023, 1024, 5 * 1024**4)] == [
        *("unknown", "0 B", "1023 B", "1.0 kB", "5.0 TB"),
    ]


def test_start_up_and_queue_are_apart_where_they_are_known() -> None:
    receipt = untimed()
    first, second = receipt["steps"][1]["attempts"]
    first |= {"queued_seconds": 10.0, "startup_seconds": 20.0}
    second |= {"queued_seconds": None, "startup_seconds": 30.0}
    assert parts(receipt, 1) == [
        *(("wait", 10), ("startup", 20), ("failed", 120)),
        *(("wait", 60), ("startup", 30), ("succeeded", 242)),
    ]
    second |= {"startup_seconds": 1e6}
    assert parts(receipt, 1)[3:] == [("startup", 90), ("succeeded", 242)]
