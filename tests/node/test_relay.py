"""The relay's function: it answers transfers, notes the ends of their calls, and does no more."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.node import relay
from pennsieve_agent.node.jobs.tasks import RECEIPT_PATH
from tests.node.world import RUN, SETTINGS, World

QUICK = replace(SETTINGS, transfer_function="n-transfer", files_function="n-files")


def receipt(world: World, step: str) -> dict[str, Any]:
    asked = {"run": RUN, "method": "GET", "path": RECEIPT_PATH, "query": {"step": step}}
    answer: dict[str, Any] = relay.handle({"relay": asked}, world.node())
    return answer


def test_the_end_of_a_call_is_noted_and_the_reconciler_looks_at_its_run() -> None:
    world = World(settings=QUICK)
    world.start_own()
    world.deliver(world.events.pop(0))
    world.answer_call()
    (ended,) = world.events
    world.events.clear()
    calls = world.calls.copy()
    assert relay.handle(ended, world.node()) == {"ok": True}
    assert world.events == [{"advance": RUN}]
    assert world.lines, "what the call said is in the log of its step"
    assert "describe_jobs" not in world.calls - calls, "it looks at no jobs"
    world.finish_all()
    assert world.left() == {}


def test_a_receipt_waits_until_the_steps_before_it_are_noted() -> None:
    """A delivery of Batch's begins as soon as its step has ended, so it may come first."""
    world = World()
    world.start_own()
    work = world.begin_step("work")
    world.end(work, "SUCCEEDED", code=0)
    assert receipt(world, "out")["status"] == 503
    while world.events:
        world.deliver(world.events.pop(0))
    answer = receipt(world, "out")
    assert answer["status"] == 200
    steps = {step["id"]: step for step in json.loads(answer["body"]["text"])["steps"]}
    assert steps["work"]["status"] == "succeeded"


def test_what_is_neither_a_question_nor_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="accepts only requests of transfers"):
        relay.handle({"advance": RUN}, World().node())
