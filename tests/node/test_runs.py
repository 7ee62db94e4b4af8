"""Runs on a node, from the platform's request to nothing left."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pennsieve_agent.domain.prices import (
    EFS_GB_MONTH,
    EFS_READ_GB,
    EFS_WRITE_GB,
    HOURS_A_MONTH,
)
from pennsieve_agent.node.amounts import amount
from pennsieve_agent.node.launch import stream_prefix
from tests.node.world import RUN, SETTINGS, TOKEN, World


@pytest.fixture
def world() -> World:
    return World()


def finals(world: World) -> list[str]:
    paths = [body["status"] for path, body in world.reports if path == "/status"]
    return [status for status in paths if status in {"SUCCEEDED", "FAILED", "CANCELED"}]


def states(world: World, name: str) -> list[str]:
    path = f"/processor/{name}/status"
    return [body["status"] for where, body in world.reports if where == path]


def test_a_run_comes_to_its_end_and_leaves_nothing(world: World) -> None:
    world.start()
    world.finish_all()
    world.tick()
    assert world.status == "SUCCEEDED"
    assert [states(world, name) for name in ("in", "work", "out")] == [["SUCCEEDED"]] * 3
    assert world.left() == {}
    assert not world.schedule
    assert list(world.objects) == [f"logs/{RUN}.zip"]


def test_jobs_are_told_what_they_may_and_no_more(world: World) -> None:
    world.secrets = {"n/shared": '{"KEY": "hush"}', "n/user-N-user-ada": '{"OWN": "mine"}'}
    world.start()
    world.deliver(world.events.pop(0))
    by_step = {job.name.split("-")[5]: job.definition for job in world.jobs.values()}
    work = by_step["work"]["containerProperties"]
    names = {pair["name"]: pair["value"] for pair in work["environment"]}
    assert not any("TOKEN" in name or name.startswith("AWS") for name in names)
    assert TOKEN not in json.dumps([job.definition for job in world.jobs.values()])
    assert (names["INPUT_DIR"], names["OUTPUT_DIR"]) == ("/mnt/input", "/mnt/output")
    assert work["secrets"] == [
        {"name": "KEY", "valueFrom": "arn:n/shared:KEY::"},
        {"name": "OWN", "valueFrom": "arn:n/user-N-user-ada:OWN::"},
    ]
    read_only = {point["containerPath"]: point["readOnly"] for point in work["mountPoints"]}
    assert read_only == {"/mnt/input": True, "/mnt/output": False}
    assert work["jobRoleArn"] == "arn:job"
    assert "secrets" not in by_step["in"]["containerProperties"]
    roots = sorted(door["path"] for door in world.doors.values())
    assert roots == [f"/runs/{RUN}", f"/runs/{RUN}/in", f"/runs/{RUN}/work"]


def test_a_door_that_nobody_noted_is_taken_back(world: World) -> None:
    """Killed when it was just made, and cancelled before anybody went on."""
    world.start()
    world.kill_on = "files.create_access_point"
    assert not world.deliver(world.events.pop(0))
    assert len(world.doors) == 1
    assert world.ask("POST", f"/runs/{RUN}/cancel")["status"] == 202
    for _ in range(4):
        world.finish_all()
        world.tick()
    assert world.status == "CANCELED"
    assert world.left() == {}


def test_a_step_that_fails_fails_the_run_and_says_why(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    for code in (0, 3):
        (job,) = world.ready()
        world.begin(job)
        world.end(job, "SUCCEEDED" if code == 0 else "FAILED", code=code)
    world.finish_all()
    assert finals(world) == ["FAILED"]
    assert states(world, "work") == ["FAILED"]
    assert states(world, "out") == []
    (last,) = [b for p, b in world.reports if p == "/status" and b["status"] == "FAILED"]
    assert last["reason"] == "step 'work': it ended with exit code 3"
    assert last["metrics"]["costEstimate"]["pricingVersion"].startswith("us-east-1")
    assert world.left() == {}


def test_the_receipt_has_what_the_movers_moved(world: World) -> None:
    """A mover that was killed and began anew says it twice; it is counted once."""
    said = {"in": amount(3, 2**30) + " from dataset d", "out": amount(1, 2**29) + " in results"}
    said["work"] = "9 files (77 bytes) in a processor's own words"
    for name, text in said.items():
        world.lines += [(f"{stream_prefix(RUN, name)}/default/{at}", at, text) for at in (1, 2)]
    world.start()
    world.clock += 3600
    world.finish_all()
    last = next(b for p, b in world.reports if p == "/status" and b["status"] == "SUCCEEDED")
    estimate = last["metrics"]["costEstimate"]
    assert estimate["data"]["inputBytes"] == 2**30
    files = estimate["efsThroughput"]
    assert (files["writeBytes"], files["readBytes"]) == (2**30, 2**29)
    hours = last["metrics"]["executionTimeSec"] / 3600
    stored = 1.5 * hours / HOURS_A_MONTH * EFS_GB_MONTH
    assert files["estimatedCost"] == pytest.approx(
        EFS_WRITE_GB + EFS_READ_GB / 2 + stored, abs=1e-5
    )
    assert last["metrics"]["totalEstimatedCost"] >= files["estimatedCost"]


@pytest.mark.parametrize("begun", [0, 1, 2, 3])
def test_a_run_is_cancelled_in_each_phase(world: World, begun: int) -> None:
    world.start()
    if begun:
        world.deliver(world.events.pop(0))
    for number in range(1, begun):
        (job,) = world.ready()
        world.begin(job)
        if number < begun - 1:
            world.end(job, "SUCCEEDED", code=0)
    assert world.ask("POST", f"/runs/{RUN}/cancel")["status"] == 202
    world.finish_all()
    assert finals(world) == ["CANCELED"]
    assert world.left() == {}


def test_cancelled_is_said_when_nothing_runs_and_not_before(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.begin(job)
    world.ask("POST", f"/runs/{RUN}/cancel")
    world.throttled = {"batch.terminate_job"}
    world.tick()
    assert world.status == "STARTED"
    world.throttled = set()
    world.finish_all()
    world.tick()
    world.finish_all()
    assert finals(world) == ["CANCELED"]


def test_a_start_that_comes_twice_starts_once(world: World) -> None:
    world.start()
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    assert len(world.jobs) == 3


def test_without_a_grant_nothing_runs(world: World) -> None:
    world.run = {"grant": {"access": "read"}}
    world.start()
    world.finish_all()
    assert world.status == "FAILED"
    assert world.jobs == {}
    assert "may only read" in world.reports[-1][1]["reason"]


def test_code_that_is_not_allowed_does_not_run(world: World) -> None:
    world.ask("PUT", "/allowed-processors", {"processors": ["https://github.com/lab/other"]})
    world.start()
    world.finish_all()
    assert (world.status, world.jobs) == ("FAILED", {})
    assert "does not allow https://github.com/lab/work" in world.reports[-1][1]["reason"]


def test_the_platform_is_down_for_an_hour_in_the_middle(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    world.down = True
    world.finish_all()
    for _ in range(12):
        world.tick()
    assert world.status == "STARTED"
    world.down = False
    world.tick()
    assert finals(world) == ["SUCCEEDED"]
    assert [states(world, name) for name in ("in", "work", "out")] == [["SUCCEEDED"]] * 3
    assert world.left() == {}


def test_a_platform_that_never_answers_ends_the_run_within_ten_minutes(world: World) -> None:
    world.down = True
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    begun = world.clock
    while not world.record()["outcome"]:
        world.tick()
    assert world.clock - begun <= 700
    assert "did not answer" in world.record()["reason"]
    assert world.jobs == {}


def test_a_refused_token_ends_the_run_with_the_reason(world: World) -> None:
    world.run = {"dag": []}
    world.start()
    world.finish_all()
    assert world.status == "FAILED"
    assert "without steps" in world.reports[-1][1]["reason"]


def test_aws_that_refuses_for_long_ends_the_run(world: World) -> None:
    world.throttled = {"files"}
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    for _ in range(3):
        world.tick()
    assert world.status == "FAILED"
    assert "AWS refuses: ThrottlingException" in world.reports[-1][1]["reason"]


def test_a_table_that_is_throttled_for_a_while_loses_nothing(world: World) -> None:
    world.start()
    world.throttled = {"table.put_item"}
    event = world.events.pop(0)
    with pytest.raises(Exception, match="ThrottlingException"):
        world.deliver(event)
    world.throttled = set()
    world.clock += 120
    world.deliver(event)
    world.finish_all()
    world.tick()
    assert finals(world) == ["SUCCEEDED"]


def test_a_machine_that_aws_took_back_is_said_so(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    retry = job.definition["retryStrategy"]
    assert retry["attempts"] == 4
    assert [row["action"] for row in retry["evaluateOnExit"]] == ["RETRY"] * 4 + ["EXIT"]
    world.begin(job)
    world.end(job, "FAILED", "Host EC2 (instance i-0) terminated.")
    world.finish_all()
    assert "AWS took its machine back" in world.reports[-1][1]["reason"]


@pytest.mark.parametrize("step", ["in", "work", "out"])
def test_a_machine_taken_back_at_any_step_ends_the_run_with_nothing_left(
    world: World, step: str
) -> None:
    """After Batch's own retries, whatever the job was at."""
    world.start()
    world.deliver(world.events.pop(0))
    for _ in world.dag:
        (job,) = world.ready()
        world.begin(job)
        taken = f"-{step}-" in f"{job.name}-"
        reason = "Host EC2 (instance i-0) terminated." if taken else ""
        world.end(job, "FAILED" if taken else "SUCCEEDED", reason, None if taken else 0)
        if taken:
            break
    world.finish_all()
    world.tick()
    assert finals(world) == ["FAILED"]
    assert "AWS took its machine back" in world.reports[-1][1]["reason"]
    assert world.left() == {}


