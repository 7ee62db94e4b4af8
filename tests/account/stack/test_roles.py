"""What each role may never do, whatever conditions come true; and that none shares a document."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.rights.policy_sentences import describe, summary
from pennsieve_agent.account.rights.right import MOST_POLICY_CHARACTERS
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.stack.boundary import SHORT, node_boundary
from pennsieve_agent.account.stack.policies import (
    FILES_ACTIONS,
    NO_RESOURCE,
    Where,
    role_access,
)
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.account.stack.trusts import NO_SOURCE
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, many, statements
from pennsieve_agent.node.role_permissions import RIGHTS
from tests.account.stack.specs import NAMES, NUMBER, OTHER, PLATFORM, every

HERE = f"us-east-1:{NUMBER}"
TAG = {"aws:ResourceTag/pennsieve:token": NAMES.token}
FILES = f"arn:aws:s3files:{HERE}:file-system/fs-1"
OTHER_FILES = f"arn:aws:s3files:{HERE}:file-system/fs-2"
DOOR = f"arn:aws:s3files:{HERE}:file-system/fs-1/access-point/fsap-1"
BUCKET = f"arn:aws:s3:::{NAMES.bucket}"
IDENTITY = f"arn:aws:ssm:{HERE}:parameter{NAMES.parameter_prefix}workflows/w-1"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.secret_prefix}"
MAIL = f"arn:aws:sns:{HERE}:{NAMES.mail_topic}"
BOUNDARY = node_boundary(NAMES, PLATFORM)
WHERE = Where(NAMES, PLATFORM, files=FILES)
DOCUMENTS = {role: role_access(role, WHERE) for role in RIGHTS}
EVERYBODY = (
    ("s3:GetObject", "arn:aws:s3:::their-data/raw.edf"),
    ("s3:ListAllMyBuckets", "*"),
    ("s3:PutObject", f"{BUCKET}/code/{'a' * 64}.zip"),
    ("s3:PutBucketPolicy", BUCKET),
    ("ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/*"),
    ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*"),
    ("iam:CreateRole", f"arn:aws:iam::{NUMBER}:role/Admin"),
    ("iam:PutRolePolicy", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
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
    ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/pennsieve-node/{OTHER.token}/x"),
    ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/database"),
    ("ecr:PutImage", f"arn:aws:ecr:{HERE}:repository/{NAMES.transfer_images}"),
    ("ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/payroll"),
    ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{OTHER.log_group}:*"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}"),
    ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{OTHER.queue('fargate')}"),
    ("batch:DeleteJobQueue", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
    ("s3files:ClientRootAccess", OTHER_FILES),
    ("s3files:ClientMount", OTHER_FILES),
    ("s3files:ClientWrite", OTHER_FILES),
    ("s3files:DeleteFileSystem", FILES),
    ("sns:Publish", f"arn:aws:sns:{HERE}:{OTHER.mail_topic}"),
    ("sns:Subscribe", f"arn:aws:sns:{HERE}:{OTHER.mail_topic}"),
    ("sns:Subscribe", f"arn:aws:sns:{HERE}:payroll"),
    ("sns:SetTopicAttributes", MAIL),
    ("sns:DeleteTopic", MAIL),
    ("sns:Unsubscribe", "*"),
    ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1"),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/{NAMES.stack}/1"),
)
"""What nobody of a basic node may do: asked of every role, with conditions at their worst."""
ONE = {
    "admin": (
        ("sns:Publish", MAIL),
        ("sns:Subscribe", f"arn:aws:sns:{HERE}:{NAMES.budget_topic}"),
        ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/pennsieve-node/{NAMES.token}/x"),
        ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
        ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
        ("ecr:PutImage", f"arn:aws:ecr:{HERE}:repository/{NAMES.workflow_images}"),
        ("ecr:BatchDeleteImage", f"arn:aws:ecr:{HERE}:repository/{NAMES.transfer_images}"),
        ("lambda:AddPermission", f"arn:aws:lambda:{HERE}:function:{NAMES.gateway}"),
        ("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/{OTHER.builder}"),
        ("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/payroll"),
        ("codebuild:UpdateProject", f"arn:aws:codebuild:{HERE}:project/{NAMES.builder}"),
        ("s3files:ClientMount", FILES),
    ),
    "job": (
        ("s3files:ClientRootAccess", FILES),
        ("s3files:CreateAccessPoint", FILES),
        ("s3files:DescribeAccessPoints", FILES),
        ("s3files:DescribeFileSystems", FILES),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("s3:GetObject", f"{BUCKET}/runs/1/step.json"),
        ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.reconciler}"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.relay}"),
        ("batch:DescribeJobs", "*"),
    ),
    "relay": (
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.transfer}"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.admin}"),
        ("batch:DescribeJobs", "*"),
        ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
        ("batch:RegisterJobDefinition", f"arn:aws:batch:{HERE}:job-definition/{NAMES.stack}-x"),
        ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
        ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter{NAMES.parameter_prefix}secrets/x"),
        ("secretsmanager:GetSecretValue", f"{SECRET}parameters/1-AbCdEf"),
        ("s3:GetObject", f"{BUCKET}/files/runs/1/a"),
        ("s3:DeleteObject", f"{BUCKET}/runs/1/step.json"),
        ("s3files:ClientMount", FILES),
        ("s3files:CreateAccessPoint", FILES),
        ("sns:Publish", f"arn:aws:sns:{HERE}:{NAMES.budget_topic}"),
        ("sns:Publish", MAIL),
    ),
    "mover": (
        ("s3:PutObject", f"{BUCKET}/runs/1/step.json"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
        ("s3files:CreateAccessPoint", FILES),
    ),
    "transfer": (
        ("s3files:ClientMount", FILES),
        ("s3:DeleteObject", f"{BUCKET}/files/runs/1/a"),
        ("s3:GetObject", f"{BUCKET}/documents/x.json"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
    ),
    "transfer-files": (
        ("s3files:CreateAccessPoint", FILES),
        ("s3:PutObject", f"{BUCKET}/files/runs/1/a"),
        ("s3:GetObject", f"{BUCKET}/documents/x.json"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("ec2:RunInstances", f"arn:aws:ec2:{HERE}:instance/*"),
    ),
    "gateway": (
        ("sns:Publish", MAIL),
        ("sns:Subscribe", f"arn:aws:sns:{HERE}:{NAMES.budget_topic}"),
        ("sns:ListSubscriptionsByTopic", f"arn:aws:sns:{HERE}:{NAMES.budget_topic}"),
        ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/pennsieve-node/{NAMES.token}/x"),
        ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/pennsieve-node/{NAMES.token}/x"),
        ("s3:PutObject", f"{BUCKET}/archives/x.tar.gz"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.admin}"),
        ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/{NAMES.queue('fargate')}"),
        ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.job_role}"),
        ("s3files:ClientMount", FILES),
        ("s3files:ClientRootAccess", FILES),
    ),
    "builder": (
        ("s3:PutObject", f"{BUCKET}/archives/x.tar.gz"),
        ("s3:GetObject", f"{BUCKET}/documents/x.json"),
        ("s3:GetObject", f"{BUCKET}/files/runs/1/a"),
        ("s3:GetObject", f"{BUCKET}/code/x.zip"),
        ("s3:ListBucket", BUCKET),
        ("ecr:BatchDeleteImage", f"arn:aws:ecr:{HERE}:repository/{NAMES.workflow_images}"),
        ("ecr:PutImage", f"arn:aws:ecr:{HERE}:repository/{OTHER.workflow_images}"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{HERE}:repository/{NAMES.transfer_images}"),
        ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}/functions:x"),
        ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
        ("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:{NAMES.builds_log_group}"),
        ("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/{NAMES.builder}"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.admin}"),
        ("ssm:GetParameters", f"{IDENTITY}/read-key"),
        ("s3files:ClientMount", FILES),
        ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*"),
    ),
    "execution": (
        ("ecr:PutImage", f"arn:aws:ecr:us-east-1:{PLATFORM}:repository/app"),
        ("ssm:GetParameters", f"{IDENTITY}/read"),
        ("ssm:GetParameters", f"{IDENTITY}/write"),
        ("ssm:GetParameter", f"{IDENTITY}/read-key"),
        ("s3files:ClientMount", FILES),
        ("s3files:ClientRootAccess", FILES),
    ),
    "gpu-execution": (
        ("secretsmanager:GetSecretValue", f"{SECRET}shared-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{SECRET}user-N-user-1-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{SECRET}runs/1-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{SECRET}parameters/1-AbCdEf"),
        ("ssm:GetParameters", f"{IDENTITY}/read-key"),
        ("ssm:GetParameters", f"{IDENTITY}/read-session"),
    ),
    "reconciler": (
        ("sns:Subscribe", MAIL),
        ("s3files:ClientMount", FILES),
        ("secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.stack}/x"),
        ("s3:PutObject", f"{BUCKET}/code/x.zip"),
        ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:log-stream:x"),
    ),
}
OWN_INTERFACE = ("transfer-files", "ec2:CreateNetworkInterface")
"""What AWS Lambda does with the role of a function in a network, and the function cannot."""
MOVES_FILES = ("mover", "transfer", "transfer-files")
CASES = [
    (role, *what)
    for role in DOCUMENTS
    for what in (*EVERYBODY, *ONE[role])
    if (role, what[0]) != OWN_INTERFACE
]


@pytest.mark.parametrize(("role", "action", "resource"), CASES)
def test_a_role_may_never(role: str, action: str, resource: str) -> None:
    verdict = decide(Ask(action, resource), [DOCUMENTS[role]], BOUNDARY, fair=False)
    assert verdict is Verdict.NOT_ALLOWED


@pytest.mark.parametrize("role", MOVES_FILES)
def test_what_moves_files_may_call_the_relay_and_no_other_function(role: str) -> None:
    functions = {
        resource
        for statement in statements(DOCUMENTS[role])
        if "lambda:InvokeFunction" in many(statement["Action"])
        for resource in many(statement["Resource"])
    }
    assert functions == {NAMES.function_arn(NAMES.relay)}


def test_people_are_asked_by_mail_alone_whether_they_want_mails() -> None:
    for protocol, verdict in (("email", Verdict.ALLOWED), ("sqs", Verdict.NOT_ALLOWED)):
        for role in ("gateway", "admin"):
            ask = Ask("sns:Subscribe", MAIL, {"sns:Protocol": protocol})
            assert decide(ask, [DOCUMENTS[role]], BOUNDARY) is verdict, (role, protocol)


def test_what_the_roles_are_for_is_allowed_and_within_the_boundary() -> None:
    """Each action of each role, on its own resource under its own conditions."""
    for role, document in DOCUMENTS.items():
        for statement in statements(document):
            for action in many(statement["Action"]):
                for resource in many(statement["Resource"]):
                    ask = Ask(action, resource.replace("*", "x"), _context(statement))
                    assert decide(ask, [document], BOUNDARY) is Verdict.ALLOWED, (role, ask)


def test_a_step_gets_key_secret_and_token_of_either_user_by_its_execution_role() -> None:
    for name in ("read-key", "read-secret", "read-session", "write-key", "write-session"):
        ask = Ask("ssm:GetParameters", f"{IDENTITY}/{name}")
        assert decide(ask, [DOCUMENTS["execution"]], BOUNDARY) is Verdict.ALLOWED, name


def test_nobody_lists_the_bucket_but_below_the_files_of_runs() -> None:
    for role, document in DOCUMENTS.items():
        for prefix in ("", "code/", "documents/", "files/layers/", "logs/"):
            ask = Ask("s3:ListBucket", BUCKET, {"s3:prefix": prefix})
            assert decide(ask, [document], BOUNDARY) is Verdict.NOT_ALLOWED, (role, prefix)


def test_the_code_of_a_function_in_the_network_cannot_make_interfaces() -> None:
    arn = f"arn:aws:lambda:{HERE}:function:{NAMES.transfer_files}"
    for context, verdict in (
        ({}, Verdict.ALLOWED),
        ({"lambda:SourceFunctionArn": arn}, Verdict.NOT_ALLOWED),
    ):
        ask = Ask("ec2:CreateNetworkInterface", f"arn:aws:ec2:{HERE}:network-interface/*", context)
        assert decide(ask, [DOCUMENTS["transfer-files"]], BOUNDARY) is verdict


def _context(statement: Any) -> dict[str, str]:
    return {
        key: str(many(value)[0]).replace("*", "x")
        for operator, keys in statement.get("Condition", {}).items()
        if operator != "Null"
        for key, value in keys.items()
    }


def test_a_processor_mounts_only_the_nodes_files_and_through_a_door() -> None:
    """With nothing but what AWS says of who mounts ("S3 Files condition keys for clients")."""
    through = {"aws:SecureTransport": "true", "s3files:AccessPointArn": DOOR}
    past = {"aws:SecureTransport": "true"}
    for role in ("job", "mover"):
        for right in ("ClientMount", "ClientWrite"):
            for files, context, verdict in (
                (FILES, through, Verdict.ALLOWED),
                (FILES, past, Verdict.NOT_ALLOWED),
                (OTHER_FILES, through, Verdict.NOT_ALLOWED),
            ):
                ask = Ask(f"s3files:{right}", files, context)
                assert decide(ask, [DOCUMENTS[role]], BOUNDARY) is verdict


def test_in_the_template_the_nodes_files_are_the_stacks_own() -> None:
    resources = node_template(every()["basic"])["Resources"]
    for role in ("JobRole", "MoverRole"):
        (policy,) = resources[role]["Properties"]["Policies"]
        mounts = [s for s in statements(policy["PolicyDocument"]) if "Mount" in str(s["Action"])]
        assert [s["Resource"] for s in mounts] == [{"Ref": "RunFiles"}]


def test_nobody_mounts_past_the_access_points_not_even_an_administrator() -> None:
    """Every connection is encrypted ("Encryption in transit").

    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-encryption.html)
    """
    policy = node_template(every()["basic"])["Resources"]["FilesPolicy"]["Properties"]["Policy"]
    assert {s["Effect"] for s in statements(policy)} == {"Deny"}
    guard = {"Statement": [{**s, "Resource": "*"} for s in statements(policy)]}
    admin = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    for right in ("ClientMount", "ClientWrite", "ClientRootAccess"):
        ask = f"s3files:{right}"
        good = Ask(ask, FILES, {"s3files:AccessPointArn": DOOR})
        assert decide(good, [admin, guard]) is Verdict.ALLOWED
        assert decide(Ask(ask, FILES, {}), [admin, guard]) is Verdict.DENIED


REQUEST = {"aws:RequestTag/pennsieve:token": NAMES.token}
CREATES = {"s3files:CreateAction": "CreateAccessPoint"}
THEIRS = {"aws:ResourceTag/pennsieve:token": OTHER.token}


@pytest.mark.parametrize(
    ("action", "resource", "context", "verdict"),
    [
        ("batch:TagResource", "batch:job", REQUEST, Verdict.ALLOWED),
        ("batch:TagResource", "batch:job", REQUEST | THEIRS, Verdict.NOT_ALLOWED),
        ("batch:TagResource", "batch:job", {}, Verdict.NOT_ALLOWED),
        ("s3files:TagResource", DOOR, REQUEST | CREATES, Verdict.ALLOWED),
        ("s3files:TagResource", DOOR, REQUEST, Verdict.NOT_ALLOWED),
        ("s3files:TagResource", DOOR, CREATES, Verdict.NOT_ALLOWED),
        ("s3files:TagResource", DOOR, REQUEST | CREATES | THEIRS, Verdict.NOT_ALLOWED),
        ("s3files:TagResource", FILES, REQUEST | CREATES, Verdict.NOT_ALLOWED),
    ],
)
def test_what_is_another_nodes_is_never_tagged_as_this_ones(
    action: str, resource: str, context: dict[str, str], verdict: Verdict
) -> None:
    """Otherwise it could be ended or deleted after all."""
    ask = Ask(action, resource.replace("batch:job", f"arn:aws:batch:{HERE}:job/1"), context)
    assert decide(ask, [DOCUMENTS["reconciler"]], BOUNDARY) is verdict


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
    for action, resource in EVERYBODY:
        # Lambda makes interfaces; which file system is mounted, each role says, and its policy.
        if action != OWN_INTERFACE[1] and not action.startswith("s3files:Client"):
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
                short = set(SHORT.values()) if what == "Boundary" else set()
                wild = {action for action in actions if "*" in action}
                assert wild <= {*FILES_ACTIONS, *short}, what
                if "*" in many(statement["Resource"]):
                    assert actions - short <= NO_RESOURCE.keys(), (what, actions)


@pytest.mark.parametrize("name", every())
def test_every_service_is_kept_from_acting_for_somebody_else(name: str) -> None:
    for what, body in node_template(every()[name])["Resources"].items():
        if body["Type"] != "AWS::IAM::Role":
            continue
        trust = body["Properties"]["AssumeRolePolicyDocument"]
        (statement,) = statements(trust)
        assert set(statement["Principal"]) == {"Service"}
        if statement["Principal"]["Service"] in NO_SOURCE:
            assert "Condition" not in statement
            continue
        ours = {"StringEquals": {"aws:SourceAccount": NUMBER}}
        assert statement["Condition"].items() >= ours.items(), what


@pytest.mark.parametrize("name", every())
def test_nobody_of_another_account_enters_a_role(name: str) -> None:
    """Pennsieve has no rights in the account: services of AWS alone enter its roles."""
    for what, body in node_template(every()[name])["Resources"].items():
        if body["Type"] == "AWS::IAM::Role":
            for statement in statements(body["Properties"]["AssumeRolePolicyDocument"]):
                assert set(statement["Principal"]) == {"Service"}, what


def test_only_machines_are_let_in_without_a_source() -> None:
    found = {
        str(statement["Principal"]["Service"])
        for spec in every().values()
        for what, body in node_template(spec)["Resources"].items()
        if body["Type"] == "AWS::IAM::Role"
        for statement in statements(body["Properties"]["AssumeRolePolicyDocument"])
        if "Condition" not in statement
    }
    assert found == set(NO_SOURCE)


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-1"])
@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_the_boundary_is_one_that_aws_takes(region: str, partition: str) -> None:
    names = replace(NAMES, region=region, partition=partition)
    text = json.dumps(node_boundary(names, PLATFORM), separators=(",", ":"))
    assert len(text) <= MOST_POLICY_CHARACTERS


def test_every_right_has_words() -> None:
    for name, spec in every().items():
        for role in roles_of(spec):
            words = describe(role)
            assert not [line for line in words.can if re.search(r"\bdo \w+:", line)], name
            assert "Fn::" not in str(words)
            assert words.can
            assert words.cannot
            assert len(summary(role)) == 2


def test_no_two_roles_share_a_document() -> None:
    seen = [json.dumps(document, sort_keys=True) for document in DOCUMENTS.values()]
    assert len(set(seen)) == len(seen)
