"""A node that an earlier version made takes the template of today.

``first_templates.json`` is of version 0.1.0 before files of runs were on S3 Files: what its
resources are, with what of them can only be set at creation; ``every`` stands for all kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.register.choose_place import zones_there
from pennsieve_agent.account.register.lost_files import cuts_off, lost_file_systems
from pennsieve_agent.account.rights.resource_handlers import FORMER_TYPES, STACK_TYPES
from pennsieve_agent.account.spec.node_spec import Kept, NodeSpec
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.spec_json import kept_in
from pennsieve_agent.account.stack.network import SUBNET_RANGES
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.aws.cloudformation import (
    StackRequest,
    execute_change_set,
    find_stack,
    plan_change_set,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import ResourceChange
from pennsieve_agent.errors import AwsError
from pennsieve_agent.sandbox.aws.stack_changes import replacement_problems, type_problem
from tests.account.stack.specs import every
from tests.account.stack.test_changes import replaced
from tests.aws.emulator import emulated, reset, settings

_FIRST: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("first_templates.json").read_text()
)
KINDS = [name for name in _FIRST if name != "every"]


def first(kind: str) -> dict[str, Any]:
    """The resources of an earlier node, as far as they cannot be changed."""
    return {**_FIRST["every"], **_FIRST[kind]}


def today(kind: str) -> NodeSpec:
    """The same node now, as an update of that stack asks for it."""
    return replace(every()[kind], kept=kept_in({"Resources": first(kind)}, {"a": "b"}))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_has_another_type_or_is_made_anew(kind: str) -> None:
    now = stack_request(today(kind)).template
    assert type_problem(first(kind), now["Resources"]) == ""
    assert replaced({"Resources": first(kind)}, now) == []
    assert list(replacement_problems(first(kind), now["Resources"])) == []


@pytest.mark.parametrize("kind", sorted(every()))
def test_no_other_resource_has_the_name_of_an_earlier_one(kind: str) -> None:
    """What is made comes before what is deleted, and two cannot have one name."""
    before = {name: names(body) for name, body in first(KINDS[0]).items()}
    for name, body in stack_request(every()[kind]).template["Resources"].items():
        others = [found for key, found in before.items() if key != name]
        assert not names(body) & set().union(*others)


def names(body: dict[str, Any]) -> set[tuple[str, str, str]]:
    rows = body.get("Properties", {}).items()
    own = {key: value for key, value in rows if key.endswith("Name") and key != "ServiceName"}
    return {(body["Type"], key, value) for key, value in own.items() if isinstance(value, str)}


def test_whoever_installs_may_delete_what_is_there_no_more() -> None:
    types = {body["Type"] for kind in KINDS for body in first(kind).values()}
    assert types <= STACK_TYPES
    now = {
        body["Type"]
        for spec in every().values()
        for body in stack_request(spec).template["Resources"].values()
    }
    assert types - now == FORMER_TYPES


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with emulated() as url:
        yield url


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Iterator[Aws]:
    reset(url)
    with Aws(settings(tmp_path, url)) as aws:
        yield aws


def earlier(spec: NodeSpec) -> StackRequest:
    """An earlier stack of a node that is off: its file system was of EFS."""
    request = stack_request(spec)
    resources = dict(request.template["Resources"])
    for name in [key for key, body in resources.items() if "S3Files" in body["Type"]]:
        del resources[name]
    for name in [key for key, body in resources.items() if "RunFiles" in json.dumps(body)]:
        del resources[name]
    tag = [{"Key": "pennsieve:token", "Value": spec.names.token}]
    resources["Files"] = {
        "Type": "AWS::EFS::FileSystem",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Encrypted": True, "FileSystemTags": tag},
    }
    for number, subnet in enumerate(("SubnetA", "SubnetB"), 1):
        group = {"Fn::GetAtt": ["FilesFirewall", "GroupId"]}
        resources[f"FilesTarget{number}"] = {
            "Type": "AWS::EFS::MountTarget",
            "Properties": {"FileSystemId": {"Ref": "Files"}, "SubnetId": {"Ref": subnet},
                           "SecurityGroups": [group]},
        }  # fmt: skip
        properties = dict(resources[subnet]["Properties"])
        del properties["AvailabilityZoneId"]
        properties["AvailabilityZone"] = {"Fn::Select": [number - 1, {"Fn::GetAZs": ""}]}
        resources[subnet] = {**resources[subnet], "Properties": properties}
    return replace(request, template={**request.template, "Resources": resources, "Outputs": {}})


def carried_out(aws: Aws, request: StackRequest) -> str:
    planned = plan_change_set(aws, request, sleep=lambda _: None, types=STACK_TYPES)
    execute_change_set(aws, planned)
    stack = find_stack(aws, request.name)
    return stack.status if stack else ""


def test_an_earlier_stack_is_updated_and_its_files_go(aws: Aws) -> None:
    spec = replace(every()["basic"], code=None)
    before = earlier(spec)
    assert carried_out(aws, before) == "CREATE_COMPLETE"
    zones = zones_there(aws, find_stack(aws, before.name), before.template)
    subnets = aws.call("ec2", "describe_subnets")["Subnets"]
    ours = {row["CidrBlock"]: row["AvailabilityZoneId"] for row in subnets}
    assert zones == tuple(ours[cidr] for cidr in SUBNET_RANGES)
    spec = replace(spec, kept=kept_in(before.template, before.tags), zones=zones)
    assert carried_out(aws, stack_request(spec)) == "UPDATE_COMPLETE"
    assert aws.call("efs", "describe_file_systems")["FileSystems"] == []
    (made,) = aws.call("s3files", "list_file_systems")["fileSystems"]
    assert made["bucket"].endswith(spec.names.bucket)


def under_files(spec: NodeSpec) -> StackRequest:
    """A stack whose files of runs are on S3 Files, under the logical id of the first nodes."""
    return stack_request(replace(spec, kept=Kept(files="Files")))


def systems(aws: Aws) -> list[str]:
    return [row["fileSystemId"] for row in aws.call("s3files", "list_file_systems")["fileSystems"]]


def test_files_on_s3_files_keep_their_logical_id_and_stay(aws: Aws) -> None:
    spec = replace(every()["basic"], code=None)
    before = under_files(spec)
    assert carried_out(aws, before) == "CREATE_COMPLETE"
    (made,) = systems(aws)
    tagged = replace(spec.settings, extras=Extras(tags=(("owner", "ada"),)))
    spec = replace(spec, settings=tagged, kept=kept_in(before.template, before.tags))
    now = stack_request(spec)
    assert "RunFiles" not in now.body
    planned = plan_change_set(aws, now, sleep=lambda _: None, types=STACK_TYPES)
    assert lost_file_systems(planned.changes) == []
    execute_change_set(aws, planned)
    assert systems(aws) == [made]


def test_a_second_file_system_of_the_same_files_is_refused_and_the_first_stays(aws: Aws) -> None:
    spec = replace(every()["basic"], code=None)
    before = under_files(spec)
    carried_out(aws, before)
    (made,) = systems(aws)
    reached = aws.call("s3files", "list_mount_targets", fileSystemId=made)["mountTargets"]
    planned = plan_change_set(aws, stack_request(spec), sleep=lambda _: None, types=STACK_TYPES)
    assert [row.logical_id for row in lost_file_systems(planned.changes)] == ["Files"]
    assert carried_out(aws, stack_request(spec)) == "UPDATE_ROLLBACK_COMPLETE"
    assert systems(aws) == [made]
    assert aws.call("s3files", "list_mount_targets", fileSystemId=made)["mountTargets"] == reached
    # The stack is as it was, and can be changed again.
    spec = replace(spec, settings=replace(spec.settings, max_vcpus=8),
                   kept=kept_in(before.template, before.tags))  # fmt: skip
    assert carried_out(aws, stack_request(spec)) == "UPDATE_COMPLETE"


def test_what_cannot_be_deleted_any_more_is_left_behind_and_told(aws: Aws) -> None:
    """A mount target of somebody's keeps the old file system; the node is updated all the same."""
    spec = replace(every()["basic"], code=None)
    before = earlier(spec)
    carried_out(aws, before)
    (old,) = aws.call("efs", "describe_file_systems")["FileSystems"]
    vpc = aws.call("ec2", "describe_subnets", Filters=[
        {"Name": "cidr-block", "Values": [SUBNET_RANGES[0]]}])["Subnets"][0]["VpcId"]  # fmt: skip
    subnet = aws.call("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.204.12.0/24",
                      AvailabilityZone="us-east-1f")  # fmt: skip
    aws.call("efs", "create_mount_target", FileSystemId=old["FileSystemId"],
             SubnetId=subnet["Subnet"]["SubnetId"])  # fmt: skip
    zones = zones_there(aws, find_stack(aws, before.name), before.template)
    spec = replace(spec, kept=kept_in(before.template, before.tags), zones=zones)
    assert carried_out(aws, stack_request(spec)) == "UPDATE_COMPLETE"
    events = aws.call("cloudformation", "describe_stack_events", StackName=before.name)
    (failed,) = (row for row in events["StackEvents"] if row["ResourceStatus"] == "DELETE_FAILED")
    assert failed["LogicalResourceId"] == "Files"
    assert len(systems(aws)) == 1


