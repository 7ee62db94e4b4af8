"""What the stack and its policies are, as facts that must not change unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.names import NodeNames, environment_of, tag_value, token_of_role
from pennsieve_agent.account.policies import platform_access, platform_boundary, platform_trust
from pennsieve_agent.account.request import stack_request
from pennsieve_agent.account.spec import NodeSpec
from pennsieve_agent.account.template import MAX_TEMPLATE_BYTES, node_template, sharing_template
from pennsieve_agent.domain.identity import Hosts

NAMES = NodeNames("0a1b2c3d", "prod", "123456789012", "ap-southeast-1")
NODE = node_template(NAMES, "999988887777", "outside", "Ada's node")
SHARING = sharing_template(NAMES, "second")
BOTH = pytest.mark.parametrize("template", [NODE, SHARING], ids=["node", "sharing"])


def documents(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy document in a template."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for inner in value.values():
            yield from documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner)


def allowing(template: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [s for document in documents(template) for s in document["Statement"]]
    return [s for s in rows if s["Effect"] == "Allow"]


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    resources = template["Resources"].values()
    return [r["Properties"] for r in resources if r["Type"] == kind]


@BOTH
def test_linter_has_nothing_to_say(template: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "node.json"
    file.write_text(json.dumps(template))
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [lint, "-t", file, "-i", "I"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@BOTH
def test_it_is_short_enough(template: dict[str, Any]) -> None:
    assert len(json.dumps(template)) < MAX_TEMPLATE_BYTES


@BOTH
def test_nothing_is_allowed_by_wildcard(template: dict[str, Any]) -> None:
    for statement in allowing(template):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action
        assert statement.get("Resource") != "*"


def test_every_role_has_the_boundary_and_one_hour() -> None:
    roles = of_type(NODE, "AWS::IAM::Role")
    assert len(roles) == 1
    for role in roles:
        assert role["PermissionsBoundary"] == {"Ref": "Boundary"}
        assert role["MaxSessionDuration"] == 3600
        assert role["Path"] == "/"
        assert "ManagedPolicyArns" not in role


def test_a_further_node_makes_no_role() -> None:
    assert of_type(SHARING, "AWS::IAM::Role") == []
    assert of_type(SHARING, "AWS::IAM::ManagedPolicy") == []
    assert of_type(SHARING, "AWS::IAM::Policy")[0]["Roles"] == [NAMES.role]


def test_trust_demands_the_external_id() -> None:
    assert platform_trust("999988887777", "outside")["Statement"] == [
        {
            "Sid": "PennsieveWithExternalId",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "outside"}},
        }
    ]


def test_the_platform_may_do_this_and_no_more() -> None:
    rights = {s["Resource"]: s["Action"] for s in platform_access(NAMES)["Statement"]}
    here = "ap-southeast-1:123456789012"
    assert rights == {
        f"arn:aws:cloudformation:{here}:stack/pennsieve-node-0a1b2c3d/*": [
            "cloudformation:DescribeStacks"
        ],
        f"arn:aws:lambda:{here}:function:pennsieve-node-0a1b2c3d-gateway": [
            "lambda:InvokeFunction"
        ],
        f"arn:aws:logs:{here}:log-group:/pennsieve/node/0a1b2c3d:*": [
            "logs:DescribeLogStreams",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
        ],
        f"arn:aws:dynamodb:{here}:table/pennsieve-node-0a1b2c3d-journal": [
            "dynamodb:GetItem",
            "dynamodb:Query",
        ],
    }


def test_the_boundary_covers_all_nodes_of_the_account_and_the_same_actions() -> None:
    access, boundary = (f(NAMES)["Statement"] for f in (platform_access, platform_boundary))
    assert [s["Action"] for s in access] == [s["Action"] for s in boundary]
    assert boundary[0]["Resource"] == (
        "arn:aws:cloudformation:*:123456789012:stack/pennsieve-node-*/*"
    )


def test_the_bucket_is_private_encrypted_versioned_and_cleans_up() -> None:
    (bucket,) = of_type(NODE, "AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "SSEAlgorithm" in json.dumps(bucket["BucketEncryption"])
    assert "AbortIncompleteMultipartUpload" in json.dumps(bucket["LifecycleConfiguration"])
    (policy,) = of_type(NODE, "AWS::S3::BucketPolicy")
    (deny,) = policy["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_what_stands_idle_costs_nothing() -> None:
    (table,) = of_type(NODE, "AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert {r["Type"] for r in NODE["Resources"].values()} == {
        *("AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::S3::Bucket"),
        *("AWS::S3::BucketPolicy", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup"),
    }


@BOTH
def test_everything_that_can_be_tagged_is(template: dict[str, Any]) -> None:
    untaggable = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::S3::BucketPolicy"}
    for resource in template["Resources"].values():
        if resource["Type"] not in untaggable:
            keys = {tag["Key"] for tag in resource["Properties"]["Tags"]}
            assert keys == {"pennsieve:node", "pennsieve:token", "pennsieve:managed-by"}


def test_names_fit_their_services() -> None:
    assert NAMES.role == "Pennsieve-Compute-prod-0a1b2c3d"
    assert NAMES.stack == "pennsieve-node-0a1b2c3d"
    assert len(NAMES.bucket) <= 63
    assert token_of_role(NAMES.role) == "0a1b2c3d"
    assert token_of_role("ROLE-123456789012") is None
    assert tag_value("Ada's node #1") == "Ada_s node _1"


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("https://api2.pennsieve.io", "prod"),
        ("https://api2.pennsieve.net", "dev"),
        ("http://127.0.0.1:9000", "sbx"),
    ],
)
def test_the_role_says_which_platform(host: str, word: str) -> None:
    assert environment_of(Hosts(api2=host)) == word


def test_the_same_request_has_the_same_change_set_name() -> None:
    spec = NodeSpec(NAMES, "n", "999988887777", "outside")
    same = [stack_request(spec) for _ in range(2)]
    other = stack_request(replace(spec, external_id="other"))
    assert same[0].change_set_name == same[1].change_set_name != other.change_set_name
