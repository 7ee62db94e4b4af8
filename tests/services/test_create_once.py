"""Two commands that make a workflow of one name at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.services.workflows.create_once import create_once


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
