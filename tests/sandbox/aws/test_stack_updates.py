"""An update of an emulated stack changes what CloudFormation changes, permissions above all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.aws.cloudformation import StackRequest, execute_change_set, plan_change_set
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.stack_events import last_event, stack_events
from tests.aws.emulator import emulated, reset, settings

NAME = "pennsieve-node-0a1b2c3d"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Iterator[Aws]:
    reset(url)
    with Aws(settings(tmp_path, url)) as aws:
        yield aws


def bring(aws: Aws, **resources: dict[str, Any]) -> None:
    """Bring the stack to these resources."""
    planned = plan_change_set(
        aws, StackRequest(NAME, {"Resources": resources}), sleep=lambda _: None
    )
    since = last_event(aws, planned.stack_id)
    execute_change_set(aws, planned)
    events = list(stack_events(aws, planned.stack_id, since, sleep=lambda _: None))
    assert not [event for event in events if event.failed]


def allows(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trusts(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def limit(name: str, action: str) -> dict[str, Any]:
    properties = {"ManagedPolicyName": name, "PolicyDocument": allows(action)}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}


def role(service: str, boundary: str, **policies: str) -> dict[str, Any]:
    rows = [
        {"PolicyName": name, "PolicyDocument": allows(action)} for name, action in policies.items()
    ]
    properties = {
        "RoleName": f"{NAME}-job",
        "AssumeRolePolicyDocument": trusts(service),
        "PermissionsBoundary": {"Ref": boundary},
        "Policies": rows,
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def test_a_role_has_the_policies_the_trust_and_the_boundary_of_the_new_template(aws: Aws) -> None:
    limits = {"First": limit("first", "s3:*"), "Second": limit("second", "sns:*")}
    bring(aws, **limits, Role=role("lambda", "First", old="s3:GetObject", both="s3:PutObject"))
    bring(aws, **limits, Role=role("ecs-tasks", "Second", new="sns:Publish", both="sns:Subscribe"))
    name = {"RoleName": f"{NAME}-job"}
    known = aws.call("iam", "get_role", **name)["Role"]
    assert known["AssumeRolePolicyDocument"] == trusts("ecs-tasks")
    assert known["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/second")
    names = sorted(aws.call("iam", "list_role_policies", **name)["PolicyNames"])
    documents = [
        aws.call("iam", "get_role_policy", **name, PolicyName=policy)["PolicyDocument"]
        for policy in names
    ]
    assert dict(zip(names, documents, strict=True)) == {
        "both": allows("sns:Subscribe"),
        "new": allows("sns:Publish"),
    }


def test_a_managed_policy_has_another_version_and_five_at_most(aws: Aws) -> None:
    for number in range(7):
        bring(aws, First=limit("first", f"s3:Get{number}"))
    (arn,) = (row["Arn"] for row in aws.call("iam", "list_policies", Scope="Local")["Policies"])
    versions = aws.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]
    (default,) = (row["VersionId"] for row in versions if row["IsDefaultVersion"])
    version = aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=default)
    assert version["PolicyVersion"]["Document"] == allows("s3:Get6")
    assert len(versions) == 5


def test_an_endpoint_a_key_and_a_log_group_change(aws: Aws) -> None:
    vpc: dict[str, Any] = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/20"}}
    }
    vpc["Routes"] = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}

    def rest(action: str, days: int) -> dict[str, Any]:
        open_to_all = {**allows(action)["Statement"][0], "Principal": "*"}
        policy = {"Version": "2012-10-17", "Statement": [open_to_all]}
        endpoint = {
            "VpcId": {"Ref": "Vpc"},
            "RouteTableIds": [{"Ref": "Routes"}],
            "ServiceName": "com.amazonaws.us-east-1.s3",
            "PolicyDocument": policy,
        }
        log = {"LogGroupName": "/first", "RetentionInDays": days}
        return {
            "Endpoint": {"Type": "AWS::EC2::VPCEndpoint", "Properties": endpoint},
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}},
            "Log": {"Type": "AWS::Logs::LogGroup", "Properties": log},
        }

    bring(aws, **vpc, **rest("s3:*", 30))
    bring(aws, **vpc, **rest("kms:*", 90))
    (endpoint,) = aws.call("ec2", "describe_vpc_endpoints")["VpcEndpoints"]
    (key,) = aws.call("kms", "list_keys")["Keys"]
    document = aws.call("kms", "get_key_policy", KeyId=key["KeyId"], PolicyName="default")["Policy"]
    (group,) = aws.call("logs", "describe_log_groups")["logGroups"]
    assert "kms:*" in endpoint["PolicyDocument"]
    assert "kms:*" in document
    assert group["retentionInDays"] == 90
