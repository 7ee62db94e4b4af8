"""What each role may never do, whatever conditions come true; and that none shares a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pennsieve_agent.account.stack.policies import (
    NO_RESOURCE,
    Where,
    platform_access,
    platform_boundary,
    role_access,
)
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.domain.iam import Ask, Verdict, decide, lets_in, many, statements
from pennsieve_agent.node.rights import RIGHTS
from tests.account.stack.specs import NAMES, NUMBER, OTHER, PLATFORM, every

HERE = f"us-east-1:{NUMBER}"
WHERE = Where(NAMES, PLATFORM)
BOUNDARY = platform_boundary(NAMES, PLATFORM)
DOCUMENTS = {role: role_access(role, WHERE) for role in RIGHTS} | {
    "platform": platform_access(NAMES)
}
TAG = {"aws:ResourceTag/pennsieve:token": NAMES.token}
FILES = f"arn:aws:elasticfilesystem:{HERE}:file-system/fs-1"
DOOR = f"arn:aws:elasticfilesystem:{HERE}:access-point/fsap-1"
BUCKET = f"arn:aws:s3:::{NAMES.bucket}"
EVERYBODY = (
    ("s3:GetObject", "arn:aws:s3:::their-data/raw.edf"),
    ("s3:ListBucket", BUCKET),
    ("s3:PutObject", f"{BUCKET}/code/{'a' * 64}.zip"),
    ("s3:PutBucketPolicy", BUCKET),
    ("ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/*"),
    ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*"),
    ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAMES.role}"),
    ("iam:CreatePolicyVersion", NAMES.boundary_arn),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.gateway}"),
    ("sts:AssumeRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:{NAMES.gateway}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:payroll"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{OTHER.gateway}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{OTHER.reconciler}"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{OTHER.table}"),
    ("dynamodb:Scan", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
    ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{OTHER.stack}/x"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:database"),
    ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{OTHER.log_group}:*"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}"),
    ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{OTHER.queue('fargate')}"),
    ("batch:DeleteJobQueue", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
    ("elasticfilesystem:ClientRootAccess", FILES),
    ("elasticfilesystem:DeleteFileSystem", FILES),
    ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1"),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/{NAMES.stack}/1"),
)
"""What nobody of a basic node may do: asked of every role, with conditions at their worst."""
ONE = {
    "platform": (
        ("s3:GetObject", f"{BUCKET}/logs/1.zip"),
        ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.reconciler}"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
    ),
    "job": (
        ("elasticfilesystem:CreateAccessPoint", FILES),
        ("elasticfilesystem:DescribeAccessPoints", FILES),
        ("elasticfilesystem:DescribeFileSystems", FILES),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("s3:GetObject", f"{BUCKET}/runs/1/step.json"),
        ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.reconciler}"),
        ("batch:DescribeJobs", "*"),
    ),
    "mover": (
        ("s3:PutObject", f"{BUCKET}/runs/1/step.json"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
        ("elasticfilesystem:CreateAccessPoint", FILES),
    ),
    "gateway": (
        ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
        ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
        ("elasticfilesystem:ClientMount", FILES),
    ),
    "execution": (
        ("ecr:PutImage", f"arn:aws:ecr:us-east-1:{PLATFORM}:repository/app"),
        ("elasticfilesystem:ClientMount", FILES),
    ),
    "reconciler": (
        ("elasticfilesystem:ClientMount", FILES),
        ("secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("s3:PutObject", f"{BUCKET}/code/x.zip"),
    ),
}
CASES = [(role, *what) for role in DOCUMENTS for what in (*EVERYBODY, *ONE[role])]


@pytest.mark.parametrize(("role", "action", "resource"), CASES)
def test_a_role_may_never(role: str, action: str, resource: str) -> None:
    verdict = decide(Ask(action, resource), [DOCUMENTS[role]], BOUNDARY, fair=False)
    assert verdict is Verdict.NOT_ALLOWED


def test_what_the_roles_are_for_is_allowed_and_within_the_boundary() -> None:
    """Each action of each role, on its own resource under its own conditions."""
    for role, document in DOCUMENTS.items():
        for statement in statements(document):
            for action in many(statement["Action"]):
                for resource in many(statement["Resource"]):
                    ask = Ask(action, resource.replace("*", "x"), _context(statement))
                    assert decide(ask, [document], BOUNDARY) is Verdict.ALLOWED, (role, ask)


def _context(statement: Any) -> dict[str, str]:
    return {
        key: str(many(value)[0]).replace("*", "x")
        for keys in statement.get("Condition", {}).values()
        for key, value in keys.items()
    }


def test_a_processor_mounts_only_through_a_door_of_this_node() -> None:
    mount = "elasticfilesystem:ClientMount"
    through = TAG | {"elasticfilesystem:AccessPointArn": DOOR}
    job = [DOCUMENTS["job"]]
    assert decide(Ask(mount, FILES, through), job, BOUNDARY) is Verdict.ALLOWED
    assert decide(Ask(mount, FILES, TAG), job, BOUNDARY) is Verdict.NOT_ALLOWED
    elsewhere = {**through, "aws:ResourceTag/pennsieve:token": OTHER.token}
    assert decide(Ask(mount, FILES, elsewhere), job, BOUNDARY) is Verdict.NOT_ALLOWED
    assert decide(Ask(mount, FILES, {}), job, BOUNDARY) is Verdict.NOT_ALLOWED


def test_jobs_of_other_nodes_cannot_be_ended() -> None:
    job = f"arn:aws:batch:{HERE}:job/1"
    ours, theirs = Ask("batch:TerminateJob", job, TAG), Ask("batch:TerminateJob", job, {})
    assert decide(ours, [DOCUMENTS["reconciler"]], BOUNDARY) is Verdict.ALLOWED
    assert decide(theirs, [DOCUMENTS["reconciler"]], BOUNDARY) is Verdict.NOT_ALLOWED


def test_roles_are_passed_to_jobs_alone() -> None:
    role = f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"
    for service, verdict in (
        ("ecs-tasks.amazonaws.com", Verdict.ALLOWED),
        ("lambda.amazonaws.com", Verdict.NOT_ALLOWED),
        ("ec2.amazonaws.com", Verdict.NOT_ALLOWED),
    ):
        ask = Ask("iam:PassRole", role, {"iam:PassedToService": service})
        assert decide(ask, [DOCUMENTS["reconciler"]], BOUNDARY) is verdict


def test_the_boundary_bounds_an_administrator() -> None:
    admin = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    free = ("lambda:InvokeFunction", "secretsmanager:GetSecretValue", "dynamodb:GetItem")
    for action, resource in EVERYBODY:
        if OTHER.token in resource or action in free or action.startswith("kms:"):
            continue  # of another node of the account, or only by way of a bucket
        assert decide(Ask(action, resource), [admin], BOUNDARY) is Verdict.NOT_ALLOWED, action


@pytest.mark.parametrize("name", every())
def test_wildcards_are_only_where_aws_has_no_resource(name: str) -> None:
    for what, body in node_template(every()[name])["Resources"].items():
        if body["Type"] not in {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            continue
        properties = body["Properties"]
        found = [p["PolicyDocument"] for p in properties.get("Policies", ())]
        for document in [*found, properties.get("PolicyDocument", {})]:
            for statement in statements(document):
                actions = {str(action) for action in many(statement["Action"])}
                assert not any("*" in action for action in actions), what
                if "*" in many(statement["Resource"]):
                    assert actions <= NO_RESOURCE.keys(), (what, actions)


@pytest.mark.parametrize("name", every())
def test_every_service_is_kept_from_acting_for_somebody_else(name: str) -> None:
    for what, body in node_template(every()[name])["Resources"].items():
        if body["Type"] != "AWS::IAM::Role" or what == "PlatformRole":
            continue
        trust = body["Properties"]["AssumeRolePolicyDocument"]
        (statement,) = statements(trust)
        assert set(statement["Principal"]) == {"Service"}
        ours = {"StringEquals": {"aws:SourceAccount": NUMBER}}
        assert statement["Condition"].items() >= ours.items(), what


def test_only_pennsieve_with_the_external_id_enters() -> None:
    role = node_template(every()["basic"])["Resources"]["PlatformRole"]["Properties"]
    who = f"arn:aws:iam::{PLATFORM}:role/service-roles/provisioner"
    right = Ask("sts:AssumeRole", context={"sts:ExternalId": "outside"})
    trust = role["AssumeRolePolicyDocument"]
    assert lets_in(trust, right, who)
    assert not lets_in(trust, Ask("sts:AssumeRole"), who)
    assert not lets_in(trust, right, f"arn:aws:iam::{NUMBER}:role/other")
    assert role["MaxSessionDuration"] == 3600


def test_no_two_roles_share_a_document() -> None:
    seen = [json.dumps(document, sort_keys=True) for document in DOCUMENTS.values()]
    assert len(set(seen)) == len(seen)
