"""Stacks found in every state, and failures told by their first real reason."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.register.deploy_stack import delete, deploy
from pennsieve_agent.account.register.plan import additions, stack_action
from pennsieve_agent.account.register.stack_failure import keep_events
from pennsieve_agent.account.register.steps import DeployStack, StackAction
from pennsieve_agent.account.stack.explain import explain
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.account.world.clients import Clients, Progress
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import ResourceChange, Stack, StackEvent
from pennsieve_agent.errors import AwsError
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.account.registry import FakeRegistry
from tests.account.scene import answering
from tests.account.stack.specs import CODE, NAMES, node
from tests.aws.emulator import ScriptedAws

ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1"
REQUEST = StackRequest("s", {"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}})
ADDED = additions(REQUEST.template)
STEP = DeployStack("s", "us-east-1", StackAction.CREATE, ADDED)
GONE = AwsError("Stack with id s does not exist", aws_code="ValidationError")

Answer = tuple[str, dict[str, Any] | Exception]


def found(status: str) -> tuple[Answer, Answer]:
    stack = {"StackId": ID, "StackName": "s", "StackStatus": status}
    return ("describe_stacks", {"Stacks": [stack]}), (
        "describe_stack_resources",
        {"StackResources": []},
    )


def events(*rows: tuple[int, str, str]) -> Answer:
    """Newest first: number, status, and the reason of a resource; none for the stack itself."""
    return "describe_stack_events", {
        "StackEvents": [
            {
                "EventId": str(number),
                "StackId": ID,
                "PhysicalResourceId": "" if reason else ID,
                "LogicalResourceId": "L" if reason else "s",
                "ResourceType": "AWS::Logs::LogGroup" if reason else "AWS::CloudFormation::Stack",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
            }
            for number, status, reason in rows
        ]
    }


def planned() -> tuple[Answer, ...]:
    change = {"Action": "Add", "LogicalResourceId": "L", "ResourceType": "AWS::Logs::LogGroup"}
    return (
        ("create_change_set", {"Id": "c", "StackId": ID}),
        (
            "describe_change_set",
            {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": change}]},
        ),
    )


def scripted(tmp_path: Path, *script: Answer) -> tuple[Clients, ScriptedAws]:
    aws = ScriptedAws(*script)
    journal = Journal(tmp_path, "default", "lab")
    nodes = OwnNodes(tmp_path / "own-nodes.json").of("default")
    return Clients(aws, FakeRegistry(), journal, lambda _: None, nodes, answering({})), aws


@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("REVIEW_IN_PROGRESS", StackAction.CREATE),
        ("CREATE_COMPLETE", StackAction.UPDATE),
        ("UPDATE_ROLLBACK_COMPLETE", StackAction.UPDATE),
        ("ROLLBACK_COMPLETE", StackAction.RECREATE),
        ("ROLLBACK_FAILED", StackAction.RECREATE),
        ("CREATE_FAILED", StackAction.RECREATE),
        ("CREATE_IN_PROGRESS", StackAction.REJOIN),
        ("UPDATE_IN_PROGRESS", StackAction.REJOIN),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", StackAction.REJOIN),
        ("ROLLBACK_IN_PROGRESS", StackAction.REJOIN),
        ("UPDATE_ROLLBACK_IN_PROGRESS", StackAction.REJOIN),
    ],
)
def test_each_state_has_its_action(status: str, action: StackAction) -> None:
    assert stack_action(Stack(ID, "s", status)) is action
    assert replace(STEP, action=action).sentence


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("DELETE_IN_PROGRESS", "still deleting"),
        ("DELETE_FAILED", "stuck in state DELETE_FAILED"),
        ("UPDATE_ROLLBACK_FAILED", "stuck in state UPDATE_ROLLBACK_FAILED"),
    ],
)
def test_states_for_a_person_to_resolve(status: str, words: str) -> None:
    with pytest.raises(AwsError, match=words) as raised:
        stack_action(Stack(ID, "s", status))
    assert raised.value.hint


def test_a_failed_creation_tells_the_first_real_reason(tmp_path: Path) -> None:
    clients, aws = scripted(
        tmp_path,
        ("describe_stacks", GONE),
        ("describe_stacks", GONE),
        *planned(),
        events((1, "REVIEW_IN_PROGRESS", "")),
        ("execute_change_set", {}),
        events(
            (5, "ROLLBACK_COMPLETE", ""),
            (4, "CREATE_FAILED", "Resource creation cancelled"),
            (3, "CREATE_FAILED", "Quota exceeded."),
            (2, "CREATE_IN_PROGRESS", ""),
        ),
    )
    told: list[Progress] = []
    clients = replace(clients, progress=told.append)

    with pytest.raises(AwsError) as raised:
        deploy(STEP, REQUEST, clients)

    assert raised.value.message == (
        "AWS could not create or update stack s and rolled back: "
        "L (AWS::Logs::LogGroup): Quota exceeded"
    )
    assert raised.value.aws_code == "ROLLBACK_COMPLETE"
    assert "L: create failed (Quota exceeded.)" in [progress.sentence for progress in told]
    kept = clients.journal.path.with_suffix(".failed.json")
    assert raised.value.where == str(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    document = json.loads(kept.read_text())
    assert [e["reason"] for e in document["events"]][1] == "Quota exceeded."
    assert document["logs"] == {}  # its log groups are gone with it
    assert not aws.script


def test_a_failed_update_names_the_logs_that_are_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "default", "lab")
    ended = StackEvent("1", NAMES.stack, "T", "UPDATE_ROLLBACK_COMPLETE", of_stack=True)
    path = keep_events(journal, NAMES.stack, [ended])
    assert path is not None
    logs = json.loads(path.read_text())["logs"]
    template = node_template(node(code=CODE))
    groups = [
        body["Properties"]["LogGroupName"]
        for body in template["Resources"].values()
        if body["Type"] == "AWS::Logs::LogGroup"
    ]
    named = [logs[word].split()[3] for word in ("jobs", "functions")]
    assert named == [NAMES.log_group, NAMES.functions_log_group]
    assert set(named) <= set(groups)


def test_remains_of_a_failed_attempt_are_deleted_first(tmp_path: Path) -> None:
    clients, aws = scripted(
        tmp_path,
        *found("ROLLBACK_COMPLETE"),
        events((2, "ROLLBACK_COMPLETE", "")),
        *found("ROLLBACK_COMPLETE"),
        *found("ROLLBACK_COMPLETE"),
        *found("ROLLBACK_COMPLETE"),
        events((2, "ROLLBACK_COMPLETE", "")),
        ("delete_stack", {}),
        events((3, "DELETE_COMPLETE", ""), (2, "ROLLBACK_COMPLETE", "")),
        ("describe_stacks", GONE),
        *planned(),
        events(),
        ("execute_change_set", {}),
        events((1, "CREATE_COMPLETE", "")),
    )

    outcome = deploy(replace(STEP, action=StackAction.RECREATE), REQUEST, clients)

    assert outcome == "stack s is ready"
    assert not aws.script


def test_what_aws_is_doing_already_is_waited_for(tmp_path: Path) -> None:
    clients, aws = scripted(
        tmp_path,
        *found("CREATE_IN_PROGRESS"),
        events((1, "CREATE_IN_PROGRESS", "")),
        *found("CREATE_IN_PROGRESS"),
        events((1, "CREATE_IN_PROGRESS", "")),
        events((2, "CREATE_COMPLETE", ""), (1, "CREATE_IN_PROGRESS", "")),
    )
    step = replace(STEP, action=StackAction.REJOIN, changes=())

    assert deploy(step, REQUEST, clients) == "AWS has finished with stack s"
    assert not aws.script


def test_a_deletion_that_fails_is_told(tmp_path: Path) -> None:
    clients, _ = scripted(
        tmp_path,
        *found("CREATE_COMPLETE"),
        events((1, "CREATE_COMPLETE", "")),
        ("delete_stack", {}),
        events(
            (3, "DELETE_FAILED", ""), (2, "DELETE_FAILED", "Not empty."), (1, "CREATE_COMPLETE", "")
        ),
    )

    with pytest.raises(AwsError, match=r"could not be deleted: L .*: Not empty"):
        delete("s", clients)


def test_what_an_update_leaves_behind_is_told(tmp_path: Path) -> None:
    clients, aws = scripted(
        tmp_path,
        *found("UPDATE_COMPLETE"),
        events((1, "UPDATE_COMPLETE", "")),
        *found("UPDATE_COMPLETE"),
        found("UPDATE_COMPLETE")[0],
        *planned(),
        events((1, "UPDATE_COMPLETE", "")),
        ("execute_change_set", {}),
        events((3, "UPDATE_COMPLETE", ""), (2, "DELETE_FAILED", "In use.")),
    )

    outcome = deploy(replace(STEP, action=StackAction.UPDATE), REQUEST, clients)

    assert outcome.startswith("stack s is ready; AWS could not delete L (")
    assert outcome.endswith("delete it in the AWS console")
    assert not aws.script


def test_a_replacement_is_said_to_lose_data() -> None:
    change = ResourceChange("Modify", "Journal", "AWS::DynamoDB::Table", "True")
    assert "its contents are lost" in explain(change)
    assert explain(ResourceChange("Import", "X", "AWS::X::Y")).startswith("import X")
