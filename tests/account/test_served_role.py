"""The role of a node that Pennsieve runs itself: what it leaves open is said, and who enters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.doctor.served_role_check import openings, served_checks
from pennsieve_agent.account.served.role import policy_name
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from tests.account.registry import PLATFORM_ACCOUNT, WORKSPACE
from tests.account.scene import Scene
from tests.account.test_doctor_changes import look
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)
PLATFORM = "999988887777"
ROLE = "Pennsieve-Compute-sbx-0a1b2c3d"


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def policy(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(rows)}


SERVED = policy(
    allow("ec2:*", "s3:*", "iam:CreateServiceLinkedRole"),
    allow("iam:PassRole", "iam:AttachRolePolicy", "iam:CreatePolicyVersion"),
)
LOCKED = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
PASSED = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}
BOUND = {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/pennsieve-boundary-*"}}
NARROW = policy(
    allow("ec2:*", Condition=LOCKED),
    allow("iam:PassRole", Condition=PASSED),
    allow("iam:AttachRolePolicy", Condition=BOUND),
)
TRUST = policy(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PLATFORM}:root"},
        "Action": "sts:AssumeRole",
    }
)
IAM_ROLE = IamRole(ROLE, "arn", "/", trust=TRUST)


def test_what_the_served_policy_leaves_open() -> None:
    assert openings({"served": SERVED}) == (
        "start instances in any region",
        "pass any role to any service",
        "attach policies to any role",
        "change any of your policies",
        "create service-linked roles of any AWS service",
        "read and change every bucket",
    )
    assert openings({"narrow": NARROW}) == ()
    assert openings({"served": SERVED}, boundary=NARROW) == ()
    denied = policy({"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*"})
    assert "read and change every bucket" not in openings({"served": SERVED, "deny": denied})


def found(role: IamRole) -> dict[str, Check]:
    return {check.name: check for check in served_checks(role, (), PLATFORM, "outside")}


def test_who_enters() -> None:
    well = found(IAM_ROLE)
    assert all(check.passed for check in well.values())
    assert "is not required, as Pennsieve sends none" in well["external id"].finding
    (row,) = TRUST["Statement"]
    demands = policy({**row, "Condition": {"StringEquals": {"sts:ExternalId": "outside"}}})
    shut = found(replace(IAM_ROLE, trust=demands))
    assert not shut["external id"].passed
    assert shut["trust"].passed
    anybody = found(replace(IAM_ROLE, trust=policy({**row, "Principal": "*"})))
    assert "other accounts can, too" in anybody["trust"].finding
    nobody = found(replace(IAM_ROLE, trust=policy()))
    assert not nobody["trust"].passed
    assert not found(replace(IAM_ROLE, session_seconds=7200))["session"].passed


def served_node(scene: Scene, role: str = ROLE) -> None:
    scene.registry.records["a"] = Account("a", NUMBER, role, "", "N:user:1")
    scene.registry.rows["n"] = ComputeNode(
        "n", "lab", NodeStatus.ENABLED, "a", NUMBER, "N:user:1", organization_id=WORKSPACE
    )


@pytest.mark.parametrize(
    ("document", "failed"), [(SERVED, {"role's permissions"}), (NARROW, set())]
)
def test_doctor_looks_at_the_role_alone(
    scene: Scene, document: dict[str, Any], failed: set[str]
) -> None:
    served_node(scene)
    trust = json.dumps(TRUST).replace(PLATFORM, PLATFORM_ACCOUNT)
    scene.aws.call("iam", "create_role", RoleName=ROLE, AssumeRolePolicyDocument=trust)
    text, name = json.dumps(document), policy_name(ROLE)
    scene.aws.call("iam", "put_role_policy", RoleName=ROLE, PolicyName=name, PolicyDocument=text)
    scene.registry.served = document
    checks = look(scene)
    assert {name for name, check in checks.items() if not check.passed} == failed
    assert "stack" not in checks
    assert checks["node"].finding == "Enabled"
    scene.registry.served = policy(*document["Statement"], {"Effect": "Allow", "Action": "a:B"})
    changed = look(scene)["permissions as served"]
    assert not changed.passed
    assert "lines from what Pennsieve asks for today" in changed.finding
    assert changed.remedy == "pennsieve compute update --role"


def test_doctor_finds_no_role(scene: Scene) -> None:
    served_node(scene, "ROLE-941165240011")
    checks = look(scene)
    assert {name for name, check in checks.items() if not check.passed} == {"role"}
