"""What goes wrong half-way is told, strands nothing, and running again finishes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.register.execute import first_entry
from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.clients import StepState
from pennsieve_agent.account.world.registration_journal import Journal, JournalEntry
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.cloudformation import find_stack, plan_change_set
from pennsieve_agent.aws.s3 import put_object
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Forbidden,
    NotPermitted,
    Unreachable,
    UsageProblem,
)
from tests.account.conftest import check
from tests.account.scene import BUNDLE, OPTIONS, Scene, Transfer, answering
from tests.account.test_register import TOLD
from tests.aws.emulator import IGNORED, NUMBER, settings
from tests.aws.recorder import RecordingAws

pytestmark = pytest.mark.filterwarnings(IGNORED)
DENIED = NotPermitted("AWS refused it", aws_code="AccessDenied")
SLOW = AwsError("AWS asked to slow down, and went on asking", aws_code="Throttling")
DOWN = Unreachable("Pennsieve does not answer")
PLATFORM = ("accounts", "nodes", "role_policy", *TOLD)
#: What a registration does in AWS, in its order.
IN_AWS = ("create_change_set", "execute_change_set", "head_object", "put_object")


class Refusing(RecordingAws):
    """Refuses one operation, each time it is asked for."""

    def __init__(self, found: AwsSettings) -> None:
        super().__init__(found, check)
        self.refused = ""
        self.error: AwsError = DENIED

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == self.refused:
            raise self.error
        return super().call(service, operation, **parameters)


@pytest.fixture
def refusing(scene: Scene, emulator: str, tmp_path: Path) -> Iterator[tuple[Scene, Refusing]]:
    with Refusing(settings(tmp_path, emulator)) as aws:
        yield Scene(replace(scene.clients, aws=aws), scene.registry), aws


def one_of_each(scene: Scene) -> None:
    assert len(scene.registry.records) == len(scene.clients.nodes.list()) == 1
    assert scene.stacks() == [f"pennsieve-node-{entry_of(scene).token}"]
    assert scene.roles() == []


def entry_of(scene: Scene) -> JournalEntry:
    entry = scene.clients.journal.read()
    assert entry is not None
    return entry


def test_refused_at_each_step_one_after_the_other(refusing: tuple[Scene, Refusing]) -> None:
    scene, aws = refusing
    tokens = set()
    for operation, error in product(IN_AWS, (DENIED, SLOW)):
        aws.refused, aws.error = operation, error
        with pytest.raises(AwsError) as raised:
            scene.register()
        assert raised.value is error
        tokens.add(entry_of(scene).token)
    aws.refused = ""
    scene.registry.refuse = dict.fromkeys(PLATFORM, DOWN)
    scene.register()
    assert [p.step for p in scene.told if p.state is StepState.PROBLEM] == TOLD
    assert scene.registry.records == {}
    tokens.add(entry_of(scene).token)
    scene.registry.refuse = {}

    scene.register()

    assert len(tokens) == 1
    one_of_each(scene)


def test_an_answer_that_is_lost_makes_no_double(scene: Scene) -> None:
    def lose(done: str) -> None:
        if done == "register_account":
            scene.registry.after = lambda _: None
            raise DOWN

    scene.registry.after = lose
    scene.register()
    scene.register()

    one_of_each(scene)
    assert scene.registry.enabled
    assert scene.registry.pulls == {NUMBER}


def test_the_platform_down_after_the_stack_is_up(scene: Scene) -> None:
    scene.registry.refuse["register_account"] = DOWN
    scene.register()
    kinds = [s.kind for s in scene.plan().steps if isinstance(s, AlreadyDone)]
    assert kinds == [
        *("deploy_stack", "upload_code", "copy_transfer_image"),
        *("turn_on", "check_node", "remember_node"),
    ]

    scene.registry.refuse.clear()
    scene.register()
    one_of_each(scene)
    assert scene.plan().nothing_to_do


def test_an_account_deleted_elsewhere_is_registered_anew(scene: Scene) -> None:
    scene.register()
    before = entry_of(scene)
    scene.registry.records.clear()
    scene.registry.enabled.clear()

    scene.register()

    one_of_each(scene)
    after = entry_of(scene)
    assert before.token == after.token
    assert before.account_uuid != after.account_uuid


def test_a_wrong_region_is_said(scene: Scene, emulator: str, tmp_path: Path) -> None:
    scene.register()
    with Aws(settings(tmp_path, emulator), region="eu-west-1") as elsewhere:
        moved = Scene(replace(scene.clients, aws=elsewhere), scene.registry)
        for action in (moved.register, moved.remove):
            with pytest.raises(UsageProblem, match="us-east-1"):
                action()
    one_of_each(scene)


def test_the_shell_of_a_plan_that_was_killed_is_taken_away(scene: Scene) -> None:
    plan = scene.plan()
    scene.clients.journal.write(first_entry(plan))
    shell = stack_request(turned_off(plan.spec))
    plan_change_set(scene.aws, shell, sleep=lambda _: None, types=EVERY_TYPE)
    found = find_stack(scene.aws, plan.names.stack)
    assert found is not None
    assert found.only_reviewed

    scene.plan()

    assert scene.stacks() == []


def test_a_plan_left_on_a_stack_is_taken_away(scene: Scene) -> None:
    scene.register()
    spec = scene.plan().spec
    changed = replace(spec, settings=replace(spec.settings, max_vcpus=8))
    plan_change_set(scene.aws, stack_request(changed), sleep=lambda _: None, types=EVERY_TYPE)
    assert len(change_sets(scene)) > len(change_sets_after(scene))


def change_sets(scene: Scene) -> list[str]:
    (name,) = scene.stacks()
    found = scene.aws.call("cloudformation", "list_change_sets", StackName=name)["Summaries"]
    return [row["ChangeSetName"] for row in found if row["ExecutionStatus"] == "AVAILABLE"]


def change_sets_after(scene: Scene) -> list[str]:
    assert scene.plan().nothing_to_do
    return change_sets(scene)


def unwell(*issues: str) -> dict[str, Any]:
    return {"status": "WARNING", "issues": list(issues)}


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (unwell("the queue cannot run jobs"), "reports problems: the queue cannot run jobs"),
        (Forbidden("you may not call it"), "you may not call it"),
        ({"status": "HEALTHY"}, ""),
    ],
)
def test_a_node_that_is_not_well_is_told_of_to_nobody(
    scene: Scene, answer: dict[str, Any] | AgentError, part: str
) -> None:
    sick = Scene(replace(scene.clients, client=answering(answer)), scene.registry)
    if not part:
        sick.register()
        return
    with pytest.raises(AgentError, match=part):
        sick.register()
    assert not scene.registry.records
    assert not scene.clients.nodes.list()

    scene.register()
    one_of_each(scene)


def test_a_stack_made_by_an_administrator_is_registered(scene: Scene, tmp_path: Path) -> None:
    made = scene.plan()
    request = stack_request(replace(made.spec, code=None))
    scene.aws.call(
        "cloudformation",
        "create_stack",
        StackName=request.name,
        TemplateBody=request.body,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": k, "Value": v} for k, v in request.tags.items()],
    )
    # Somebody else, on another machine: the journal is empty.
    journal = Journal(tmp_path / "theirs", "default", "lab")
    theirs = Scene(replace(scene.clients, journal=journal), scene.registry)
    options = replace(OPTIONS, from_stack=request.name)

    theirs.register(theirs.plan(options))

    one_of_each(theirs)
    assert entry_of(theirs).token == made.names.token
    with pytest.raises(UsageProblem, match="there is no stack"):
        theirs.plan(replace(OPTIONS, from_stack="pennsieve-node-00000000"))


def test_an_administrators_whole_stack_gets_the_image_that_it_names(
    scene: Scene, tmp_path: Path
) -> None:
    """Whoever makes the stack by hand copies no image; it is done at registration, in the VPC none.

    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html)
    """
    made, key = scene.plan(), "code/by-hand.json"
    for spec in (turned_off(made.spec), made.spec):
        request = stack_request(spec)
        where = {"TemplateBody": request.body}
        if spec.code is not None:
            put_object(scene.aws, made.names.bucket, key, request.body.encode())
            where = {"TemplateURL": f"https://{made.names.bucket}.s3.amazonaws.com/{key}"}
        scene.aws.call(
            "cloudformation",
            "create_stack" if spec.code is None else "update_stack",
            StackName=request.name,
            **where,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": k, "Value": v} for k, v in request.tags.items()],
        )
        put_object(scene.aws, made.names.bucket, made.names.code_key(BUNDLE.digest), b"a zip")
    transfer = Transfer()
    transfer.today = "sha256:" + "8" * 64  # a later one than that of the stack
    journal = Journal(tmp_path / "theirs", "default", "lab")
    clients = replace(scene.clients, journal=journal, transfer=transfer)
    theirs = Scene(clients, scene.registry)
    theirs.register(theirs.plan(replace(OPTIONS, from_stack=made.names.stack)))
    assert transfer.copied == [(made.names.transfer_images, made.spec.transfer_digest)]
    assert theirs.plan(replace(OPTIONS, from_stack=made.names.stack)).nothing_to_do


def test_a_stack_of_another_kind_is_not_registered(scene: Scene) -> None:
    template = json.dumps({"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}})
    name = "pennsieve-node-0a1b2c3d"
    scene.aws.call("cloudformation", "create_stack", StackName=name, TemplateBody=template)
    for wrong, part in ((name, "another template"), ("other", "must begin")):
        with pytest.raises(UsageProblem, match=part):
            scene.plan(replace(OPTIONS, from_stack=wrong))
