"""What is kept after a run is counted: in its cost by kind, and in the month's budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.prices import kept_cost
from pennsieve_agent.node.api.health import SWEPT_SECONDS, health
from pennsieve_agent.node.records.run_document import run_document, summary_of, timestamp
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.sweep_files import SETTLED_SECONDS
from tests.node.services import Refusal
from tests.node.test_take_over import DAG, NEW, begin, failed_run, play, taken
from tests.node.world import RUN, SETTINGS, World

_DAY = 86_400
GB = 1024**3
MONTH = "2026-09"


class Large(bytes):
    """An object of a GB, of which a test needs the size alone."""

    def __len__(self) -> int:
        return GB


def holding(run: str, count: int) -> dict[str, bytes]:
    return {f"files/runs/{run}/step/data/{n}": Large() for n in range(count)}


def world_with(count: int) -> World:
    world = World(dag=DAG, settings=replace(SETTINGS, monthly_budget="50"))
    world.objects |= holding(RUN, count)
    return world


def kept_part(record: RunRecord) -> Any:
    return record.metrics["costEstimate"]["keptSteps"]


def spent(world: World) -> float:
    return RunStore(world.node()).cost_of(MONTH)


def test_all_of_the_days_are_counted_when_it_is_kept() -> None:
    bare, world = world_with(0), world_with(3)
    for each in (bare, world):
        failed_run(each)
    record = taken(world)
    whole = 3 * kept_cost(7)
    assert kept_part(record) == {
        "storedBytes": 3 * GB,
        "days": 7.0,
        "estimatedCost": round(whole, 6),
    }
    assert record.cost == pytest.approx(taken(bare).cost + whole)
    assert summary_of(record)["costs"]["kept steps"] == round(whole, 6)
    assert summary_of(record)["cost"] == round(record.cost, 6)
    assert run_document(record, SETTINGS)["keptBytes"] == 3 * GB
    assert spent(world) == pytest.approx(spent(bare) + whole, abs=1e-5)


def test_what_comes_into_the_bucket_later_is_measured_by_the_clock() -> None:
    world = world_with(1)
    failed_run(world)
    world.objects |= holding(RUN, 4)
    world.tick()
    play(world)
    assert taken(world).kept["bytes"] == GB, "not before all is there"
    world.clock += SETTLED_SECONDS
    world.tick()
    play(world)
    assert taken(world).kept["bytes"] == 4 * GB
    assert kept_part(taken(world))["estimatedCost"] == round(4 * kept_cost(7), 6)
    world.objects |= holding(RUN, 9)
    world.tick()
    play(world)
    assert taken(world).kept["bytes"] == 4 * GB, "once"
    assert [key[1] for key in world.items if key[0] == "KEPT"] == [RUN], "it is swept all the same"


def test_days_that_it_was_not_kept_are_taken_off_again() -> None:
    world = world_with(2)
    failed_run(world)
    before, of_all = taken(world).cost, spent(world)
    world.clock += 2 * _DAY
    begin(world, NEW, "b")
    play(world)
    after = spent(world)
    world.tick()
    play(world)
    record = taken(world)
    gain = 2 * (kept_cost(7) - kept_cost(2))
    assert kept_part(record)["days"] == pytest.approx(2, abs=0.01)
    assert record.cost == pytest.approx(before - gain, rel=1e-3)
    assert spent(world) == pytest.approx(after - gain, rel=1e-3)
    assert after > of_all
    assert "keptSteps" not in taken(world, NEW).metrics["costEstimate"], "it succeeded"
    assert run_document(record, SETTINGS)["keptUntil"]


def test_what_is_swept_cost_all_of_its_days() -> None:
    world = world_with(2)
    failed_run(world)
    for _ in range(2):
        world.clock += 7 * _DAY
        world.tick()
        play(world)
    assert kept_part(taken(world))["estimatedCost"] == round(2 * kept_cost(7), 6)
    assert kept_part(taken(world))["days"] == 7.0


def test_a_retry_that_fails_is_counted_for_what_it_keeps_itself() -> None:
    world = world_with(2)
    failed_run(world)
    world.clock += _DAY
    begin(world, NEW, "b")
    play(world, failing="c")
    for _ in range(2):
        world.tick()
        play(world)
    assert kept_part(taken(world))["days"] == pytest.approx(1, abs=0.01)
    assert kept_part(taken(world, NEW))["storedBytes"] == 2 * GB, "in the folder of the first"
    assert kept_part(taken(world, NEW))["days"] == 7.0


def test_where_aws_refuses_to_tell_the_run_ends_and_nothing_is_counted() -> None:
    world = world_with(2)
    world.broken["bucket.list_objects_v2"] = lambda: Refusal("AccessDenied")
    failed_run(world)
    record = taken(world)
    assert record.kept["bytes"] is None
    assert kept_part(record) == {"storedBytes": None, "days": 7.0, "estimatedCost": 0.0}
    world.broken.clear()
    world.clock += SETTLED_SECONDS
    world.tick()
    play(world)
    assert kept_part(taken(world))["storedBytes"] == 2 * GB


def test_the_node_tells_how_much_is_kept_and_what_is_overdue() -> None:
    world = world_with(2)
    assert health(world.node())["kept"] == {
        "runs": 0,
        "bytes": 0,
        "unmeasured": 0,
        "until": "",
        "overdue": 0,
    }
    failed_run(world)
    until = taken(world).kept["until"]
    kept = health(world.node())["kept"]
    assert kept == {
        "runs": 1,
        "bytes": 2 * GB,
        "unmeasured": 0,
        "until": timestamp(until),
        "overdue": 0,
    }
    world.clock = until + SWEPT_SECONDS + 60  # the clock of the node does not run
    assert health(world.node())["kept"]["overdue"] == 1
    world.clock = until - _DAY
    begin(world, NEW, "b")
    play(world)
    assert health(world.node())["kept"]["runs"] == 0, "another run has it"


def test_a_day_on_the_fast_storage_is_paid_once_and_less_for_less() -> None:
    assert kept_cost(0) == 0
    assert kept_cost(0.5) == pytest.approx(kept_cost(1) / 2)
    assert kept_cost(7) - kept_cost(6) < kept_cost(1) / 5
