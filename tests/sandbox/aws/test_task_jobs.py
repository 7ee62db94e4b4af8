"""Jobs whose task has several containers: what AWS Batch takes, and what it tells of them."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.engine.control_groups import Reading
from pennsieve_agent.sandbox.aws.batch.containers import Container
from pennsieve_agent.sandbox.aws.limits.task_rules import task_problems
from tests.sandbox.aws.account import Cloud
from tests.sandbox.aws.test_batch import GROUP, Shop


def container(name: str, vcpus: str, memory: str, *command: str, **more: Any) -> dict[str, Any]:
    options = {"awslogs-group": GROUP, "awslogs-stream-prefix": f"run/r1/{name}"}
    return {
        "name": name,
        "image": "public.ecr.aws/docker/library/python:3.13-slim",
        "command": list(command),
        "resourceRequirements": [
            {"type": "VCPU", "value": vcpus},
            {"type": "MEMORY", "value": memory},
        ],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        **more,
    }


def step(*command: str, **more: Any) -> dict[str, Any]:
    return container("default", "0.9", "1984", *command, **more)


def beside(*command: str, **more: Any) -> dict[str, Any]:
    return container("meter", "0.1", "64", *command, **{"essential": False, **more})


def submit(shop: Shop, *containers: dict[str, Any], **more: Any) -> str:
    task = {"containers": containers, "executionRoleArn": shop.execution}
    made = shop.batch.register_job_definition(
        jobDefinitionName="task",
        type="container",
        platformCapabilities=["FARGATE"],
        ecsProperties={"taskProperties": [task]},
        **more,
    )
    job = shop.batch.submit_job(jobName="t", jobQueue="q", jobDefinition=made["jobDefinitionArn"])
    return str(job["jobId"])


@pytest.fixture
def shop(cloud: Cloud) -> Shop:
    return Shop(cloud)


def by_name(row: Any) -> dict[str, Any]:
    (task,) = row["taskProperties"]
    return {one["name"]: one for one in task["containers"]}


def test_a_job_is_its_essential_container_and_the_other_is_ended_after_it(shop: Shop) -> None:
    job = shop.wait(submit(shop, step("say", "hello"), beside("hold")))
    assert job["status"] == "SUCCEEDED"
    assert "container" not in job
    rows, ended = by_name(job["ecsProperties"]), by_name(job["attempts"][0])
    assert rows["default"]["exitCode"] == ended["default"]["exitCode"] == 0
    assert ended["meter"]["exitCode"] == 137
    assert ended["default"]["logStreamName"].startswith("run/r1/default/default/")
    assert ended["meter"]["logStreamName"].startswith("run/r1/meter/meter/")
    assert rows["default"]["resourceRequirements"][0]["value"] == "0.9"
    assert shop.lines("default") == ["hello"]
    (definition,) = shop.batch.describe_job_definitions(jobDefinitionName="task")["jobDefinitions"]
    assert "containerProperties" not in definition
    (task,) = definition["ecsProperties"]["taskProperties"]
    assert [one["name"] for one in task["containers"]] == ["default", "meter"]


@pytest.mark.parametrize("command", [("exit", "1"), ("fail", "CannotStartContainerError: no")])
def test_how_another_container_ends_is_not_the_jobs_matter(
    shop: Shop, command: tuple[str, ...]
) -> None:
    assert shop.wait(submit(shop, step("say", "hello"), beside(*command)))["status"] == "SUCCEEDED"


def test_a_failure_is_that_of_the_essential_container(shop: Shop) -> None:
    again = {"attempts": 2}
    number = submit(shop, step("exit", "3"), beside("exit", "0"), retryStrategy=again)
    job = shop.wait(number)
    assert job["status"] == "FAILED"
    assert [by_name(row)["default"]["exitCode"] for row in job["attempts"]] == [3, 3]
    streams = {by_name(row)["meter"]["logStreamName"] for row in job["attempts"]}
    assert len(streams) == 2


def test_containers_are_told_of_their_task(shop: Shop) -> None:
    told, asked = threading.Event(), threading.Event()
    answers: dict[str, Any] = {}

    def work(made: Container) -> None:
        made.gauge.reading = Reading(500, 700, 100, 1.5, 7, None)
        told.set()
        asked.wait(20)

    def meter(made: Container) -> None:
        assert not made.mounts
        assert told.wait(20)
        address = made.environ["ECS_CONTAINER_METADATA_URI_V4"]
        for path in ("/task", "/task/stats"):
            with urllib.request.urlopen(address + path) as answer:  # noqa: S310 - http
                answers[path] = json.load(answer)
        asked.set()

    shop.cloud.stage.ready |= {"work": work, "meter": meter}
    shop.wait(submit(shop, step("do", "work"), beside("do", "meter")))
    ids = {row["Name"]: row["DockerId"] for row in answers["/task"]["Containers"]}
    stats = answers["/task/stats"]
    assert stats[ids["meter"]] is None
    assert stats[ids["default"]]["memory_stats"]["usage"] == 500
    assert stats[ids["default"]]["blkio_stats"]["io_service_bytes_recursive"] == [
        {"major": 0, "minor": 0, "op": "read", "value": 7}
    ]


def test_what_is_set_at_submission_is_for_one_container(shop: Shop) -> None:
    submit(shop, step("say"), beside("hold"))
    with pytest.raises(ClientError, match="containerOverrides"):
        shop.batch.submit_job(
            jobName="t", jobQueue="q", jobDefinition="task", containerOverrides={"command": ["x"]}
        )


def test_aws_refuses_a_task_that_is_no_size_of_fargate(shop: Shop) -> None:
    with pytest.raises(ClientError, match=r"\(1\.25 vCPU, 2048 MiB\) not valid"):
        submit(shop, container("default", "1", "1920"), container("meter", "0.25", "128"))


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def problem(change: Change, *, fargate: bool = True) -> str:
    """The first problem of a task of two containers that was changed."""
    containers = [step("say"), beside("hold")]
    task: dict[str, Any] = {"containers": containers, "executionRoleArn": "arn:r"}
    change(task, containers[1])
    return next(task_problems([task], fargate=fargate), "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, _: t.update(containers=[]), "between 1 and 10"),
        (lambda t, _: t.update(containers=11 * [step("say")]), "between 1 and 10"),
        (lambda _, m: m.update(name="default"), "names"),
        (lambda _, m: m.pop("name"), "names"),
        (lambda _, m: m.pop("image"), "an image"),
        (lambda t, _: t["containers"][0].update(essential=False), "essential"),
        (lambda _, m: m.update(mountPoints=[{"sourceVolume": "v"}]), "Unknown volume 'v'"),
        (lambda _, m: m.update(dependsOn=[{"containerName": "x"}]), "does not exist"),
        (
            lambda _, m: m.update(dependsOn=[{"containerName": "default", "condition": "SUCCESS"}]),
            "can't be set on an essential container",
        ),
        (lambda t, _: t.pop("executionRoleArn"), "executionRoleArn"),
        (lambda t, _: t.update(ipcMode="task"), "ipcMode"),
        (lambda _, m: m.update(privileged=True), "privileged"),
        (lambda _, m: m.update(stopTimeout=1), "stopTimeout"),
        (lambda _, m: m.update(startTimeout=121), "startTimeout"),
        (lambda _, m: m.pop("resourceRequirements"), "VCPU and MEMORY"),
        (lambda _, m: m["resourceRequirements"][0].update(value="much"), "VCPU and MEMORY"),
        (lambda _, m: m["resourceRequirements"][1].update(value="2"), "4 MiB"),
        (lambda _, m: m["resourceRequirements"][0].update(type="GPU"), "GPU"),
        (lambda _, m: m["resourceRequirements"][0].update(value="0.11"), "(1.01 vCPU, 2048 MiB)"),
    ],
)
def test_what_a_task_may_not_be(change: Change, words: str) -> None:
    assert words in problem(change)


def test_what_a_task_may_be() -> None:
    assert problem(lambda *_: None) == ""
    assert problem(lambda t, _: t.pop("executionRoleArn"), fargate=False) == ""
    assert next(task_problems([], fargate=True)) == "taskProperties must have one element"
