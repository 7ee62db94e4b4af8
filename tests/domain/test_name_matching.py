from __future__ import annotations

import pytest

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.errors import UsageProblem

THINGS = [
    ("N:dataset:11aa", "Mouse EEG"),
    ("N:dataset:12bb", "Mouse EMG"),
    ("N:dataset:13cc", "Mouse"),
]


def choose(wanted: str, things: list[tuple[str, str]] | None = None) -> tuple[str, str]:
    return pick(
        wanted,
        THINGS if things is None else things,
        kind="dataset",
        keys=lambda t: t,
        list_command="pennsieve dataset list",
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Mouse", 2),
        ("mouse", 2),
        ("mouse eeg", 0),
        ("Mouse EM", 1),
        ("N:dataset:12bb", 1),
        ("12b", 1),
        (" Mouse EEG ", 0),
    ],
)
def test_found(wanted: str, expected: int) -> None:
    assert choose(wanted) == THINGS[expected]


def test_several_are_named() -> None:
    with pytest.raises(UsageProblem, match="2 datasets match 'mouse e'") as caught:
        choose("mouse e")
    assert "Mouse EEG (N:dataset:11aa)" in caught.value.message


def test_two_with_the_same_name_are_told_apart_by_id() -> None:
    twins = [("1a", "x"), ("2b", "x")]
    with pytest.raises(UsageProblem, match="2 datasets match"):
        choose("x", twins)
    assert choose("2b", twins) == ("2b", "x")


@pytest.mark.parametrize("wanted", ["dog", "", "  "])
def test_none(wanted: str) -> None:
    with pytest.raises(UsageProblem, match="no dataset is called") as caught:
        choose(wanted)
    assert caught.value.hint == "list them with: pennsieve dataset list"


def test_nothing_there_at_all() -> None:
    with pytest.raises(UsageProblem, match="no dataset is called 'x'; there is none yet"):
        choose("x", [])