def test_a_full_file_system_is_said_by_the_run(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    stream = f"{stream_prefix(RUN, 'in')}/default/1"
    world.lines = [(stream, 1000, "the file system is full: writing 'a.edf'")]
    world.begin(job)
    world.end(job, "FAILED", "Essential container in task exited", 1)
    world.finish_all()
    assert finals(world) == ["FAILED"]
    assert "the file system is full: writing 'a.edf'" in world.reports[-1][1]["reason"]


def test_a_workflow_may_ask_for_its_own_failures_to_be_tried_again(world: World) -> None:
    world.run = {"limits": {"retries": 2, "spot": True, "timeoutSeconds": 90}}
    world.start()
    world.deliver(world.events.pop(0))
    work = next(j.definition for j in world.jobs.values() if "-work-" in j.name)
    # What AWS takes back is Batch's to try again; what the program fails is the node's.
    assert work["retryStrategy"]["attempts"] == 4
    assert work["retryStrategy"]["evaluateOnExit"][-1]["action"] == "EXIT"
    assert work["timeout"] == {"attemptDurationSeconds": 90}


def act(world: World, step: str, code: int | None, reason: str = "") -> None:
    """The job of a step runs and ends, and everything that follows reaches the reconciler."""
    job = next(job for job in world.ready() if f"-{step}-" in f"{job.name}-")
    world.begin(job)
    world.clock += 10
    world.end(job, "SUCCEEDED" if code == 0 else "FAILED", reason, code)
    while world.events:
        world.deliver(world.events.pop(0))
    world.ready()  # what waited for a failure fails now
    while world.events:
        world.deliver(world.events.pop(0))


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_program_is_tried_again_as_often_as_was_asked_for(world: World, failures: int) -> None:
    world.run = {"limits": {"retries": 2}}
    world.start()
    world.deliver(world.events.pop(0))
    act(world, "in", 0)
    for _ in range(failures):
        act(world, "work", 3)
    world.finish_all()
    world.tick()
    assert finals(world) == (["FAILED"] if failures > 2 else ["SUCCEEDED"])
    tried = [job for job in world.jobs.values() if "-work-" in job.name and job.ran]
    assert len(tried) == (3 if failures > 2 else failures + 1)
    assert world.left() == {}
    metrics = next(body["metrics"] for _, body in reversed(world.reports) if "metrics" in body)
    row = next(row for row in metrics["nodeMetrics"] if row["nodeId"] == "work")
    assert row["durationSec"] >= 10 * min(failures, 3)  # every attempt is in the receipt


def test_a_machine_taken_back_is_no_failure_of_the_program(world: World) -> None:
    world.run = {"limits": {"retries": 9}}
    world.start()
    world.deliver(world.events.pop(0))
    act(world, "in", 0)
    act(world, "work", None, "Host EC2 (instance i-0) terminated.")
    world.finish_all()
    assert finals(world) == ["FAILED"]
    assert "AWS took its machine back" in world.reports[-1][1]["reason"]


def test_what_ran_out_of_time_is_not_tried_again(world: World) -> None:
    world.run = {"limits": {"retries": 2}}
    world.start()
    world.deliver(world.events.pop(0))
    act(world, "in", 0)
    act(world, "work", 137, "Job attempt duration exceeded timeout")
    world.finish_all()
    assert finals(world) == ["FAILED"]
    assert "the time limit was reached" in world.reports[-1][1]["reason"]


def test_a_job_that_batch_lost_is_submitted_again(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    world.jobs.clear()
    world.tick()
    world.finish_all()
    assert finals(world) == ["SUCCEEDED"]
    assert {job.name.rpartition("-")[2] for job in world.jobs.values()} >= {"2"}


def test_the_time_limit_ends_a_run(world: World) -> None:
    world.run = {"limits": {"timeoutSeconds": 600}}
    world.start()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.begin(job)
    for _ in range(3):
        world.tick()
    world.finish_all()
    assert finals(world) == ["FAILED"]
    assert "time limit of the run, 600 s" in world.record()["reason"]
    assert states(world, "in") == ["STARTED", "CANCELED"]


def test_the_cost_limit_ends_a_run_and_the_budget_starts_no_other(world: World) -> None:
    world.run = {"limits": {"maxCostUsd": 0.01}}
    world.start()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.begin(job)
    for _ in range(6):
        world.tick()
    world.finish_all()
    assert "cost limit of the run, 0.01 USD" in world.record()["reason"]
    other = World(settings=replace(SETTINGS, monthly_budget="0.005"))
    (month,) = {key[0] for key in world.items if key[0].startswith("COST#")}
    spent = {"pk": {"S": month}, "sk": {"S": "another"}, "usd": {"N": "0.011"}}
    other.items = {(month, "another"): spent}
    other.start()
    other.finish_all()
    assert (other.status, other.jobs) == ("FAILED", {})
    assert "budget" in other.record()["reason"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"status": "INVALID", "statusReason": "CLIENT_ERROR - role"}, "invalid: CLIENT_ERROR"),
        ({"state": "DISABLED"}, "turned off"),
        ({}, "waiting for a machine"),
    ],
)
def test_why_a_step_waits_is_told(world: World, environment: dict[str, str], words: str) -> None:
    world.environments = {"q-fargate": environment}
    world.start()
    world.deliver(world.events.pop(0))
    world.tick()
    told = [body.get("reason", "") for path, body in world.reports if path == "/status"]
    assert words in told[-1]
    status = world.ask("GET", f"/runs/{RUN}/status")["body"]
    assert words in status["steps"][0]["reason"]


def test_what_is_asked_for_seldom_is_asked_for(world: World) -> None:
    """After a kill, while a job waits, and when nothing is left."""
    world.start()
    world.kill_on = "batch.submit_job"
    killed = [world.tick(), world.tick()]
    assert killed == [False, True]
    assert world.calls["batch.list_jobs"]
    assert world.calls["batch.describe_compute_environments"]
    assert not world.calls["rules.disable_rule"]
    world.finish_all()
    world.tick()
    assert world.calls["rules.disable_rule"]


def test_a_log_group_that_is_gone_does_not_stop_a_run(world: World) -> None:
    world.start()
    world.throttled = {"logs"}
    world.finish_all()
    world.tick()
    assert finals(world) == ["SUCCEEDED"]