def test_another_type_under_the_same_id_is_refused(aws: Aws) -> None:
    before = earlier(replace(every()["basic"], code=None))
    carried_out(aws, before)
    resources = dict(before.template["Resources"])
    resources["Files"] = {"Type": "AWS::Logs::LogGroup"}
    worse = replace(before, template={**before.template, "Resources": resources})
    words = r"modifies resource type of the following resources: \[Files\]"
    with pytest.raises(AwsError, match=words):
        plan_change_set(aws, worse, sleep=lambda _: None)
    body = {"StackName": worse.name, "TemplateBody": worse.body}
    with pytest.raises(AwsError, match=words):
        aws.call("cloudformation", "update_stack", **body, Capabilities=["CAPABILITY_NAMED_IAM"])


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("Logs", {"LogGroupClass": "INFREQUENT_ACCESS"}, ""),
        ("MoverRole", {"Path": "/other/"}, "Rename pennsieve-node-0a1b2c3d-mover and update"),
        ("SubnetB", {"AvailabilityZoneId": "use1-az4"}, "'10.204.4.0/22' conflicts with another"),
    ],
)
def test_what_cannot_be_made_anew_fails_and_is_taken_back(
    aws: Aws, name: str, change: dict[str, str], words: str
) -> None:
    request = stack_request(replace(every()["basic"], code=None))
    carried_out(aws, request)
    resources = dict(request.template["Resources"])
    properties = {**resources[name]["Properties"], **change}
    resources[name] = {**resources[name], "Properties": properties}
    changed = replace(request, template={**request.template, "Resources": resources})
    assert carried_out(aws, changed) == ("UPDATE_ROLLBACK_COMPLETE" if words else "UPDATE_COMPLETE")
    events = aws.call("cloudformation", "describe_stack_events", StackName=request.name)
    reasons = [row.get("ResourceStatusReason", "") for row in events["StackEvents"]
               if row["ResourceStatus"] == "UPDATE_FAILED"]  # fmt: skip
    assert [words in reason for reason in reasons] == ([True] if words else [])


@pytest.mark.parametrize(
    ("relay", "reconciler", "is_cut_off"),
    [("Add", "Modify", True), ("Add", "Add", False), ("Modify", "Modify", False)],
    ids=["no relay before", "new", "as today"],
)
def test_runs_of_a_version_without_a_relay_end_first(
    relay: str,
    reconciler: str,
    is_cut_off: bool,  # noqa: FBT001 - a parameter
) -> None:
    rows = {"Relay": relay, "Reconciler": reconciler}
    changes = [ResourceChange(how, name, "AWS::Lambda::Function") for name, how in rows.items()]
    assert cuts_off(changes) is is_cut_off
