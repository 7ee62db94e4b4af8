"""Runs on a node, from the platform's request to nothing left."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP
from pennsieve_agent.domain.prices import (
    FILES_READ_GB,
    FILES_WRITE_GB,
    HOURS_A_MONTH,
    S3_GB_MONTH,
    S3_GET,
    S3_PUT,
)
from pennsieve_agent.domain.step_files import merged_folder, step_folder
from pennsieve_agent.node.identity import parameter_store
from pennsieve_agent.node.identity.node_secrets import NodeSecrets
from pennsieve_agent.node.jobs.access_points import uid_of
from pennsieve_agent.node.jobs.job_definitions import stream_prefix
from pennsieve_agent.node.jobs.tasks import Task, TaskKind, object_key
from pennsieve_agent.node.records.amounts import amount
from pennsieve_agent.node.runs.plan_jobs import deployment_of
from tests.node.world import REFRESH, RUN, SESSION, SETTINGS, TOKEN, World, step


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
    secrets = NodeSecrets(world.node())
    secrets.merge("shared", {"KEY": "hush"})
    secrets.merge("user-N-user-ada", {"OWN": "mine"})
    world.start()
    world.deliver(world.events.pop(0))
    by_step = {job.name.split("-")[5]: job.definition for job in world.jobs.values()}
    work = by_step["work"]["containerProperties"]
    names = {pair["name"]: pair["value"] for pair in work["environment"]}
    assert not any("TOKEN" in name or name.startswith("AWS") for name in names)
    definitions = json.dumps([job.definition for job in world.jobs.values()])
    assert not any(token in definitions for token in (TOKEN, SESSION, REFRESH))
    staged, own = (step_folder(name) for name in ("in", "work"))
    assert names["INPUT_DIR"] == f"/mnt/run/{staged}/data"
    assert names["OUTPUT_DIR"] == f"/mnt/run/{own}/data"
    place = parameter_store.arn(world.node(), "/pennsieve-node/0a1b2c3d/secrets")
    assert work["secrets"] == [
        {"name": "KEY", "valueFrom": f"{place}/shared/KEY"},
        {"name": "OWN", "valueFrom": f"{place}/user-N-user-ada/OWN"},
        {"name": "REFRESH_TOKEN", "valueFrom": f"arn:n/runs/{RUN}:REFRESH_TOKEN::"},
        {"name": "SESSION_TOKEN", "valueFrom": f"arn:n/runs/{RUN}:SESSION_TOKEN::"},
    ]
    # In this order: the second lies in the first.
    mounts = [(point["containerPath"], point["readOnly"]) for point in work["mountPoints"]]
    assert mounts == [("/mnt/run", True), (f"/mnt/run/{own}", False)]
    assert work["jobRoleArn"] == "arn:job"
    assert "secrets" not in by_step["in"]["containerProperties"]
    points = sorted((point["path"], point["uid"]) for point in world.access_points.values())
    user = uid_of(world.taken())
    assert points == [(f"/runs/{RUN}", 0), (f"/runs/{RUN}", user), (f"/runs/{RUN}/{own}", user)]
    assert by_step["in"]["containerProperties"]["volumes"] == [], "it puts objects into the bucket"
    mover = by_step["out"]["containerProperties"]
    (point,) = mover["volumes"]
    root = point["s3filesVolumeConfiguration"]["accessPointArn"]
    assert world.access_points[root]["uid"] == 0
    assert mover["jobRoleArn"] == "arn:mover"


def test_transfer_jobs_are_told_whose_files_they_are_and_what_came_before(world: World) -> None:
    world.dag = [
        step("in", kind="data-source"),
        *(step("a", "in"), step("b", "in"), step("both", "a", "b")),
        step("out", "both", kind="data-target"),
    ]
    world.start()
    world.deliver(world.events.pop(0))
    merge = Task.of(world.objects[object_key(RUN, "both", TaskKind.MERGE)])
    deliver = Task.of(world.objects[object_key(RUN, "out", TaskKind.DELIVER)])
    assert set(merge.before) == {"in", "a", "b"}
    assert set(deliver.before) == {"in", "a", "b", "both"}
    assert deliver.sources == ("in",)
    assert {*merge.steps} == {"in", "a", "b", "both", "out"}
    assert merge.uid == uid_of(world.taken())
    both = next(j.definition for j in world.jobs.values() if "-both-1" in j.name)
    names = {row["name"]: row["value"] for row in both["containerProperties"]["environment"]}
    assert names["INPUT_DIR"] == f"/mnt/run/{merged_folder('both')}/data"


@pytest.mark.parametrize(
    ("api", "deployment"),
    [
        ("https://api.pennsieve.io", "prod"),
        ("https://api.pennsieve.net", "dev"),
        ("http://127.0.0.1:9440", "prod"),
    ],
)
def test_steps_are_told_which_pennsieve_it_is(api: str, deployment: str) -> None:
    assert deployment_of(api) == deployment


def test_a_step_without_any_before_it_has_an_empty_input(world: World) -> None:
    world.dag = [step("make"), step("out", "make", kind="data-target")]
    world.start()
    world.finish_all()
    world.tick()
    assert world.status == "SUCCEEDED"
    assert world.left() == {}
    assert any("make_2f_merge" in job.name for job in world.jobs.values())


@pytest.mark.slow
def test_long_names_and_many_steps_fit_what_aws_takes(world: World) -> None:
    """Names of jobs and definitions have 128 characters, paths of access points 100."""
    names = [f"{'a step with a long name ' * 5}{number:03}" for number in range(200)]
    assert len(names[0]) > 120
    world.dag = [step("in", kind="data-source"), *(step(name, "in") for name in names)]
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    for _ in range(3):
        world.finish_all()
        world.tick()
    assert world.status == "SUCCEEDED"
    definitions = [job.definition["jobDefinitionName"] for job in world.jobs.values()]
    for name in (*(job.name for job in world.jobs.values()), *definitions):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name)
    assert len(set(definitions)) == 202
    assert world.left() == {}


def test_a_door_that_nobody_noted_is_taken_back(world: World) -> None:
    """Killed when it was just made, and cancelled before anybody went on."""
    world.start()
    world.kill_on = "files.create_access_point"
    assert not world.deliver(world.events.pop(0))
    assert len(world.access_points) == 1
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
    last = world.record()
    assert last["reason"] == "step 'work': it ended with exit code 3"
    assert last["metrics"]["costEstimate"]["pricingVersion"].startswith("us-east-1")
    assert all(set(body) == {"status", "timestamp"} for _, body in world.reports)
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
    last = world.record()
    estimate = last["metrics"]["costEstimate"]
    assert estimate["data"]["inputBytes"] == 2**30
    files = estimate["efsThroughput"]
    assert (files["writeBytes"], files["readBytes"]) == (2**30, 2**30 + 2**29), "the step reads it"
    hours = last["metrics"]["executionTimeSec"] / 3600
    stored = 1.5 * hours / HOURS_A_MONTH * S3_GB_MONTH
    written = (FILES_WRITE_GB + 2 * FILES_READ_GB) / 2
    requests = 64 * S3_PUT + 1024 * S3_GET + 1024 * 4 / 1024**2 * FILES_READ_GB
    assert files["estimatedCost"] == pytest.approx(written + requests + stored, abs=1e-5)
    assert last["metrics"]["totalEstimatedCost"] >= files["estimatedCost"]


def test_the_cost_of_a_run_has_the_job_that_cleans_up_after_it(world: World) -> None:
    world.start()
    world.finish_all()
    shown = world.record()
    tasks = len(shown["jobs"])
    assert [job["kind"] for job in shown["jobs"]].count("clean") == 1
    ecs = shown["metrics"]["costEstimate"]["ecs"]
    assert ecs["taskCount"] == tasks
    assert ecs["vcpuHours"] == pytest.approx(tasks / 60, rel=0.01), "a minute each, at least"
    (spent,) = [item for key, item in world.items.items() if key[0].startswith("COST#")]
    assert float(spent["usd"]["N"]) == pytest.approx(shown["cost"], abs=1e-6)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_step_that_fails_without_files_at_the_top_is_told_of_flat(
    world: World, *, is_told: bool
) -> None:
    said = NO_FILES_AT_TOP if is_told else "all files are there"
    world.lines = [(f"{stream_prefix(RUN, 'in')}/default/1", 1, said)]
    world.start()
    world.deliver(world.events.pop(0))
    for code in (0, 3):
        (job,) = world.ready()
        world.begin(job)
        world.end(job, "SUCCEEDED" if code == 0 else "FAILED", code=code)
    world.finish_all()
    reason = world.record()["reason"]
    assert "it ended with exit code 3" in reason
    assert (NO_FILES_AT_TOP in reason) is is_told


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


def test_code_that_is_not_allowed_does_not_run(world: World) -> None:
    world.ask("PUT", "/allowed-processors", {"processors": ["https://github.com/lab/other"]})
    world.start()
    world.finish_all()
    assert (world.status, world.jobs) == ("FAILED", {})
    assert "does not allow https://github.com/lab/work" in world.record()["reason"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_an_image_is_looked_up_where_it_is(world: World, region: str) -> None:
    """Pennsieve's App Store is in one region, a node may be in another."""
    world.image = f"222233334444.dkr.ecr.{region}.amazonaws.com/app:v1"
    world.images = {region: {"v1": f"sha256:{'b' * 64}"}}
    world.start()
    world.finish_all()
    assert world.status == "SUCCEEDED"
    used = {job.definition["containerProperties"]["image"] for job in world.jobs.values()}
    assert f"222233334444.dkr.ecr.{region}.amazonaws.com/app@sha256:{'b' * 64}" in used


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
    assert "without steps" in world.record()["reason"]


