"""The emulated CloudFormation deletes in order, and stops where AWS does."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.sandbox.aws.s3files import file_systems
from pennsieve_agent.sandbox.aws.stack_deletion import detach_problem
from tests.account.stack.specs import every
from tests.sandbox.aws.account import NUMBER, Cloud, service_trust
from tests.sandbox.aws.files import BUCKET, SERVICE

RIGHTS = {"Effect": "Allow", "Action": "s3:*", "Resource": [
    f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}  # fmt: skip
FILES: dict[str, Any] = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}},
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": service_trust(SERVICE),
            "Policies": [{"PolicyName": "own", "PolicyDocument": {
                "Version": "2012-10-17", "Statement": [RIGHTS]}}],
        },
    },
    "Files": {
        "Type": "AWS::S3Files::FileSystem",
        "Properties": {
            "Bucket": {"Fn::GetAtt": ["Bucket", "Arn"]},
            "Prefix": "files/",
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    },
}  # fmt: skip


def create(cloud: Cloud, resources: dict[str, Any]) -> None:
    cloud.owner.client("cloudformation").create_stack(
        StackName="s",
        TemplateBody=json.dumps({"Resources": resources}),
        Capabilities=["CAPABILITY_IAM"],
    )


def delete(cloud: Cloud) -> tuple[str, dict[str, str]]:
    """How the deletion of the stack ended, and why which resources are still there."""
    client = cloud.owner.client("cloudformation")
    (stack,) = client.describe_stacks(StackName="s")["Stacks"]
    before = len(client.describe_stack_events(StackName=stack["StackId"])["StackEvents"])
    client.delete_stack(StackName=stack["StackId"])
    events = client.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    new = events[: len(events) - before]
    failed = {
        row["LogicalResourceId"]: row["ResourceStatusReason"]
        for row in new
        if row["ResourceStatus"] == "DELETE_FAILED" and row["LogicalResourceId"] != "s"
    }
    return new[0]["ResourceStatus"], failed


def test_files_that_are_not_in_the_bucket_keep_file_system_and_bucket(cloud: Cloud) -> None:
    create(cloud, FILES)
    client, s3 = cloud.owner.client("s3files"), cloud.owner.client("s3")
    (system,) = client.list_file_systems()["fileSystems"]
    known = file_systems.s3files_backends[NUMBER]["us-east-1"].file_system(system["fileSystemId"])
    made = {"ownerUid": os.getuid(), "ownerGid": os.getgid(), "permissions": "0700"}
    root = {"path": "/runs", "creationPermissions": made}
    point = file_systems.AccessPoint("", "", known.id, "", {}, root)
    (cloud.services.files.enter(known, NUMBER, point) / "last").write_text("of a run")

    ended, failed = delete(cloud)
    assert ended == "DELETE_FAILED"
    assert list(failed) == ["Files"]  # what it needs is not even tried
    assert "changes that are not in the bucket" in failed["Files"]
    assert s3.list_buckets()["Buckets"]
    with pytest.raises(ClientError, match="changes that are not in the bucket"):
        client.delete_file_system(fileSystemId=known.id)

    cloud.services.files.now = lambda: time.time() + 61
    cloud.services.files.tick(known, NUMBER)
    client.delete_file_system(fileSystemId=known.id, forceDelete=True)
    ended, failed = delete(cloud)
    assert (ended, list(failed)) == ("DELETE_FAILED", ["Bucket"])
    assert "not empty" in failed["Bucket"]

    for row in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=row["Key"], VersionId=row["VersionId"])
    assert delete(cloud) == ("DELETE_COMPLETE", {})
    assert s3.list_buckets()["Buckets"] == []


def without_order(request: StackRequest) -> dict[str, Any]:
    """The resources of a node of an earlier version, which gave no order to the machines."""
    resources = dict(request.template["Resources"])
    for name in ("FargateMachines", "SpotMachines", "GpuMachines"):
        if name in resources:
            resources[name] = {k: v for k, v in resources[name].items() if k != "DependsOn"}
    return resources


@pytest.mark.parametrize("kind", ["basic", "basic-gpu", "secure", "compliant", "basic-existing"])
def test_a_nodes_gateway_is_detached_when_nothing_has_a_public_address(kind: str) -> None:
    resources = stack_request(every()[kind]).template["Resources"]
    assert [why for name in resources if (why := detach_problem(resources, name))] == []


def test_a_gateway_is_not_detached_from_machines_and_nats_that_may_still_be_there() -> None:
    basic = without_order(stack_request(every()["basic-gpu"]))
    assert "has some mapped public address(es)" in detach_problem(basic, "InternetAttached")
    secure = dict(stack_request(every()["secure"]).template["Resources"])
    secure["NatAddress"] = {k: v for k, v in secure["NatAddress"].items() if k != "DependsOn"}
    assert "has some mapped public address(es)" in detach_problem(secure, "InternetAttached")


def test_what_kept_a_gateway_is_gone_when_the_stack_is_deleted_again(cloud: Cloud) -> None:
    request = stack_request(replace(every()["basic"], code=None))
    resources = without_order(request)
    kept = {"Vpc", "Routes", "Internet", "InternetAttached", "WayOut", "SubnetA", "SubnetARoutes"}
    kept |= {"SubnetB", "SubnetBRoutes", "JobsFirewall", "FargateMachines"}
    create(cloud, {name: body for name, body in resources.items() if name in kept})
    ended, failed = delete(cloud)
    assert (ended, list(failed)) == ("DELETE_FAILED", ["InternetAttached"])
    assert delete(cloud) == ("DELETE_COMPLETE", {})
