"""The archive of a log: of any size, in passes that end in time, made again where it failed."""

from __future__ import annotations

import base64
import io
import random
import zipfile

import pytest

from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.amounts import amount
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs import log_archive
from pennsieve_agent.node.runs.log_archive import archive, archive_key
from tests.node import services
from tests.node.owned import Owned, start
from tests.node.world import RUN, World

KEY = archive_key(RUN)


def job(name: str, kind: JobKind = JobKind.PROCESS) -> JobRecord:
    log = f"run/{RUN}/{name}/default/1"
    rows = [{"started": 1.0, "ended": 9.0, "exitCode": 0, "reason": "", "log": log}]
    return JobRecord(name, name, kind, status="SUCCEEDED", log=log, attempts=rows)


def slow_node(world: World, seconds: float) -> Node:
    """A node for which each look at the clock takes so long."""
    node = world.node()

    def now() -> float:
        world.clock += seconds
        return world.clock

    node.now = now
    return node


def kept(world: World) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(world.objects[KEY])) as found:
        assert found.testzip() is None
        return {name: found.read(name).decode() for name in found.namelist()}


@pytest.mark.parametrize("seconds", [0.0, 20.0, 60.0])
def test_a_log_is_kept_whole_in_as_many_passes_as_it_takes(seconds: float) -> None:
    world = World(page=3)
    record = RunRecord(RUN, 0.0, jobs=[job("in", JobKind.STAGE), job("a"), job("b")])
    for number in range(40):
        name = "ab"[number % 2]
        world.lines.append((f"run/{RUN}/{name}/default/1", number, f"line {number}"))
    said = f"{amount(3, 77)} from dataset d"
    world.lines += [(record.jobs[0].log, at, said) for at in (1, 2)]
    node, passes = slow_node(world, seconds), 1
    while not archive(node, record):
        record = RunRecord.of(record.to_json())
        passes += 1
    assert (passes > 1) is bool(seconds)
    files = kept(world)
    for name, first in (("a", 0), ("b", 1)):
        parts = sorted((n for n in files if n.startswith(f"{name}.")), key=lambda n: (len(n), n))
        text = "".join(files[part] for part in parts)
        assert text == "".join(f"{n} line {n}\n" for n in range(first, 40, 2))
    assert record.staged_bytes == 77
    assert record.archive == {"done": True}


def test_a_log_of_many_megabytes_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With parts that are smaller than S3's, so that it takes no minute."""
    for module, name in (
        (log_archive, "LEAST_PART"),
        (log_archive, "PASS_BYTES"),
        (services, "LEAST_PART"),
    ):
        monkeypatch.setattr(module, name, 100_000)
    world, chance = World(page=2), random.Random(1)  # noqa: S311 - no secret
    record = RunRecord(RUN, 0.0, jobs=[job("a")])
    lines = [base64.b85encode(chance.randbytes(18_000)).decode() for _ in range(14)]
    world.lines = [(record.jobs[0].log, number, text) for number, text in enumerate(lines)]
    passes = 1
    while not archive(world.node(), record):
        passes += 1
    assert passes > 2
    text = "".join(value for name, value in kept(world).items() if name != "run.json")
    assert text == "".join(f"{number} {line}\n" for number, line in enumerate(lines))
    assert not world.parts


def test_a_pass_whose_end_was_not_noted_is_made_again() -> None:
    """Killed when the upload was completed: it is no longer there."""
    world = World()
    record = RunRecord(RUN, 0.0, jobs=[job("a")], archive={"upload": "gone", "sent": 9, "step": 1})
    world.lines = [(record.jobs[0].log, 1, "hello")]
    assert not archive(world.node(), record)
    assert archive(world.node(), record)
    assert kept(world)["a.log"] == "1 hello\n"


def test_a_failed_archive_holds_no_end_up_and_is_made_again_by_the_clock() -> None:
    world = World()
    world.start_own()
    world.broken = {"logs.get_log_events": lambda: KeyError("events")}
    world.finish_all()
    world.tick()
    assert world.record()["outcome"] == "SUCCEEDED"
    assert world.record()["metrics"]["totalEstimatedCost"] is not None
    assert KEY not in world.objects
    world.broken = {}
    world.tick()
    assert world.record()["phase"] == "done"
    assert "in.log" in kept(world)
    assert not world.left()


def test_an_archive_that_was_killed_again_and_again_skips_no_final_state() -> None:
    world = World()
    world.start_own()
    for _ in range(30):
        for job_ in world.ready():
            world.begin(job_)
            world.end(job_, "SUCCEEDED", code=0)
        world.events.clear()
        world.kill_on = "logs.get_log_events"
        world.tick()
        if world.record()["phase"] in {"cleaning", "reporting"}:
            break
    assert world.record()["outcome"] == "SUCCEEDED"
    assert world.record()["phase"] in {"cleaning", "reporting"}


def test_an_archive_that_never_came_is_made_where_it_is_asked_for(node: Owned) -> None:
    owner = node.furnish()
    asked = start()
    owner.ask("POST", "/runs", body=asked)
    world = node.world
    world.broken = {"logs.get_log_events": lambda: KeyError("events")}
    world.finish_all()
    world.clock += 2 * 86_400
    world.tick()
    world.finish_all()
    world.tick()
    shown = owner.ask("GET", f"/runs/{asked['id']}")
    assert (shown["status"], shown["phase"]) == ("SUCCEEDED", "done")
    world.broken = {}
    with pytest.raises(Exception, match="not ready yet"):
        owner.ask("GET", f"/runs/{asked['id']}/archive")
    world.deliver(world.events.pop(0))
    assert owner.ask("GET", f"/runs/{asked['id']}/archive")["url"]
    assert archive_key(asked["id"]) in world.objects
    assert world.items[f"RUN#{asked['id']}", "RUN"]["expires_at"]
