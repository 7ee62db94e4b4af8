"""The month's budget: what runs have cost counts at once, and somebody is told before its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.node.world import SETTINGS, World

TOPIC = "arn:aws:sns:us-east-1:123456789012:pennsieve-node-0a1b2c3d-budget"


def world_of(budget: str, topic: str = TOPIC) -> World:
    return World(settings=replace(SETTINGS, monthly_budget=budget, budget_topic=topic))


def spend(world: World, usd: float) -> None:
    """Another run of the month has cost so much."""
    row = {"pk": {"S": "COST#2026-09"}, "sk": {"S": "another"}, "usd": {"N": f"{usd}"}}
    world.items["COST#2026-09", "another"] = row


def test_somebody_is_told_at_80_percent_and_once() -> None:
    world = world_of("10")
    spend(world, 8.5)
    world.start_own()
    world.finish_all()
    ((topic, subject, text),) = world.told
    assert topic == TOPIC
    assert "80% of the budget" in subject
    assert "8.5" in text
    assert "10.00 USD" in text
    assert "no other starts" not in text


def test_and_again_when_it_is_used_up() -> None:
    world = world_of("10")
    spend(world, 8.5)
    world.start_own()
    world.deliver(world.events.pop(0))
    for job in world.ready():
        world.begin(job)
    world.tick()
    spend(world, 10.0)
    world.finish_all()
    assert [subject.partition(": ")[2] for _, subject, _ in world.told] == [
        "80% of the budget is used",
        "100% of the budget is used",
    ]
    assert "no other starts before next month" in world.told[-1][2]
    assert world.record()["outcome"] == "FAILED"


def test_below_it_nobody_is_told() -> None:
    world = world_of("10")
    spend(world, 7.9)
    world.start_own()
    world.finish_all()
    assert world.record()["outcome"] == "SUCCEEDED"
    assert not world.told


def test_a_run_that_still_runs_counts_for_the_others() -> None:
    """Before, only runs that had ended did: many at once spent the budget many times."""
    world = world_of("10")
    world.start_own()
    world.deliver(world.events.pop(0))
    for job in world.ready():
        world.begin(job)
    world.clock += 3600
    world.tick()
    (row,) = [item for key, item in world.items.items() if key[0] == "COST#2026-09"]
    assert float(row["usd"]["N"]) > 0.04


@pytest.mark.parametrize("topic", [TOPIC, ""], ids=["refused", "none"])
def test_a_warning_that_cannot_be_sent_stops_no_run(topic: str) -> None:
    world = world_of("10", topic)
    world.throttled = {"topics.publish"}
    spend(world, 9.0)
    world.start_own()
    world.finish_all()
    assert world.record()["outcome"] == "SUCCEEDED"
    assert not world.told