def test_aws_that_refuses_for_long_ends_the_run(world: World) -> None:
    world.throttled = {"files"}
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    for _ in range(16):  # the files cannot be deleted either
        world.tick()
    assert world.status == "FAILED"
    assert "AWS refuses: ThrottlingException" in world.record()["reason"]


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
    assert "AWS took its machine back" in world.record()["reason"]


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
    assert "AWS took its machine back" in world.record()["reason"]
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
    assert "the file system is full: writing 'a.edf'" in world.record()["reason"]


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_a_program_that_fails_is_tried_again_as_often_as_asked(world: World, retries: int) -> None:
    world.start_own(retries=retries, spot=True, timeoutSeconds=9000)
    for _ in range(20):
        while world.events:
            world.deliver(world.events.pop(0))
        for job in world.ready():
            failed = "-work-" in job.name
            assert job.definition["retryStrategy"]["attempts"] == 4
            world.begin(job)
            world.end(job, "FAILED" if failed else "SUCCEEDED", code=3 if failed else 0)
    tried = [job for job in world.jobs.values() if "-work-" in job.name]
    assert len(tried) == retries + 1
    assert world.record()["outcome"] == "FAILED"
    work = next(row for row in world.record()["jobs"] if row["key"] == "work")
    assert [row["exitCode"] for row in (*work["past"], *work["attempts"])] == [3] * (retries + 1)
    assert world.left() == {}


