"""A reconciler that fails says so to AWS, after everything else was looked at."""

from __future__ import annotations

import pytest

from tests.node.world import World, step

OTHER = "0" * 8 + "-0000-4000-8000-000000000000"


def test_the_clock_fails_when_a_run_cannot_be_advanced_and_others_can() -> None:
    world = World(dag=[step("in", kind="data-source"), step("work", "in")])
    world.start()
    for key in (("ACTIVE", OTHER), (f"RUN#{OTHER}", "RUN")):
        world.items[key] = {"pk": {"S": key[0]}, "sk": {"S": key[1]}, "body": {"S": "not JSON"}}
    before = world.record()["phase"]
    with pytest.raises(RuntimeError, match=f"1 of the active runs cannot be advanced: {OTHER}"):
        world.tick()
    assert world.record()["phase"] != before
