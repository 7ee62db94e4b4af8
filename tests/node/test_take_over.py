"""What the steps of a run made is kept for some days, and another run goes on with it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.step_files import merged_folder, step_folder
from pennsieve_agent.errors import Invalid, NotFound
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.jobs.access_points import uid_of
from pennsieve_agent.node.jobs.tasks import Task, TaskKind
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.records.run_document import run_document, status_of
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.runs.own_run import Who, record_of
from pennsieve_agent.node.runs.plan_jobs import CannotRun
from pennsieve_agent.node.runs.receipt import receipt_of
from pennsieve_agent.node.runs.run_costs import RunCost
from pennsieve_agent.node.runs.take_over import go_on
from pennsieve_agent.node.runs.transitions import step_states
from pennsieve_agent.node.transfer_job import perform
from pennsieve_agent.node.transfer_job.pace import Pace
from tests.node.owned import WORKFLOW, Owned, start, user, version
from tests.node.world import DATASET, RUN, SETTINGS, World, step

NEW, OTHER = (RUN.replace("5555", each) for each in ("6666", "7777"))
DAG = [
    step("in", kind="data-source"),
    step("a", "in"),
    step("b", "a"),
    step("c", "in", "b"),
    step("out", "c", kind="data-target"),
]
SMALL = [step("in", kind="data-source"), step("a", "in"), step("b", "a")]
STRIDE = 1 if "SOAK" in os.environ else 31
"""Every call, or some of them, of which the two kinds of kills have different ones."""
QUICK = replace(SETTINGS, transfer_function="n-transfer", files_function="n-files")
_DAY = 86_400


@pytest.fixture(params=["jobs", "calls"])
def world(request: pytest.FixtureRequest) -> World:
    return World(dag=DAG, settings=QUICK if request.param == "calls" else SETTINGS)


def begin(world: World, run: str = RUN, goes_on: str = "", **limits: Any) -> None:
    """A run of the node alone; ``goes_on`` is the step from which on an earlier one is repeated."""
    node = world.node()
    store = RunStore(node)
    work = {"sourceUrl": "https://github.com/lab/x", "image": f"x@sha256:{'a' * 64}"}
    steps = [{**row, "kind": row["type"], **work, "parameters": []} for row in world.dag]
    asked: dict[str, Any] = {
        "id": run,
        "name": f"run {run[-1]}",
        "workflow": "w",
        "version": "v1",
        "dataset": DATASET,
        "packages": ["N:package:1"],
        "files": [{"path": "a.edf", "package": "N:package:1", "size": 7}],
        "limits": {"keepSteps": 7, **limits},
        "targets": {"out": {}} if any(row["id"] == "out" for row in world.dag) else {},
        **({"from": {"run": RUN, "step": goes_on}} if goes_on else {}),
    }
    Registry(node).grant({"workflow": "w", "dataset": DATASET, "access": "read-write"})
    who = Who(Caller("arn:aws:iam::123456789012:user/ada", "123456789012"), {})
    document = {"workflow": "w", "name": "flow", "version": "v1", "steps": steps}
    new = Start.of(asked)
    record = record_of(node, store, new, document, who)
    if goes_on:
        go_on(node, store, record, new, taken(world))
    store.begin(record, start=asked)
    world.events.append({"advance": run})


def taken(world: World, run: str = RUN) -> RunRecord:
    record = RunStore(world.node()).read(run)
    assert record is not None
    return record


def play(world: World, failing: str = "") -> None:
    """Let all come to its end; the step ``failing`` fails."""
    for _ in range(60):
        for job in world.ready():
            fails = bool(failing) and f"-{failing}-" in job.name and "merge" not in job.name
            world.begin(job)
            world.end(job, "FAILED" if fails else "SUCCEEDED", code=3 if fails else 0)
        while world.called:
            world.answer_call()
        if not world.events:
            return
        while world.events:
            world.deliver(world.events.pop(0))


def failed_run(world: World) -> None:
    begin(world)
    play(world, failing="b")
    assert status_of(taken(world)) == "FAILED"


def ran(world: World, run: str) -> list[str]:
    """What was done for a run, of the steps and of the files, in order."""
    jobs = [job.name for job in world.jobs.values()] + [name for _, name in world.done]
    return [name.removeprefix(f"{run}-") for name in jobs if name.startswith(run)]


def cleanings(world: World) -> list[str]:
    return [name for run in (RUN, NEW, OTHER) for name in ran(world, run) if "clean" in name]


def test_what_is_kept_is_nothing_but_files(world: World) -> None:
    failed_run(world)
    assert world.left() == {}
    assert cleanings(world) == []
    record = taken(world)
    until = run_document(record, SETTINGS)["keptUntil"]
    assert record.kept == {"until": record.ended + 7 * _DAY, "bytes": 0}
    assert until.startswith("20")
    world.tick()
    assert cleanings(world) == [], "not before its time"


def test_the_clock_sweeps_it_and_the_run_stays_ended(world: World) -> None:
    failed_run(world)
    world.clock += 7 * _DAY
    world.tick()
    assert status_of(taken(world)) == "FAILED"
    play(world)
    assert len(cleanings(world)) == 1
    assert world.left() == {}
    assert [key for key in world.items if key[0] == "KEPT"] == []
    assert status_of(taken(world)) == "FAILED"
    with pytest.raises(CannotRun, match="for some days, which are over"):
        begin(world, NEW, "b")


@pytest.mark.parametrize(
    ("failing", "limits"), [("", {}), ("in", {}), ("b", {"keepSteps": 0})], ids=str
)
def test_nothing_is_kept_of(world: World, failing: str, limits: dict[str, Any]) -> None:
    if failing == "in":
        world.settings = SETTINGS  # the jobs of this world fail, not its calls
    begin(world, **limits)
    play(world, failing=failing)
    assert len(cleanings(world)) == 1
    assert not taken(world).kept
    with pytest.raises(CannotRun, match="nothing that the steps of run 'run 5' made was kept"):
        begin(world, NEW, "b")


def test_finished_steps_are_not_paid_again(world: World) -> None:
    failed_run(world)
    begin(world, NEW, "b")
    play(world)
    record = taken(world, NEW)
    assert status_of(record) == "SUCCEEDED"
    names = ran(world, NEW)
    assert not [name for name in names if name.startswith(("a-", "in-"))]
    assert [name for name in names if name.startswith("b-")] == ["b-1"]
    first = next(job for job in world.jobs.values() if job.name == f"{NEW}-b-1")
    assert all(world.jobs[each].name.startswith(f"{NEW}-_2f_clear") for each in first.after) or (
        world.settings is QUICK and not first.after
    )
    assert uid_of(record) == uid_of(taken(world))
    assert len(cleanings(world)) == 1
    assert world.left() == {}
    world.clock += 8 * _DAY
    world.tick()
    play(world)
    assert len(cleanings(world)) == 1, "who goes on with the files deletes them"
    assert [key for key in world.items if key[0] == "KEPT"] == []


def test_the_folder_of_the_earlier_run_is_mounted_and_emptied(world: World) -> None:
    failed_run(world)
    begin(world, NEW, "b")
    while world.events:
        world.deliver(world.events.pop(0))
    task = Task.of(world.objects[f"runs/{NEW}/_2f_clear.clear.json"])
    assert (task.kind, task.folder, task.run) == (TaskKind.CLEAR, RUN, NEW)
    assert task.parents == ("b", "c", "out")
    while world.called:
        world.answer_call()
        while world.events:
            world.deliver(world.events.pop(0))
    folders = {point["path"] for point in world.access_points.values()}
    assert f"/runs/{RUN}/{step_folder('b')}" in folders
    assert all(path.startswith(f"/runs/{RUN}") for path in folders)


def test_what_was_taken_over_is_shown_and_on_the_receipt(world: World) -> None:
    failed_run(world)
    begin(world, NEW, "b")
    play(world)
    record = taken(world, NEW)
    document = run_document(record, SETTINGS)
    assert document["taken"] == {"run": RUN, "name": "run 5", "steps": ["in", "a"]}
    reasons = {row["id"]: (row["status"], row["reason"]) for row in document["steps"]}
    assert reasons["a"] == ("SUCCEEDED", "taken over from run 'run 5'; it cost nothing")
    assert reasons["b"] == ("SUCCEEDED", "")
    receipt = receipt_of(record, {}, SETTINGS, RunCost(), world.now())
    assert receipt["taken_over"] == document["taken"]
    costs = {row["id"]: row["usd"] for row in receipt["steps"]}
    assert (costs["in"], costs["a"]) == (0, 0)
    assert [row["nodeId"] for row in record.metrics["nodeMetrics"]][:2] == ["in", "a"]
    assert sum(row["estimatedCost"] for row in record.metrics["nodeMetrics"][:2]) == 0
    assert "/clear" not in json.dumps([record.metrics, document["steps"], step_states(record)])


def test_folders_that_cannot_be_emptied_are_no_step() -> None:
    world = World(dag=DAG)
    failed_run(world)
    begin(world, NEW, "b")
    play(world, failing="_2f_clear")
    record = taken(world, NEW)
    assert record.reason.startswith(
        "the folders of the steps that are repeated could not be emptied: "
    )
    assert [row["status"] for row in run_document(record, SETTINGS)["steps"]][:3] == [
        "SUCCEEDED",
        "SUCCEEDED",
        "NOT_STARTED",
    ]
    assert record.kept, "the next retry can go on with it"
    begin_again = OTHER
    start_from(world, begin_again)
    assert status_of(taken(world, begin_again)) == "SUCCEEDED"


def start_from(world: World, run: str) -> None:
    """Go on with the second run, which took over what the first one kept."""
    node = world.node()
    store = RunStore(node)
    second = taken(world, NEW)
    asked = {**store.start_of(second), "id": run, "from": {"run": NEW, "step": "b"}}
    steps = [{**row, "kind": row["type"], "parameters": []} for row in world.dag]
    work = {"sourceUrl": "https://github.com/lab/x", "image": f"x@sha256:{'a' * 64}"}
    document = {
        "workflow": "w",
        "name": "flow",
        "version": "v1",
        "steps": [{**row, **work} for row in steps],
    }
    who = Who(Caller("arn:aws:iam::123456789012:user/ada", "123456789012"), {})
    new = Start.of(asked)
    record = record_of(node, store, new, document, who)
    go_on(node, store, record, new, second)
    store.begin(record, start=asked)
    world.events.append({"advance": run})
    play(world)


def test_a_retry_that_fails_keeps_it_for_the_next(world: World) -> None:
    failed_run(world)
    begin(world, NEW, "b")
    play(world, failing="c")
    assert taken(world, NEW).kept
    assert cleanings(world) == []
    with pytest.raises(CannotRun, match="another run goes on with the files"):
        begin(world, OTHER, "b")
    world.tick()
    play(world)
    assert RunStore(world.node()).files_to_look_at() == ([], [])
    assert [key[1] for key in world.items if key[0] == "KEPT"] == [NEW], "the first has none now"
    assert cleanings(world) == []
    world.clock += 7 * _DAY + 1
    world.tick()
    play(world)
    assert len(cleanings(world)) == 1, "once, by who has them"
    assert world.left() == {}


def test_two_at_once_and_one_has_it(world: World) -> None:
    failed_run(world)
    begin(world, NEW, "b")
    begin(world, OTHER, "b")
    play(world)
    ends = sorted((status_of(taken(world, run)), taken(world, run).reason) for run in (NEW, OTHER))
    assert ends[0][0] == "FAILED"
    assert ends[0][1].startswith("another run goes on with the files of run 'run 5'")
    assert ends[1] == ("SUCCEEDED", "")
    assert len(cleanings(world)) == 1
    assert world.left() == {}


@pytest.mark.parametrize("how", ["before", "after"])
def test_killed_at_any_call(how: str) -> None:
    """Taking over, keeping what a retry that failed has, and sweeping that."""
    for kill_at in range(5 * (how == "after") * (STRIDE > 1), 400, STRIDE):
        world = small_world()
        begin(world, NEW, "b")
        world.kill_at, world.kill_after = kill_at, how == "after"
        beat(world, failing="b")
        world.clock += 9 * _DAY
        beat(world)
        was_killed, world.kill_at = world.kill_at < 0, -1
        beat(world)
        world.clock += 2 * 3600  # the table deletes the lease of who was killed
        assert len(cleanings(world)) == 1, kill_at
        assert world.left() == {}, kill_at
        assert [key for key in world.items if key[0] == "KEPT"] == [], kill_at
        assert status_of(taken(world)) == "FAILED"
        assert taken(world, NEW).outcome == "FAILED"
        assert "step 'b'" in taken(world, NEW).reason
        if not was_killed:
            return
    raise AssertionError("more calls than expected")


@pytest.mark.parametrize("how", ["before", "after"])
def test_killed_while_it_is_kept(how: str) -> None:
    for kill_at in range(5 * (how == "after") * (STRIDE > 1), 400, STRIDE):
        world = World(dag=SMALL)
        begin(world)
        world.kill_at, world.kill_after = kill_at, how == "after"
        beat(world, failing="b")
        was_killed, world.kill_at = world.kill_at < 0, -1
        beat(world, failing="b")
        world.clock += 2 * 3600
        assert taken(world).kept, kill_at
        assert world.left() == {}, kill_at
        assert [key[1] for key in world.items if key[0] == "KEPT"] == [RUN], kill_at
        if not was_killed:
            return
    raise AssertionError("more calls than expected")


def small_world() -> World:
    world = World(dag=SMALL)
    failed_run(world)
    return world


def beat(world: World, failing: str = "") -> None:
    """The clock beats a few times, and all gets on meanwhile."""
    play(world, failing)
    for _ in range(3):
        world.tick()
        play(world, failing)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("x", "run 'run 5' has no step 'x'"),
        ("in", "step 'in' brings the input, so there is nothing to take over"),
        ("c", "had not reached step 'c': step 'b' before it did not succeed"),
        ("out", "had not reached step 'out': step 'b' before it did not succeed"),
    ],
)
def test_steps_that_cannot_be_gone_on_from(wanted: str, words: str) -> None:
    world = World(dag=DAG)
    failed_run(world)
    with pytest.raises(CannotRun, match=words):
        begin(world, NEW, wanted)


def test_an_earlier_step_is_repeated_too() -> None:
    world = World(dag=DAG)
    failed_run(world)
    begin(world, NEW, "a")
    assert taken(world, NEW).taken["steps"] == ["in"]
    play(world)
    assert [name for name in ran(world, NEW) if name.startswith("a-")] == ["a-1"]


def test_a_run_that_goes_on_has_nothing_to_take_over() -> None:
    world = World(dag=DAG)
    begin(world)
    with pytest.raises(CannotRun, match="'run 5' has not ended yet"):
        begin(world, NEW, "b")


def test_files_are_not_kept_longer_than_the_bucket_has_them() -> None:
    world = World(dag=DAG)
    failed_run(world)
    world.clock += 6 * _DAY
    begin(world, NEW, "b", keepSteps=14)
    world.clock += 12 * _DAY
    play(world, failing="c")
    first = taken(world).created
    assert taken(world, NEW).kept["until"] == first + 28 * _DAY


def test_what_the_steps_made_that_are_repeated_is_removed(tmp_path: Path) -> None:
    names = {one: step_folder(one) for one in ("a", "b")}
    for name in (*names.values(), merged_folder("b")):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "old.txt").write_text("old")
    note = tmp_path / f".{names['b']}.delivery.jsonl"
    note.write_text("{}")
    said: list[str] = []
    where = perform.Where("b", "r", "n", "", Pace(lambda: 0.0), said.append)
    task = Task(TaskKind.CLEAR, NEW, "/clear", parents=("b",), steps=("a", "b"), files=RUN)
    for _ in range(2):  # a job that is repeated
        perform.clear(task, tmp_path, where)
    assert not note.exists()
    assert (tmp_path / names["a"] / "data" / "old.txt").read_text() == "old"
    assert list((tmp_path / names["b"] / "data").iterdir()) == []
    assert not (tmp_path / merged_folder("b")).exists()
    assert said[0] == "emptied the folders of steps that are repeated: 1"


# Over the gateway ---------------------------------------------------------------------


def kept(node: Owned, **changes: Any) -> dict[str, Any]:
    """A run whose delivery failed, asked for by its owner, kept for a week."""
    body = start(limits={"keepSteps": 7}, **changes)
    node.owner.ask("POST", "/runs", body=body)
    node.world.events.append({"advance": body["id"]})
    play(node.world, failing="out")
    return body


def again(body: dict[str, Any], step_: str = "work", **changes: Any) -> dict[str, Any]:
    return start(**{"from": {"run": body["id"], "step": step_}, **changes})


def test_the_owner_goes_on_and_the_run_says_who_has_its_files(node: Owned) -> None:
    owner = node.furnish()
    body = kept(node)
    shown = owner.ask("GET", f"/runs/{body['id']}")
    assert shown["keptUntil"]
    assert shown["filesOf"] == ""
    new = again(body, "out")
    owner.ask("POST", "/runs", body=new)
    assert owner.ask("POST", "/runs", body=new)["created"] is False
    node.world.events.append({"advance": new["id"]})
    play(node.world)
    assert owner.ask("GET", f"/runs/{new['id']}")["taken"]["steps"] == ["in", "work"]
    assert owner.ask("GET", f"/runs/{body['id']}")["filesOf"] == new["id"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"files": [{"path": "a/b.edf", "package": "N:package:1", "size": 8}]},
            r"input files \('a/b.edf'\)",
        ),
        (
            {"packages": ["N:package:2"], "files": []},
            r"input files \('a/b.edf'\), packages",
        ),
        ({"layout": "flat"}, "layout"),
        (
            {"parameters": {"work": {"X": "1"}}, "undeclared": True},
            "parameter X of step 'work'",
        ),
        ({"version": "v2"}, "version of the workflow"),
    ],
)
def test_what_is_different_today(node: Owned, changes: dict[str, Any], words: str) -> None:
    owner = node.furnish()
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v2", body=version("v2"))
    body = kept(node)
    with pytest.raises(Invalid, match=f"different today: {words}"):
        owner.ask("POST", "/runs", body=again(body, "out", **changes))


def test_only_who_may_see_a_run_goes_on_with_it(node: Owned) -> None:
    ada = user("ada")
    node.furnish(share=ada)
    body = kept(node)
    with pytest.raises(NotFound, match="no such run of yours to go on with"):
        node.caller("ada").ask("POST", "/runs", body=again(body))


def test_the_check_says_it_before(node: Owned) -> None:
    owner = node.furnish()
    body = kept(node)
    asked = {**again(body, "x"), "files": []}
    problems = owner.ask("POST", "/checks", body=asked)["problems"]
    assert any("has no step 'x'" in row["message"] for row in problems), json.dumps(problems)


def test_a_compliant_node_keeps_nothing(node: Owned) -> None:
    owner = node.furnish()
    node.world.settings = replace(node.world.settings, mode="compliant")
    with pytest.raises(Invalid, match="a compliant compute node keeps no step's outputs"):
        owner.ask("POST", "/runs", body=start(limits={"keepSteps": 7}))


@pytest.mark.parametrize("days", [15, -1, 1.5, "7", True])
def test_days_that_are_none(node: Owned, days: object) -> None:
    with pytest.raises(Invalid, match="'keepSteps' is not supported"):
        node.furnish().ask("POST", "/runs", body=start(limits={"keepSteps": days}))


@pytest.mark.parametrize("value", [{"run": "x", "step": "a"}, {"run": RUN}, "run"])
def test_a_document_that_names_no_run(node: Owned, value: object) -> None:
    with pytest.raises(Invalid, match="'from' of a run must"):
        node.furnish().ask("POST", "/runs", body=start(**{"from": value}))
