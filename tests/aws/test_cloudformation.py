"""Stacks: planned, made, changed and deleted in an emulated account, and odd ends by script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    delete_stack,
    discard,
    execute_change_set,
    find_stack,
    means_no_changes,
    plan_change_set,
    stacks_called,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.stack_events import last_event, stack_events
from pennsieve_agent.aws.values import ResourceChange
from pennsieve_agent.errors import AwsError, StillRunning
from tests.aws.emulator import ScriptedAws

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1"


def request(days: int = 30) -> StackRequest:
    logs = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "/s", "RetentionInDays": days},
    }
    return StackRequest("s", {"Resources": {"Logs": logs}}, {"who": "us"})


def no_sleep(_: float) -> None:
    raise AssertionError("nothing to wait for")


def carry_out(aws: Aws, wanted: StackRequest) -> list[str]:
    change_set = plan_change_set(aws, wanted, sleep=no_sleep)
    since = last_event(aws, change_set.stack_id)
    execute_change_set(aws, change_set)
    events = stack_events(aws, change_set.stack_id, since, sleep=no_sleep)
    return [event.status for event in events if event.of_stack]


def test_a_stack_lives_and_dies(aws: Aws) -> None:
    assert find_stack(aws, "s") is None
    assert carry_out(aws, request())[-2:] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    stack = find_stack(aws, "s")
    assert stack is not None
    assert stack.updatable
    assert stack.tags == {"who": "us"}
    assert [(r.type, r.name) for r in stack.resources] == [("AWS::Logs::LogGroup", "/s")]
    assert [found.name for found in stacks_called(aws, "s")] == ["s"]

    assert carry_out(aws, request(60)) == [
        *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE")
    ]

    since = last_event(aws, stack.id)
    delete_stack(aws, stack.id)
    events = list(stack_events(aws, stack.id, since, sleep=no_sleep))
    assert events[-1].status == "DELETE_COMPLETE"
    assert find_stack(aws, "s") is None
    gone = find_stack(aws, stack.id)
    assert gone is not None
    assert gone.status == "DELETE_COMPLETE"


def test_the_same_again_is_nothing_to_do(aws: Aws) -> None:
    carry_out(aws, request())

    assert plan_change_set(aws, request(), sleep=no_sleep).changes == ()


def test_changes_are_plain_values(aws: Aws) -> None:
    planned = plan_change_set(aws, request(), sleep=no_sleep)

    assert planned.creates
    assert planned.changes == (ResourceChange("Add", "Logs", "AWS::Logs::LogGroup"),)


def test_a_discarded_plan_leaves_nothing(aws: Aws) -> None:
    planned = plan_change_set(aws, request(), sleep=no_sleep)
    shell = find_stack(aws, "s")
    assert shell is not None
    assert shell.only_reviewed

    discard(aws, planned)

    assert find_stack(aws, "s") is None


def test_a_discarded_update_leaves_the_stack(aws: Aws) -> None:
    carry_out(aws, request())

    discard(aws, plan_change_set(aws, request(60), sleep=no_sleep))

    stack = find_stack(aws, "s")
    assert stack is not None
    assert stack.status == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "sentence",
    [
        (
            "The submitted information didn't contain changes. Submit different information to "
            "create a change set."
        ),
        "No updates are to be performed.",
    ],
)
def test_both_sentences_for_nothing_to_do_are_known(sentence: str) -> None:
    assert means_no_changes(sentence)
    assert not means_no_changes("Requires capabilities : [CAPABILITY_NAMED_IAM]")


def described(status: str) -> tuple[str, dict[str, Any]]:
    stack = {"StackId": STACK_ID, "StackName": "s", "StackStatus": status}
    return "describe_stacks", {"Stacks": [stack]}


def event(number: int, status: str, *, of_stack: bool = True, reason: str = "") -> dict[str, Any]:
    return {
        "EventId": str(number),
        "StackId": STACK_ID,
        "PhysicalResourceId": STACK_ID if of_stack else "x",
        "LogicalResourceId": "s" if of_stack else f"R{number}",
        "ResourceType": "AWS::CloudFormation::Stack" if of_stack else "AWS::X::Y",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    }


def test_events_come_once_in_order_until_the_stack_rests() -> None:
    first = [event(1, "CREATE_COMPLETE")]
    second = [event(2, "UPDATE_IN_PROGRESS"), *first]
    third = [event(4, "UPDATE_COMPLETE"), event(3, "UPDATE_COMPLETE", of_stack=False), *second]
    aws = ScriptedAws(
        *(("describe_stack_events", {"StackEvents": e}) for e in (first, second, third))
    )
    slept: list[float] = []

    seen = [e.id for e in stack_events(aws, "s", "1", sleep=slept.append)]

    assert seen == ["2", "3", "4"]
    assert len(slept) == 2


def test_echoes_of_a_failure_are_not_failures() -> None:
    rows = [
        event(3, "ROLLBACK_COMPLETE"),
        event(2, "CREATE_FAILED", of_stack=False, reason="Resource creation cancelled"),
        event(1, "CREATE_FAILED", of_stack=False, reason="Quota exceeded"),
    ]
    aws = ScriptedAws(("describe_stack_events", {"StackEvents": rows}))

    failed = [e.reason for e in stack_events(aws, "s", None, sleep=no_sleep) if e.failed]

    assert failed == ["Quota exceeded"]


def test_a_wait_ends() -> None:
    busy = {"StackEvents": [event(1, "CREATE_IN_PROGRESS")]}
    aws = ScriptedAws(("describe_stack_events", busy), ("describe_stack_events", busy))

    with pytest.raises(StillRunning):
        list(stack_events(aws, "s", None, sleep=lambda _: None, seconds=0.5))


def test_a_refused_template_is_cleaned_up_and_explained() -> None:
    failed = {"Status": "FAILED", "StatusReason": "Template error: no such thing."}
    aws = ScriptedAws(
        ("describe_stacks", AwsError("Stack with id s does not exist", aws_code="ValidationError")),
        ("create_change_set", {"Id": "c", "StackId": STACK_ID}),
        ("describe_change_set", failed),
        ("delete_change_set", {}),
        described("REVIEW_IN_PROGRESS"),
        ("delete_stack", {}),
    )

    with pytest.raises(AwsError, match=r"Template error: no such thing$"):
        plan_change_set(aws, request(), sleep=no_sleep)
    assert not aws.script


def test_a_plan_left_behind_is_made_anew() -> None:
    change = {"Action": "Modify", "LogicalResourceId": "L", "ResourceType": "T"}
    changes = [{"ResourceChange": {**change, "Replacement": "True"}}]
    done = {"Status": "CREATE_COMPLETE", "ChangeSetId": "c", "Changes": changes, "NextToken": "n"}
    aws = ScriptedAws(
        described("UPDATE_COMPLETE"),
        ("create_change_set", AwsError("there is one", aws_code="AlreadyExistsException")),
        ("delete_change_set", {}),
        ("create_change_set", {"Id": "c", "StackId": STACK_ID}),
        ("describe_change_set", {"Status": "CREATE_IN_PROGRESS"}),
        ("describe_change_set", done),
        ("describe_change_set", {"Changes": changes}),
    )

    planned = plan_change_set(aws, request(), sleep=lambda _: None)

    assert planned.changes == (ResourceChange("Modify", "L", "T", "True"),) * 2
    assert not planned.creates


def test_other_refusals_are_not_taken_for_a_missing_stack() -> None:
    aws = ScriptedAws(
        ("describe_stacks", AwsError("1 validation error", aws_code="ValidationError"))
    )

    with pytest.raises(AwsError):
        find_stack(aws, "s")
