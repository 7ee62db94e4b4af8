"""The template in an emulated AWS: made, turned on, changed and deleted, and nothing is left."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.spec.node_spec import Code, NodeSpec
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.aws.session import Aws
from tests.account.stack.specs import CODE, NAMES, every
from tests.aws.emulator import emulated, reset, settings

CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
LISTS = (
    ("batch", "describe_compute_environments", "computeEnvironments"),
    ("batch", "describe_job_queues", "jobQueues"),
    ("dynamodb", "list_tables", "TableNames"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_flow_logs", "FlowLogs"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_launch_templates", "LaunchTemplates"),
    ("ec2", "describe_nat_gateways", "NatGateways"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("ecr", "describe_repositories", "repositories"),
    ("s3files", "list_file_systems", "fileSystems"),
    ("events", "list_rules", "Rules"),
    ("iam", "list_instance_profiles", "InstanceProfiles"),
    ("lambda", "list_functions", "Functions"),
    ("logs", "describe_log_groups", "logGroups"),
    ("s3", "list_buckets", "Buckets"),
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Iterator[Aws]:
    reset(url)
    with Aws(settings(tmp_path, url)) as aws:
        yield aws


def left(aws: Aws) -> dict[str, Any]:
    """Everything in the account that was not there before, or that AWS keeps."""
    found = {f"{s} {name}": aws.call(s, op).get(name, []) for s, op, name in LISTS}
    found["roles"] = [
        role["RoleName"]
        for role in aws.call("iam", "list_roles")["Roles"]
        if "aws-service-role" not in role["Path"]
    ]
    found["policies"] = aws.call("iam", "list_policies", Scope="Local")["Policies"]
    # AWS goes on showing these, and so does the emulation.
    gateways = found.pop("ec2 NatGateways")
    assert {row["State"] for row in gateways} <= {"deleted"}
    keys = [row["KeyId"] for row in aws.call("kms", "list_keys")["Keys"]]
    states = (aws.call("kms", "describe_key", KeyId=key)["KeyMetadata"] for key in keys)
    assert {row["KeyState"] for row in states} <= {"PendingDeletion"}
    vpcs = aws.call("ec2", "describe_vpcs")["Vpcs"]
    found["networks"] = [vpc["VpcId"] for vpc in vpcs if not vpc.get("IsDefault")]
    return {name: rows for name, rows in found.items() if rows}


def request(spec: NodeSpec) -> dict[str, Any]:
    body = json.dumps(node_template(spec), separators=(",", ":"))
    return {"StackName": NAMES.stack, "TemplateBody": body, "Capabilities": CAPABILITIES}


def update(aws: Aws, spec: NodeSpec) -> None:
    """Update the stack with a template in its own bucket, whatever its length."""
    asked = request(spec)
    aws.call("s3", "put_object", Bucket=NAMES.bucket, Key="t", Body=asked.pop("TemplateBody"))
    url = f"https://{NAMES.bucket}.s3.us-east-1.amazonaws.com/t"
    aws.call("cloudformation", "update_stack", **asked, TemplateURL=url)


def status(aws: Aws) -> str:
    (stack,) = aws.call("cloudformation", "describe_stacks", StackName=NAMES.stack)["Stacks"]
    return str(stack["StackStatus"])


def upload(aws: Aws, code: Code) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", "")
    key = NAMES.code_key(code.digest)
    aws.call("s3", "put_object", Bucket=NAMES.bucket, Key=key, Body=buffer.getvalue())


def empty(aws: Aws) -> None:
    found = aws.call("s3", "list_object_versions", Bucket=NAMES.bucket)
    for row in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
        where = {"Bucket": NAMES.bucket, "Key": row["Key"], "VersionId": row["VersionId"]}
        aws.call("s3", "delete_object", **where)


@pytest.mark.parametrize("name", ["basic", "basic-gpu", "secure", "compliant-gpu"])
def test_it_comes_is_turned_on_changes_and_goes(aws: Aws, name: str) -> None:
    spec = replace(every()[name], code=None)
    aws.call("cloudformation", "create_stack", **request(spec))
    assert status(aws) == "CREATE_COMPLETE"
    made = aws.call("cloudformation", "describe_stack_resources", StackName=NAMES.stack)
    ids = {row["LogicalResourceId"] for row in made["StackResources"]}
    assert ids == set(node_template(spec)["Resources"])

    upload(aws, CODE)
    on = replace(spec, code=CODE)
    update(aws, on)
    assert status(aws) == "UPDATE_COMPLETE"
    function = aws.call("lambda", "get_function_configuration", FunctionName=NAMES.gateway)
    (files,) = aws.call("s3files", "list_file_systems")["fileSystems"]
    assert function["Environment"]["Variables"]["NODE_FILE_SYSTEM"] == files["fileSystemArn"]
    role = {"RoleName": NAMES.job_role, "PolicyName": f"{NAMES.job_role}-access"}
    policy = aws.call("iam", "get_role_policy", **role)["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == files["fileSystemArn"]
    rule = aws.call("events", "describe_rule", Name=NAMES.schedule)
    assert rule["State"] == "DISABLED"

    wider = replace(on, settings=replace(on.settings, max_vcpus=16))
    update(aws, wider)
    names = [NAMES.queue("fargate")]
    found = aws.call("batch", "describe_compute_environments", computeEnvironments=names)
    assert found["computeEnvironments"][0]["computeResources"]["maxvCpus"] == 16

    empty(aws)
    aws.call("cloudformation", "delete_stack", StackName=NAMES.stack)
    assert left(aws) == {}
