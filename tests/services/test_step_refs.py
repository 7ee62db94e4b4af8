"""Which version of its code each step of a workflow gets."""

from __future__ import annotations

import pytest

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.workflows.code_change import StepSource
from pennsieve_agent.services.workflows.step_refs import Ref, kept_words, step_refs

COMMIT = "c" * 40
SOURCES = (
    StepSource("clean", "https://github.com/lab/clean", "v1", COMMIT),
    StepSource("count", "https://github.com/lab/count", COMMIT[:7], COMMIT),
)
NEWEST, V1, THIS = Ref(), Ref("v1", is_kept=True), Ref(COMMIT, is_kept=True)


@pytest.mark.parametrize(
    ("to", "steps", "pinned", "clean", "count"),
    [
        ((), (), (), NEWEST, NEWEST),
        ((), (), ("clean", "count"), V1, THIS),
        (("clean=v2",), (), ("clean", "count"), Ref("v2"), THIS),
        (("clean=v2",), (), (), Ref("v2"), NEWEST),
        (("v2",), ("clean",), ("clean",), Ref("v2"), THIS),
        ((), ("clean",), ("clean",), NEWEST, THIS),
        (("clean=v2",), ("clean", "count"), ("count",), Ref("v2"), NEWEST),
    ],
)
def test_who_is_named_is_moved_and_who_is_pinned_stays(
    to: tuple[str, ...], steps: tuple[str, ...], pinned: tuple[str, ...], clean: Ref, count: Ref
) -> None:
    assert step_refs(SOURCES, to, steps, pinned) == {"clean": clean, "count": count}


@pytest.mark.parametrize(
    ("to", "steps", "said"),
    [
        (("v2",), (), "'v2' does not say which step it is for"),
        (("v2",), ("clean", "count"), "'v2' does not say which step it is for"),
        ((), ("nope",), "no step that runs code is called 'nope'"),
        (("count=v2",), ("clean",), "is for a step that --step leaves out"),
    ],
)
def test_what_is_not_clear_is_refused(
    to: tuple[str, ...], steps: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageProblem, match=said):
        step_refs(SOURCES, to, steps, ())


def test_pinned_steps_are_named_once() -> None:
    refs = step_refs(SOURCES, (), (), ("clean",))
    (line,) = kept_words(SOURCES, refs, ())
    assert line == (
        "step 'clean' is pinned and keeps v1 (ccccccc); move it with: --step clean --to TAG"
    )
    assert not [*kept_words(SOURCES, step_refs(SOURCES, (), ("count",), ()), ("count",))]