def test_lost_machines_are_counted_apart_from_the_programs_failures(world: World) -> None:
    world.start_own(retries=1)
    world.finish_all_of("in")
    (job,) = world.ready()
    world.begin(job)
    lost = {"startedAt": 1000, "stoppedAt": 2000, "statusReason": "Host EC2 (i-0) terminated."}
    failed = {"startedAt": 3000, "stoppedAt": 4000, "container": {"exitCode": 3}}
    job.attempts = [lost, lost, failed]
    world.end(job, "FAILED", code=3)
    while world.events:
        world.deliver(world.events.pop(0))
    (again,) = world.ready()
    assert again.definition["retryStrategy"]["attempts"] == 2
    world.finish_all()
    assert world.record()["outcome"] == "SUCCEEDED"


def test_a_job_that_batch_lost_is_submitted_again(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))
    world.jobs.clear()
    world.tick()
    world.finish_all()
    assert finals(world) == ["SUCCEEDED"]
    assert {job.name.rpartition("-")[2] for job in world.jobs.values()} >= {"2"}


def test_the_time_limit_ends_a_run(world: World) -> None:
    world.start_own(timeoutSeconds=600)
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.begin(job)
    for _ in range(3):
        world.tick()
    world.finish_all()
    record = world.record()
    assert record["outcome"] == "FAILED"
    assert "time limit of the run, 600 s" in record["reason"]
    assert record["jobs"][0]["reason"] == "the run was ended"


def test_the_cost_limit_ends_a_run_and_the_budget_starts_no_other(world: World) -> None:
    world.start_own(maxCost=0.01)
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
        ({"state": "DISABLED"}, "disabled"),
        ({}, "waiting for a machine"),
    ],
)
def test_why_a_step_waits_is_told(world: World, environment: dict[str, str], words: str) -> None:
    world.environments = {"q-fargate": environment}
    world.start()
    world.deliver(world.events.pop(0))
    world.tick()
    status = world.ask("GET", f"/runs/{RUN}/status")["body"]
    assert words in status["steps"][0]["reason"]


LIMIT = "Canceled by JobStateTimeLimit action due to reason:"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "AWS had no machine for it for a day"),
        ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "may use at once (--max-vcpus)"),
        ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", "none of the compute node's machines fits"),
    ],
)
def test_a_job_that_can_never_start_ends_and_the_run_says_why(
    world: World, reason: str, words: str
) -> None:
    """AWS Batch ends it, by a limit of its queue."""
    world.start_own(retries=2)
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.end(job, "FAILED", f"{LIMIT} {reason}")
    world.finish_all()
    world.tick()
    record = world.record()
    assert record["outcome"] == "FAILED"
    assert words in record["reason"]
    assert len([job for job in world.jobs.values() if "-in-" in job.name]) == 1
    assert world.left() == {}


def test_a_step_larger_than_the_node_is_refused_at_once(world: World) -> None:
    world.settings = replace(SETTINGS, max_vcpus="8")
    world.dag[1] |= {"cpu": 16384, "memory": 32768}
    world.start()
    world.finish_all()
    assert (world.status, world.jobs) == ("FAILED", {})
    words = "step 'work' needs 16 processors, and the compute node uses at most 8 at once"
    assert words in world.record()["reason"]


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
