"""Attempting rows of a batch once more from a step: what had finished before it is taken over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.batches import run_id
from pennsieve_agent.domain.prices import kept_cost
from pennsieve_agent.errors import AgentError, Conflict, Invalid
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.records.run_store import RunStore
from tests.node.batches.batch_calls import batch, deliver_all, finish, rows, statuses
from tests.node.owned import Owned, start
from tests.node.services import Job
from tests.node.test_kept_cost import Large
from tests.node.test_more_memory import SHORT, memory_of

_DAY = 86_400
KEEP = {"keepSteps": 7}


def failing(asks: dict[str, Any], **steps: str) -> Callable[[Job], bool]:
    """Jobs fail of the subjects that are named, each in its step."""
    prefixes = {
        run_id(asks["id"], subject.replace("_", "-")): f"-{step}-"
        for subject, step in steps.items()
    }
    return lambda job: (step := prefixes.get(job.name[:36], "")) != "" and step in job.name


def kept(node: Owned, **steps: str) -> dict[str, Any]:
    """A batch that has come to its end, with what failed kept for a week."""
    asks = batch(4, limits=KEEP)
    node.owner.ask("POST", "/batches", body=asks)
    finish(node.world, failing(asks, **steps))
    return asks


def again(
    node: Owned, asks: dict[str, Any], seen: dict[str, int], step: str = "out", **more: Any
) -> dict[str, Any]:
    body = {"rows": seen, "step": step, **more}
    return dict(node.owner.ask("POST", f"/batches/{asks['id']}/retry-from", body=body))


def names(node: Owned, run: str) -> list[str]:
    """What AWS Batch did for a run."""
    jobs = [job.name for job in node.world.jobs.values()] + [name for _, name in node.world.done]
    return [name.removeprefix(f"{run}-") for name in jobs if name.startswith(run)]


def cleanings(node: Owned, asks: dict[str, Any]) -> list[str]:
    runs = [run_id(asks["id"], f"sub-0{n}", attempt) for n in range(4) for attempt in (1, 2, 3)]
    return [run for run in runs for name in names(node, run) if "clean" in name]


def test_subjects_that_can_go_on_do_and_the_others_are_named(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out", sub_02="work", sub_03="out")
    assert statuses(owner, asks) == ["SUCCEEDED", "FAILED", "FAILED", "FAILED"]
    answer = again(node, asks, {"sub-01": 1, "sub-02": 1, "sub-03": 1})
    assert sorted(answer["begun"]) == ["sub-01", "sub-03"]
    assert answer["takes"] == {subject: ["in", "work"] for subject in answer["begun"]}
    assert answer["left"] == {
        "sub-02": "its last run had not reached step 'out': step 'work' before it did not succeed"
    }
    assert statuses(owner, asks) == ["SUCCEEDED", "WAITING", "FAILED", "WAITING"]
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED"]
    second = run_id(asks["id"], "sub-01", 2)
    assert not [one for one in names(node, second) if one.startswith(("in-", "work-"))]
    shown = owner.ask("GET", f"/runs/{second}")
    first = run_id(asks["id"], "sub-01")
    assert shown["taken"] == {
        "run": first,
        "name": f"{asks['name']}/sub-01 (attempt 1)",
        "steps": ["in", "work"],
    }
    assert owner.ask("GET", f"/runs/{first}")["filesOf"] == second
    row = rows(owner, asks)[1]
    assert row["attempt"] == 2
    assert list(row["steps"]) == ["in", "work", "out"]
    assert not node.world.left()
    node.world.clock += 8 * _DAY
    node.world.tick()
    finish(node.world)
    # Of each run that ended well, of who took files over, and of sub-02 by the clock.
    assert len(cleanings(node, asks)) == 4
    assert [key for key in node.world.items if key[0] == "KEPT"] == []


def test_a_look_before_begins_nothing(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out", sub_02="work")
    answer = again(node, asks, {"sub-01": 1, "sub-02": 1}, check=True)
    assert (answer["begun"], list(answer["takes"]), list(answer["left"])) == (
        [],
        ["sub-01"],
        ["sub-02"],
    )
    finish(node.world)
    assert [entry["attempt"] for entry in rows(owner, asks)] == [1, 1, 1, 1]


def test_without_kept_steps_none_begins_and_it_says_why(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4)
    owner.ask("POST", "/batches", body=asks)
    finish(node.world, failing(asks, sub_01="out"))
    answer = again(node, asks, {"sub-01": 1})
    assert (answer["begun"], answer["takes"]) == ([], {})
    assert answer["left"] == {
        "sub-01": "nothing that the steps of its last run made was kept, as it was started "
        "without --keep-steps"
    }
    assert rows(owner, asks)[1]["attempt"] == 1


def test_what_was_swept_is_not_taken(node: Owned) -> None:
    node.furnish()
    asks = kept(node, sub_01="out", sub_02="in")
    node.world.clock += 8 * _DAY
    left = again(node, asks, {"sub-01": 1, "sub-02": 1})["left"]
    assert left["sub-01"].endswith("made was kept for some days, which are over")
    assert left["sub-02"].endswith("was kept, as none of them had finished")


def test_an_attempt_that_fails_again_is_gone_on_with_next(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out")
    again(node, asks, {"sub-01": 1})
    second, third = (run_id(asks["id"], "sub-01", number) for number in (2, 3))
    finish(node.world, lambda job: job.name.startswith(second) and "-out-" in job.name)
    assert rows(owner, asks)[1]["status"] == "FAILED"
    again(node, asks, {"sub-01": 2})
    finish(node.world)
    assert rows(owner, asks)[1]["status"] == "SUCCEEDED"
    assert owner.ask("GET", f"/runs/{third}")["taken"]["run"] == second
    assert cleanings(node, asks).count(third) == 1
    assert not {run_id(asks["id"], "sub-01"), second} & set(cleanings(node, asks))


def test_an_attempt_that_never_began_does_not_hide_what_one_before_it_kept(node: Owned) -> None:
    """The month's budget was used up when it was its turn."""
    owner = node.furnish()
    asks = kept(node, sub_01="out")
    settings = node.world.settings
    node.world.settings = replace(settings, monthly_budget="5")
    again(node, asks, {"sub-01": 1})
    store = RunStore(node.world.node())
    store.note_cost("2026-09", "other", 9.0)
    finish(node.world)
    row = rows(owner, asks)[1]
    assert (row["status"], row["attempt"]) == ("SKIPPED", 2)
    node.world.settings = settings
    assert again(node, asks, {"sub-01": 2})["begun"] == ["sub-01"]
    finish(node.world)
    assert rows(owner, asks)[1]["status"] == "SUCCEEDED"
    third = owner.ask("GET", f"/runs/{run_id(asks['id'], 'sub-01', 3)}")
    assert third["taken"]["run"] == run_id(asks["id"], "sub-01")


