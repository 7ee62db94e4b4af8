"""Provisioning: the platform enters a customer's account of the emulated AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.sandbox.compute.nodes import trust_check
from pennsieve_agent.sandbox.compute.nodes.build_node import FRONT
from pennsieve_agent.sandbox.compute.nodes.role_policy import permission_policy
from tests.sandbox.aws.account import Cloud, open_cloud
from tests.sandbox.compute.lab import Lab, open_lab, wait_for

NODES = "/compute/resources/compute-nodes"
PLATFORM, NUMBER, ROLE = "740463337177", "123456789012", "Pennsieve-Compute-dev-0a1b2c3d"
EXTERNAL = "xyz-42"
ARN = "aws:PrincipalArn"


def policy(external_id: str | None = EXTERNAL, **changes: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PLATFORM}:root"},
        "Action": "sts:AssumeRole",
        **changes,
    }
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}


class Aws:
    """The customer's hands in the emulated AWS; a node's gateway answers that it is well."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.endpoint = cloud.url
        cloud.code[FRONT] = lambda _event, _given: {"status": 200, "body": {"status": "HEALTHY"}}

    def __call__(self, service: str) -> Any:
        return self.cloud.owner.client(service)

    def role(self, document: dict[str, Any], path: str = "/") -> None:
        iam = self("iam")
        iam.create_role(RoleName=ROLE, Path=path, AssumeRolePolicyDocument=json.dumps(document))
        served = json.dumps(permission_policy())
        iam.put_role_policy(RoleName=ROLE, PolicyName="served", PolicyDocument=served)


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with open_cloud(tmp_path / "aws") as cloud:
        yield Aws(cloud)


@pytest.fixture
def lab(tmp_path: Path, aws: Aws) -> Iterator[Lab]:
    with open_lab(tmp_path / "data", aws.endpoint) as made:
        made.start()
        yield made


def create(lab: Lab, **body: Any) -> str:
    """Ask for a node as a client has to: look before, look after, find the new one."""
    account = lab.account(number=NUMBER, roleName=ROLE, externalId=EXTERNAL)
    answer = lab.client().post(NODES, json={"accountId": account, "name": "mine", **body})
    assert answer.status_code == 202
    (node,) = lab.client().get(NODES, params={"account_owner": "true"}).json()
    return str(node["uuid"])


def settled(lab: Lab, node: str) -> str:
    def status() -> str:
        return str(lab.client().get(f"{NODES}/{node}").json()["status"])

    wait_for(lambda: status() != "Pending")
    return status()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (policy(EXTERNAL), "the trust policy's condition is not met"),
        (policy(None, Principal={"AWS": "999999999999"}), "does not name account"),
        (policy(None, Action="sts:TagSession"), "does not name account"),
        (policy(None, Effect="Deny"), "denies"),
    ],
)
def test_a_role_that_does_not_let_the_platform_in(
    lab: Lab, aws: Aws, caplog: pytest.LogCaptureFixture, document: dict[str, Any], why: str
) -> None:
    aws.role(document)
    node = create(lab)
    assert settled(lab, node) == "Failed"
    assert why in caplog.text
    assert why not in lab.client().get(f"{NODES}/{node}").text
    assert lab.client().delete(f"{NODES}/{node}").status_code == 202
    wait_for(lambda: lab.client().get(f"{NODES}/{node}").status_code == 404)


@pytest.mark.parametrize(
    ("health", "expected"),
    [({"status": "UNHEALTHY", "issues": ["the queue is INVALID"]}, "Failed"), ({}, "Enabled")],
)
def test_a_node_is_enabled_when_its_gateway_is_well(
    lab: Lab,
    aws: Aws,
    caplog: pytest.LogCaptureFixture,
    health: dict[str, Any],
    expected: str,
) -> None:
    aws.role(policy(None))
    aws.cloud.code[FRONT] = lambda _event, _given: {"status": 200, "body": health}
    assert settled(lab, create(lab)) == expected
    assert ("the node is not well: the queue is INVALID" in caplog.text) is bool(health)


