"""Two commands that make a workflow of one name at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from pennsieve_agent.domain.workflows import Checkout, Manifest, Step, StepKind, Workflow
from pennsieve_agent.errors import Conflict, Invalid
from pennsieve_agent.services.workflows import workflow_changes
from pennsieve_agent.services.workflows.create_once import create_once
from pennsieve_agent.services.workflows.existing_workflow import Existing
from pennsieve_agent.services.workflows.register_here import register_on_pennsieve
from pennsieve_agent.services.workflows.registration import (
    Means,
    Registration,
    Wish,
    known_already,
)


class Definitions:
    """Pennsieve's definitions; ``others`` are made by somebody else while ours is made."""

    def __init__(self, *others: Workflow, ours: Workflow) -> None:
        self.rows: dict[str, Workflow] = {}
        self.archived: list[str] = []
        self._others, self._ours = others, ours

    def list(self, _: str) -> Iterator[Workflow]:
        return iter(row for uuid, row in self.rows.items() if uuid not in self.archived)

    def create(self, *_: object) -> Workflow:
        for row in (*self._others, self._ours):
            self.rows[row.uuid] = row
        return self._ours

    def archive(self, uuid: str) -> None:
        self.archived.append(uuid)


class FakePlatform:
    def __init__(self, definitions: Definitions) -> None:
        self.workflows = definitions


def made(uuid: str, moment: str, name: str = "rates") -> Workflow:
    return Workflow(uuid, name, created_at=moment)


EARLY, LATE = "2026-11-28T10:00:00Z", "2026-11-28T10:00:01Z"


@pytest.mark.parametrize(
    ("other", "ours", "stays", "archived"),
    [
        (made("b", EARLY), made("a", LATE), "b", ["a"]),
        (made("b", LATE), made("a", EARLY), "a", []),
        (made("a", EARLY), made("b", EARLY), "a", ["b"]),
        (made("b", EARLY), made("a", EARLY), "a", []),
        (made("b", EARLY, "others"), made("a", LATE), "a", []),
    ],
)
def test_the_later_one_gives_way(
    other: Workflow, ours: Workflow, stays: str, archived: list[str]
) -> None:
    definitions = Definitions(other, ours=ours)
    platform = cast(Any, FakePlatform(definitions))
    workflow, is_mine = create_once(platform, "o", "rates", "", ())
    assert (workflow.uuid, is_mine) == (stays, stays == ours.uuid)
    assert definitions.archived == archived


def test_what_came_before_is_taken_and_nothing_made() -> None:
    definitions = Definitions(ours=made("a", LATE))
    definitions.rows["b"] = made("b", EARLY)
    workflow, is_mine = create_once(cast(Any, FakePlatform(definitions)), "o", "rates", "", ())
    assert (workflow.uuid, is_mine, list(definitions.rows)) == ("b", False, ["b"])


class Renamed(Definitions):
    """Pennsieve's definitions, where somebody takes the same name while ours is given it."""

    def rename(self, uuid: str, name: str, description: str) -> None:
        self.rows[uuid] = replace(self.rows[uuid], name=name, description=description)
        self.rows["b"] = made("b", LATE, "rates")

    def restore(self, uuid: str) -> None:
        self.archived.remove(uuid)
        self.rows["b"] = made("b", LATE, "rates")


def test_a_name_that_another_takes_at_the_same_moment_is_given_back() -> None:
    definitions = Renamed(ours=made("a", EARLY))
    definitions.rows["a"] = made("a", EARLY, "old")
    platform = cast(Any, FakePlatform(definitions))
    with pytest.raises(Conflict, match="already a workflow 'rates'"):
        workflow_changes.rename(platform, "o", definitions.rows["a"], "rates", "")
    assert definitions.rows["a"].name == "old"


def test_a_restored_workflow_whose_name_is_taken_meanwhile_is_archived_again() -> None:
    definitions = Renamed(ours=made("a", EARLY))
    definitions.rows["a"] = made("a", EARLY)
    definitions.archived = ["a"]
    platform = cast(Any, FakePlatform(definitions))
    with pytest.raises(Conflict, match="already a workflow 'rates'"):
        workflow_changes.restore(platform, "o", definitions.rows["a"])
    assert definitions.archived == ["a"]


class Registered(Definitions):
    """Pennsieve's definitions, as they are told one by one; ``refusal`` is what creating meets."""

    refusal: Exception | None = None

    def create(self, *words: object) -> Workflow:
        if self.refusal is not None:
            raise self.refusal
        return super().create(*words)

    def get(self, uuid: str) -> Workflow:
        return self.rows[uuid]

    def target_types(self) -> tuple[()]:
        return ()


CODE = Checkout("https://github.com/lab/rates", "v1.0.0", "c" * 40, Manifest("rates"))
RATES = Registration("rates", (CODE,), Wish())


def means(definitions: Definitions, notes: list[str]) -> Means:
    platform, none = cast(Any, FakePlatform(definitions)), cast(Any, None)
    return Means(platform, "o", "me", none, (), none, lambda _: True, none, none, notes.append)


def test_other_code_that_took_the_name_is_no_refusal_of_pennsieve() -> None:
    step = Step("count", StepKind.PROCESSOR, (), "https://github.com/lab/other", "v1.0.0")
    other = replace(made("b", EARLY), steps=(step,))
    notes: list[str] = []
    used = means(Registered(other, ours=made("a", LATE)), notes)
    found = register_on_pennsieve(used, RATES)
    assert isinstance(found, Existing)
    assert notes == ["somebody else added 'rates' at the same moment"]
    with pytest.raises(Conflict, match="already a workflow 'rates' made from other code"):
        known_already(used, found, RATES)


def test_code_that_pennsieve_refuses_is_on_own_nodes_alone() -> None:
    definitions, notes = Registered(ours=made("a", LATE)), list[str]()
    definitions.refusal = Invalid("the application is not known")
    assert register_on_pennsieve(means(definitions, notes), RATES) is None
    assert notes == [
        "Pennsieve does not list code that it did not build: the application is not known"
    ]
