"""Bringing the role of Pennsieve's own nodes to what is served today, and what it denies."""

from __future__ import annotations

import json

import pytest

from pennsieve_agent.account.doctor.served_role_check import openings
from pennsieve_agent.account.served.hardening import Documents, denials, hardened
from pennsieve_agent.account.served.role import policy_name
from pennsieve_agent.account.served.update_role import apply_change, plan_change
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.errors import (
    Conflict,
    UsageProblem,
)
from tests.account.registry import PLATFORM_ACCOUNT, FakeRegistry
from tests.account.scene import Scene
from tests.account.served import POLICIES, linked, policy, register, roles
from tests.account.test_doctor_changes import look
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)


def test_an_update_shows_what_changed_and_keeps_what_was_denied(lab: Scene) -> None:
    register(lab)
    assert plan_change(lab.clients, harden=False).lines == []
    own = {"Sid": "Mine", "Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"}
    text = json.dumps({**policy(lab), "Statement": [*policy(lab)["Statement"], own]})
    (name,) = roles(lab)
    lab.aws.call("iam", "put_role_policy", RoleName=name, PolicyName=policy_name(name),
                 PolicyDocument=text)  # fmt: skip
    lab.registry.served["Statement"][0]["Action"].append("sqs:CreateQueue")
    change = plan_change(lab.clients, harden=False)
    changed = [line for line in change.lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert changed == ['-        "iam:CreateServiceLinkedRole"',
                       '+        "iam:CreateServiceLinkedRole",',
                       '+        "sqs:CreateQueue"']  # fmt: skip
    apply_change(change, lab.clients)
    sids = [row["Sid"] for row in policy(lab)["Statement"]]
    assert "Mine" in sids
    assert {each["Sid"] for each in denials(NUMBER)} <= set(sids)
    role = find_role(lab.aws, name)
    assert role is not None
    assert role.trust["Statement"][0]["Condition"]["ArnLike"]
    assert plan_change(lab.clients, harden=False).lines == []


def test_a_role_as_served_is_hardened_when_asked(lab: Scene) -> None:
    register(lab, as_served=True)
    (name,) = roles(lab)
    lab.aws.call("iam", "update_role", RoleName=name, MaxSessionDuration=7200)
    assert "-session: 7200 s" in plan_change(lab.clients, harden=False).lines
    apply_change(plan_change(lab.clients, harden=True), lab.clients)
    assert openings({"": policy(lab)}) == ("read and change every bucket",)
    role = find_role(lab.aws, name)
    assert role is not None
    assert role.session_seconds == 3600
    assert plan_change(lab.clients, harden=True).lines == []


def test_another_account_to_let_in_is_no_update(lab: Scene) -> None:
    register(lab)
    text = json.dumps(lab.registry.trust).replace(PLATFORM_ACCOUNT, "111122223333")
    lab.registry.trust = json.loads(text)
    with pytest.raises(Conflict, match="asks for 111122223333"):
        plan_change(lab.clients, harden=False)


def test_an_account_without_a_role_of_this_kind_is_told_so(lab: Scene) -> None:
    with pytest.raises(UsageProblem, match="is not registered with Pennsieve"):
        plan_change(lab.clients, harden=False)


@pytest.mark.parametrize(
    ("ask", "allowed"),
    [
        (Ask("ec2:RunInstances", "*", {"aws:RequestedRegion": "us-east-1"}), True),
        (Ask("ec2:RunInstances", "*", {"aws:RequestedRegion": "eu-west-1"}), False),
        (Ask("iam:PassRole", "*", {"iam:PassedToService": "lambda.amazonaws.com"}), True),
        (Ask("iam:PassRole", "*", {"iam:PassedToService": "glue.amazonaws.com"}), False),
        (Ask("iam:PassRole", "*"), False),
        (Ask("iam:AttachRolePolicy", "*", {"iam:PermissionsBoundary":
             f"arn:aws:iam::{NUMBER}:policy/pennsieve-boundary-1"}), True),
        (Ask("iam:AttachRolePolicy", "*"), False),
        (Ask("iam:CreatePolicyVersion", f"{POLICIES}/pennsieve-boundary-1"), True),
        (Ask("iam:CreatePolicyVersion", f"{POLICIES}/yours"), False),
        (Ask("iam:CreateServiceLinkedRole", "*", linked("ecs")), True),
        (Ask("iam:CreateServiceLinkedRole", "*", linked("x")), False),
        (Ask("ec2:ModifySnapshotAttribute"), False),
        (Ask("route53:ChangeResourceRecordSets"), False),
        (Ask("lambda:CreateFunctionUrlConfig", "*", {"lambda:FunctionUrlAuthType": "NONE"}), False),
        (Ask("lambda:CreateFunctionUrlConfig", "*",
             {"lambda:FunctionUrlAuthType": "AWS_IAM"}), True),
    ],
)  # fmt: skip
def test_what_is_denied_and_what_a_provisioner_may_still_do(ask: Ask, allowed: bool) -> None:  # noqa: FBT001
    registry = FakeRegistry()
    found = hardened(Documents(registry.trust, registry.served), NUMBER).permissions
    context = {"aws:RequestedRegion": "us-east-1", **ask.context}
    verdict = decide(Ask(ask.action, ask.resource, context), [found])
    assert (verdict is Verdict.ALLOWED) is allowed


def test_doctor_finds_such_a_node_well(lab: Scene) -> None:
    register(lab)
    found = look(lab)
    assert found["role's permissions"].passed
    assert "can still read and change every bucket" in found["role's permissions"].finding
    assert found["trust"].passed
    assert found["external id"].passed
    assert found["session"].passed