def test_a_role_elsewhere_than_at_the_root_path(
    lab: Lab, aws: Aws, caplog: pytest.LogCaptureFixture
) -> None:
    aws.role(policy(None), path="/lab/")
    assert settled(lab, create(lab)) == "Failed"
    assert "must have the path /" in caplog.text


def test_no_role_at_all(lab: Lab) -> None:
    assert settled(lab, create(lab)) == "Failed"


def test_a_platform_managed_node_is_entered_without_an_external_id(lab: Lab, aws: Aws) -> None:
    aws.role(policy(None))
    node = create(lab)
    assert settled(lab, node) == "Enabled"
    functions = aws("lambda").list_functions()["Functions"]
    names = [f"pennsieve-hosted-{node[:8]}-{word}" for word in ("gateway", "reconciler", "relay")]
    assert sorted(each["FunctionName"] for each in functions) == names
    assert lab.client().delete(f"{NODES}/{node}").status_code == 202
    wait_for(lambda: lab.client().get(f"{NODES}/{node}").status_code == 404)
    assert aws("lambda").list_functions()["Functions"] == []


def test_a_role_that_lacks_a_right_fails_the_node(
    lab: Lab, aws: Aws, caplog: pytest.LogCaptureFixture
) -> None:
    aws.role(policy(None))
    narrow = {**permission_policy()}
    deny = {"Effect": "Deny", "Action": "dynamodb:CreateTable", "Resource": "*"}
    narrow["Statement"] = [*narrow["Statement"], deny]
    aws("iam").put_role_policy(
        RoleName=ROLE, PolicyName="served", PolicyDocument=json.dumps(narrow)
    )
    assert settled(lab, create(lab)) == "Failed"
    assert "dynamodb:CreateTable" in caplog.text


def test_roles_of_the_node_are_made_within_a_boundary_only(lab: Lab, aws: Aws) -> None:
    aws.role(policy(None))
    assert settled(lab, create(lab)) == "Enabled"
    made = [r for r in aws("iam").list_roles()["Roles"] if "hosted" in r["RoleName"]]
    limits = [aws("iam").get_role(RoleName=r["RoleName"])["Role"] for r in made]
    assert limits
    for role in limits:
        arn = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
        assert ":policy/pennsieve-boundary-" in arn


def test_a_node_left_pending_is_provisioned_after_a_restart(lab: Lab, aws: Aws) -> None:
    aws.role(policy(None))
    lab.parts.stop()
    node = create(lab)
    lab.restart()
    assert settled(lab, node) == "Enabled"


def test_an_aws_that_does_not_answer_fails_the_node(tmp_path: Path) -> None:
    with open_lab(tmp_path / "data", "http://127.0.0.1:9") as lab:
        lab.start()
        assert settled(lab, create(lab)) == "Failed"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"aws:PrincipalAccount": "74*"}},
        {"StringEquals": {"aws:PrincipalAccount": ["1", PLATFORM]}, "ArnLike": {ARN: "*"}},
        {"StringEquals": {"aws:principalaccount": PLATFORM}},
    ],
)
def test_conditions_that_are_met(condition: dict[str, Any]) -> None:
    assert trust_check.refusal(policy(None, Condition=condition)) == ""


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"sts:ExternalId": EXTERNAL}},
        {"StringEquals": {"aws:PrincipalAccount": []}},
        {"StringEquals": {"aws:SourceIp": "10.0.0.1"}},
        {"Invented": {"aws:PrincipalAccount": PLATFORM}},
        {"StringLike": {"aws:PrincipalAccount": "[7]*"}},
    ],
)
def test_conditions_that_are_not_met(condition: dict[str, Any]) -> None:
    assert "condition is not met" in trust_check.refusal(policy(None, Condition=condition))
