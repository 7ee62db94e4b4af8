"""The emulated CloudFormation tells of each resource, and takes back what failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    delete_stack,
    execute_change_set,
    find_stack,
    plan_change_set,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.stack_events import last_event, stack_events
from pennsieve_agent.aws.values import StackEvent
from pennsieve_agent.sandbox.aws.stack_events import pace
from tests.account.stack.specs import every
from tests.aws.emulator import emulated, reset, settings

NAME = "pennsieve-node-0a1b2c3d"


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}, **more}


FIRST, SECOND = group("/first"), group("/second", DependsOn="First")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Iterator[Aws]:
    reset(url)
    with Aws(settings(tmp_path, url)) as aws:
        yield aws


def change(aws: Aws, **resources: dict[str, Any]) -> list[StackEvent]:
    """Plan and carry out; what happened."""
    planned = plan_change_set(
        aws, StackRequest(NAME, {"Resources": resources}), sleep=lambda _: None
    )
    since = last_event(aws, planned.stack_id)
    execute_change_set(aws, planned)
    return list(stack_events(aws, planned.stack_id, since, sleep=lambda _: None))


def rows(events: list[StackEvent]) -> list[str]:
    return [f"{event.logical_id} {event.status}" for event in events]


def status(aws: Aws) -> str:
    stack = find_stack(aws, NAME)
    return stack.status if stack else ""


def groups(aws: Aws) -> list[str]:
    found = aws.call("logs", "describe_log_groups")["logGroups"]
    return [row["logGroupName"] for row in found]


def test_a_creation_is_told_resource_by_resource(aws: Aws) -> None:
    events = change(aws, First=FIRST, Second=SECOND)
    assert rows(events) == [
        f"{NAME} REVIEW_IN_PROGRESS",
        f"{NAME} CREATE_IN_PROGRESS",
        *("First CREATE_IN_PROGRESS", "First CREATE_IN_PROGRESS", "First CREATE_COMPLETE"),
        *("Second CREATE_IN_PROGRESS", "Second CREATE_IN_PROGRESS", "Second CREATE_COMPLETE"),
        f"{NAME} CREATE_COMPLETE",
    ]
    assert [event.type for event in events[2:4]] == ["AWS::Logs::LogGroup"] * 2
    assert [event.of_stack for event in events[1:3]] == [True, False]


def test_an_update_removes_last(aws: Aws) -> None:
    change(aws, First=FIRST)
    later = group("/first", UpdateReplacePolicy="Retain", DeletionPolicy="Retain")
    assert rows(change(aws, First=later, Second=SECOND))[-2:] == [
        f"{NAME} UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        f"{NAME} UPDATE_COMPLETE",
    ]
    assert rows(change(aws, First=later, Third=group("/third"))) == [
        f"{NAME} UPDATE_IN_PROGRESS",
        *("Third CREATE_IN_PROGRESS", "Third CREATE_IN_PROGRESS", "Third CREATE_COMPLETE"),
        f"{NAME} UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        *("Second DELETE_IN_PROGRESS", "Second DELETE_COMPLETE"),
        f"{NAME} UPDATE_COMPLETE",
    ]
    assert groups(aws) == ["/first", "/third"]


def test_a_creation_that_fails_is_taken_back(aws: Aws) -> None:
    aws.call("logs", "create_log_group", logGroupName="/second")
    events = change(aws, First=FIRST, Second=SECOND)
    assert rows(events)[2:] == [
        *("First CREATE_IN_PROGRESS", "First CREATE_IN_PROGRESS", "First CREATE_COMPLETE"),
        *("Second CREATE_IN_PROGRESS", "Second CREATE_FAILED"),
        f"{NAME} ROLLBACK_IN_PROGRESS",
        *("First DELETE_IN_PROGRESS", "First DELETE_COMPLETE"),
        f"{NAME} ROLLBACK_COMPLETE",
    ]
    (failure,) = (event for event in events if event.failed)
    assert "already exists" in failure.reason
    assert (status(aws), groups(aws)) == ("ROLLBACK_COMPLETE", ["/second"])


def test_an_update_that_fails_is_taken_back(aws: Aws) -> None:
    change(aws, First=FIRST, Old=group("/old"))
    aws.call("logs", "create_log_group", logGroupName="/second")
    events = change(aws, First=FIRST, Also=group("/also"), Second=SECOND)
    assert rows(events)[-7:] == [
        *("Second CREATE_IN_PROGRESS", "Second CREATE_FAILED"),
        f"{NAME} UPDATE_ROLLBACK_IN_PROGRESS",
        f"{NAME} UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        *("Also DELETE_IN_PROGRESS", "Also DELETE_COMPLETE"),
        f"{NAME} UPDATE_ROLLBACK_COMPLETE",
    ]
    assert status(aws) == "UPDATE_ROLLBACK_COMPLETE"
    assert groups(aws) == ["/first", "/old", "/second"]
    aws.call("logs", "delete_log_group", logGroupName="/second")
    change(aws, First=FIRST, Also=group("/also"), Second=SECOND)
    assert (status(aws), groups(aws)) == ("UPDATE_COMPLETE", ["/also", "/first", "/second"])


def test_a_deletion_that_fails_leaves_the_stack(aws: Aws) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full-of-it"}}
    change(aws, First=FIRST, Bucket=bucket)
    stack = find_stack(aws, NAME)
    assert stack is not None
    aws.call("s3", "put_object", Bucket="full-of-it", Key="a", Body=b"")
    since = last_event(aws, stack.id)
    delete_stack(aws, NAME)
    events = list(stack_events(aws, stack.id, since, sleep=lambda _: None))
    assert rows(events)[-1] == f"{NAME} DELETE_FAILED"
    assert [event.logical_id for event in events if event.failed] == ["Bucket", NAME]
    assert (status(aws), groups(aws)) == ("DELETE_FAILED", [])
    aws.call("s3", "delete_object", Bucket="full-of-it", Key="a")
    delete_stack(aws, NAME)
    assert status(aws) == ""
    assert find_stack(aws, stack.id).status == "DELETE_COMPLETE"  # type: ignore[union-attr]


def test_a_whole_node_comes_and_every_resource_is_told(aws: Aws) -> None:
    template = stack_request(every()["off"]).template
    events = change(aws, **template["Resources"])
    done = [event.logical_id for event in events if event.status == "CREATE_COMPLETE"]
    assert sorted(done) == sorted([*template["Resources"], NAME])
    assert len(json.dumps(done)) > 0


def test_events_become_visible_one_after_the_other(aws: Aws) -> None:
    change(aws, First=FIRST)
    pace(3600)
    try:
        planned = plan_change_set(
            aws,
            StackRequest(NAME, {"Resources": {"First": FIRST, "Second": SECOND}}),
            sleep=lambda _: None,
        )
        execute_change_set(aws, planned)
    finally:
        pace(0)
    # The first one comes an hour after the last of the creation.
    assert status(aws) == "CREATE_COMPLETE"
    assert last_event(aws, NAME) is not None
    assert groups(aws) == ["/first", "/second"]