def test_files_that_are_swept_before_its_turn_leave_the_subject_out(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out")
    again(node, asks, {"sub-01": 1})
    node.world.clock += 8 * _DAY
    finish(node.world)
    row = rows(owner, asks)[1]
    assert (row["status"], row["attempt"]) == ("SKIPPED", 2)
    assert "for some days, which are over" in row["reason"]


def test_two_people_at_once_and_one_begins(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out", sub_02="out")
    again(node, asks, {"sub-01": 1, "sub-02": 1})
    for _ in range(3):  # while it waits, while it runs, and when it has ended
        with pytest.raises(Conflict, match="is running, or retried by somebody else") as error:
            again(node, asks, {"sub-02": 1})
        assert error.value.answer["begun"] == []
        with pytest.raises(Conflict):  # nor all steps, by who does not take over
            owner.ask("POST", f"/batches/{asks['id']}/retry", body={"rows": {"sub-01": 1}})
        deliver_all(node.world)
    finish(node.world)
    assert [entry["attempt"] for entry in rows(owner, asks)] == [1, 2, 2, 1]
    assert len(cleanings(node, asks)) == 4


def test_a_subject_goes_on_while_others_still_run(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4, limits=KEEP, parallel=1)
    owner.ask("POST", "/batches", body=asks)
    fails = failing(asks, sub_00="out")
    while statuses(owner, asks)[0] != "FAILED":
        deliver_all(node.world)
        for job in node.world.ready():
            node.world.begin(job)
            bad = fails(job)
            node.world.end(job, "FAILED" if bad else "SUCCEEDED", code=3 if bad else 0)
    assert "WAITING" in statuses(owner, asks)
    assert again(node, asks, {"sub-00": 1})["begun"] == ["sub-00"]
    with pytest.raises(Conflict, match="'sub-03' is running"):
        again(node, asks, {"sub-03": 1})
    finish(node.world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 4
    assert [entry["attempt"] for entry in rows(owner, asks)] == [2, 1, 1, 1]
    assert not node.world.left()


def test_a_version_that_was_made_anew_is_not_mixed_with_what_is_kept(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out")
    inner = node.world.node()
    store = BatchStore(inner, RunStore(inner))
    head = store.read(asks["id"])
    assert head is not None
    version = dict(store.version(head))
    other = [
        {**step, "image": f"x@sha256:{'b' * 64}"} if step.get("image") else step
        for step in version["steps"]
    ]
    store.begin(head, asks["runs"], {**version, "steps": other})  # the stored version is another
    again(node, asks, {"sub-01": 1})
    finish(node.world)
    row = rows(owner, asks)[1]
    assert row["status"] == "SKIPPED"
    assert row["reason"].endswith("different today: image of step 'work'")


def test_more_memory_goes_over_the_limits_of_the_batch(node: Owned) -> None:
    owner = node.furnish()
    asks = kept(node, sub_01="out")
    again(node, asks, {"sub-01": 1}, limits={"memoryOnOom": 2})
    deliver_all(node.world)
    run = owner.ask("GET", f"/runs/{run_id(asks['id'], 'sub-01', 2)}")
    assert run["limits"] == {"keepSteps": 7, "memoryOnOom": 2}


@pytest.mark.parametrize("after", [False, True])
def test_cut_off_anywhere_it_begins_once(node: Owned, *, after: bool) -> None:
    owner = node.furnish()
    world = node.world
    asks = kept(node, sub_01="out")
    again(node, asks, {"sub-01": 1})
    kills = 0
    while True:
        world.kill_at, world.kill_after = kills, after
        if world.deliver({"batch": asks["id"]}):
            break
        kills += 1
    world.kill_at = -1
    assert kills > 10
    world.events = []
    world.tick()
    finish(world)
    assert statuses(owner, asks) == ["SUCCEEDED"] * 4
    assert len(names(node, run_id(asks["id"], "sub-01", 2))) == len(
        set(names(node, run_id(asks["id"], "sub-01", 2)))
    )
    assert len(cleanings(node, asks)) == 4
    assert not world.left()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rows": {"sub-01": 1}}, "'step' must be a step"),
        ({"rows": {"sub-01": 1}, "step": "x"}, "'step' must be a step"),
        ({"rows": {"sub-01": 1}, "step": 5}, "'step' must be a step"),
        ({"rows": {"sub-77": 1}, "step": "out"}, "no subject 'sub-77'"),
        ({"step": "out"}, "'rows'"),
    ],
)
def test_what_is_no_retry_from_a_step(node: Owned, body: dict[str, Any], words: str) -> None:
    node.furnish()
    asks = kept(node, sub_01="out")
    with pytest.raises(AgentError, match=words):
        node.owner.ask("POST", f"/batches/{asks['id']}/retry-from", body=body)


def test_a_compliant_node_keeps_nothing_of_a_batch(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(2)
    owner.ask("POST", "/batches", body=asks)
    finish(node.world, failing(asks, sub_01="out"))
    node.world.settings = replace(node.world.settings, mode="compliant")
    words = "a compliant compute node keeps no step's outputs"
    with pytest.raises(Invalid, match=f"^compute node '[^']+': {words}"):
        owner.ask("POST", "/batches", body=batch(2, limits=KEEP))
    body = {"rows": {"sub-01": 1}, "limits": KEEP}
    with pytest.raises(Invalid, match=words):
        owner.ask("POST", f"/batches/{asks['id']}/retry", body=body)
    owner.ask("POST", "/runs", body=start())


def test_what_is_kept_is_in_the_cost_of_the_batch_and_goes_down_when_taken(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4, limits=KEEP)
    first = run_id(asks["id"], "sub-01")
    node.world.objects[f"files/runs/{first}/a"] = Large()
    owner.ask("POST", "/batches", body=asks)
    finish(node.world, failing(asks, sub_01="out"))
    path = f"/batches/{asks['id']}"
    whole = kept_cost(7)
    costs = [entry["cost"] for entry in rows(owner, asks)]
    assert costs[1] > whole
    assert owner.ask("GET", path)["cost"] == pytest.approx(sum(costs), abs=1e-5)
    again(node, asks, {"sub-01": 1})
    finish(node.world)
    node.world.tick()
    finish(node.world)
    shown = owner.ask("GET", f"/runs/{first}")
    assert shown["metrics"]["costEstimate"]["keptSteps"]["days"] < 1
    assert shown["cost"] < costs[1] - whole / 2
    both = shown["cost"] + rows(owner, asks)[1]["cost"]
    others = sum(entry["cost"] for entry in rows(owner, asks) if entry["subject"] != "sub-01")
    for cost in (
        owner.ask("GET", path)["cost"],
        owner.ask("GET", "/batches")["batches"][0]["cost"],
    ):
        assert cost == pytest.approx(both + others, abs=whole / 50)


def short_of_memory(node: Owned, run: str, times: int) -> list[str]:
    """Let the step ``work`` of a run end out of memory, so often; the sizes of all its jobs."""
    world, name = node.world, f"{run}-work-"
    for _ in range(60):
        deliver_all(world)
        for job in world.ready():
            world.begin(job)
            is_short = job.name.startswith(name) and times > 0
            if is_short:
                times -= 1
                at = int(world.clock * 1000)
                container = {"exitCode": 137, "reason": SHORT}
                job.attempts = [{"startedAt": at, "stoppedAt": at + 1000, "container": container}]
            ends = ("FAILED", SHORT, 137) if is_short else ("SUCCEEDED", "", 0)
            world.end(job, ends[0], ends[1], ends[2])
        while world.called:
            world.answer_call()
    return [memory_of(job) for job in world.jobs.values() if job.name.startswith(name)]


def test_a_subject_of_a_batch_that_runs_out_of_memory_gets_more(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(3, limits={"memoryOnOom": 2})
    owner.ask("POST", "/batches", body=asks)
    hungry = run_id(asks["id"], "sub-01")
    assert short_of_memory(node, hungry, times=1) == ["2048", "4096"]
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3
    other = run_id(asks["id"], "sub-02")
    sizes = [memory_of(job) for job in node.world.jobs.values() if f"{other}-work" in job.name]
    assert sizes == ["2048"]


def test_a_retry_from_the_hungry_step_repeats_it_with_more_memory_alone(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(3, limits=KEEP)
    owner.ask("POST", "/batches", body=asks)
    assert short_of_memory(node, run_id(asks["id"], "sub-01"), times=1) == ["2048"]
    assert statuses(owner, asks)[1] == "FAILED"
    answer = again(node, asks, {"sub-01": 1}, "work", limits={"memoryOnOom": 2})
    assert answer["takes"] == {"sub-01": ["in"]}
    second = run_id(asks["id"], "sub-01", 2)
    assert short_of_memory(node, second, times=2) == ["2048", "4096", "8192"]
    assert statuses(owner, asks) == ["SUCCEEDED"] * 3
    assert not [one for one in names(node, second) if one.startswith("in-")]
    assert not node.world.left()
