"""Batches with rows that cannot run: nothing is taken, and everything that is wrong is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.errors import Invalid
from pennsieve_agent.node.records.run_store import RunStore
from tests.node.batches.batch_calls import batch, row
from tests.node.owned import WORKFLOW, Owned, version


def refused(node: Owned, asks: dict[str, Any]) -> list[tuple[str, str]]:
    """The problems that the node names."""
    owner = node.owner
    with pytest.raises(Invalid) as error:
        owner.ask("POST", "/batches", body=asks)
    assert owner.ask("GET", "/batches")["batches"] == []
    assert not node.world.events
    answer: Any = error.value.answer
    assert answer["code"] == "bad-rows"
    return [(entry["subject"], entry["message"]) for entry in answer["problems"]]


def test_every_row_that_is_wrong_is_named(node: Owned) -> None:
    node.furnish()
    asks = batch(["good", "a/../b", "Doubled", "doubled", "size"])
    asks["runs"][4]["files"][0]["size"] = -1
    asks["runs"].append(row("more", limits={}))
    asks["runs"].append({"packages": []})
    problems = dict(refused(node, asks))
    assert set(problems) == {"a/../b", "Doubled", "size", "more", ""}
    assert "'..'" in problems["a/../b"]
    assert problems["Doubled"].endswith("the same folder of results: 'Doubled', 'doubled'")
    assert "number of bytes" in problems["size"]
    assert "'limits' is not part" in problems["more"]
    assert "needs a subject" in problems[""]


def test_parameters_of_rows_are_checked_against_the_version(node: Owned) -> None:
    owner = node.furnish()
    document = version("strict")
    document["steps"][1]["parameters"] = [{"name": "LEVEL", "type": "integer", "required": True}]
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/strict", body=document)
    asks = batch(["a", "b", "c"], version="strict")
    asks["runs"][0]["parameters"] = {"work": {"LEVEL": "3"}}
    asks["runs"][1]["parameters"] = {"work": {"LEVEL": "3", "LEVLE": "4"}}
    problems = dict(refused(node, asks))
    assert set(problems) == {"b", "c"}
    assert "LEVLE" in problems["b"]
    assert "LEVEL" in problems["c"]


def test_at_most_fifty_problems_are_listed(node: Owned) -> None:
    node.furnish()
    asks = batch([f"-{n}" for n in range(60)])
    assert len(refused(node, asks)) == 50


def test_a_budget_that_is_used_up_lets_no_batch_begin(node: Owned) -> None:
    owner = node.furnish()

    node.world.settings = replace(node.world.settings, monthly_budget="1")
    RunStore(node.world.node()).note_cost("2026-09", "other", 2.0)
    with pytest.raises(Invalid, match=r"budget of the compute node, 1\.00 USD, is used up"):
        owner.ask("POST", "/batches", body=batch())
