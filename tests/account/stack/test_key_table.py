"""Each right on the node's key is needed, and each that is needed is there: role by role.

What is needed is asked of the emulated AWS, by a request for each right of each role on things that
are encrypted as the template says. Then each action on the key is taken away, one at a time.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pennsieve_agent.account.rights.installer import installer_policies, installer_rights
from pennsieve_agent.account.rights.resource_handlers import actions
from pennsieve_agent.account.rights.right import documents
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, TOKEN_TAG
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.account.stack.policies import files_access
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, lets_in, many, statements
from pennsieve_agent.node.role_permissions import RIGHTS
from pennsieve_agent.sandbox.aws.rights.key_rights import TABLE_USE, key_asks
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from tests.account.stack.specs import GPU, NAMES, NUMBER, PLATFORM, every, node

ENCRYPTED = [name for name, spec in every().items() if spec.settings.mode is not Mode.BASIC]
REGION = NAMES.region
PARAMETER, SECRET = f"{NAMES.parameter_prefix}x", f"{NAMES.secret_prefix}parameters/run"
#: How each service uses a key; a new type with a key in the template needs a row, and its rights.
TYPES = {
    "AWS::DynamoDB::Table": "by who uses it",
    "AWS::S3::Bucket": "by who uses it",
    "AWS::SQS::Queue": "by who uses it",
    "AWS::SNS::Topic": "by who publishes",
    "AWS::ECR::Repository": "by grants, made with it",
    "AWS::S3Files::FileSystem": "by grants, made with it",
    "AWS::Logs::LogGroup": "as itself, which the key's policy allows",
    "AWS::KMS::Alias": "not at all",
    "AWS::Lambda::Function": "names it, for parameters",
    "AWS::IAM::Role": "names it, in rights",
}


@pytest.fixture(scope="module")
def key() -> Iterator[str]:
    """The node's key, bucket, table and a parameter, as the template of a secure node has them."""
    resources = node_template(node(Mode.SECURE))["Resources"]
    policy = json.dumps(resources["Key"]["Properties"]["KeyPolicy"])
    tags = {TOKEN_TAG: NAMES.token, MANAGER_TAG: MANAGER}
    with mock_aws():
        session = boto3.Session("k", "s", region_name=REGION)
        rows = [{"TagKey": k, "TagValue": v} for k, v in tags.items()]
        made = session.client("kms").create_key(Policy=policy, Tags=rows)["KeyMetadata"]["Arn"]
        s3 = session.client("s3")
        s3.create_bucket(Bucket=NAMES.bucket)
        how = resources["Bucket"]["Properties"]["BucketEncryption"]
        (rule,) = how["ServerSideEncryptionConfiguration"]
        default = rule["ServerSideEncryptionByDefault"] | {"KMSMasterKeyID": made}
        s3.put_bucket_encryption(
            Bucket=NAMES.bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": default,
                        "BucketKeyEnabled": rule["BucketKeyEnabled"],
                    }
                ]
            },
        )
        s3.put_object(Bucket=NAMES.bucket, Key="k", Body=b"x")
        table = resources["Journal"]["Properties"]
        session.client("dynamodb").create_table(
            TableName=table["TableName"],
            KeySchema=table["KeySchema"],
            AttributeDefinitions=table["AttributeDefinitions"],
            BillingMode=table["BillingMode"],
            SSESpecification={
                "Enabled": table["SSESpecification"]["SSEEnabled"],
                "SSEType": table["SSESpecification"]["SSEType"],
                "KMSMasterKeyId": made,
            },
        )
        session.client("ssm").put_parameter(
            Name=PARAMETER, Value="x", Type="SecureString", KeyId=made
        )
        session.client("sqs").create_queue(
            QueueName=NAMES.dead_letters, Attributes={"KmsMasterKeyId": made}
        )
        session.client("sns").create_topic(
            Name=NAMES.mail_topic, Attributes={"KmsMasterKeyId": made}
        )
        session.client("secretsmanager").create_secret(
            Name=SECRET, SecretString="{}", KmsKeyId=made
        )
        yield str(made)


def asked(action: str, key: str) -> list[Ask]:
    """What AWS asks of the key where a role does something to what the node has."""
    service, _, operation = action.partition(":")
    parameters: dict[str, dict[str, Any]] = {
        "s3": {"Bucket": NAMES.bucket, "Key": "k"},
        "dynamodb": {"TableName": NAMES.table},
        "sqs": {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{NUMBER}/{NAMES.dead_letters}"},
        "sns": {"TopicArn": f"arn:aws:sns:{REGION}:{NUMBER}:{NAMES.mail_topic}"},
        "secretsmanager": {"SecretId": SECRET, "Name": SECRET, "KmsKeyId": key},
        "ssm": {"Name": PARAMETER, "Type": "SecureString", "KeyId": key},
    }
    if operation.startswith("GetParameter"):
        where = "Path" if operation.endswith("ByPath") else "Name"
        name = NAMES.parameter_prefix if where == "Path" else PARAMETER
        parameters["ssm"] = {where: name, "WithDecryption": True}
    given = parameters.get(service, {})
    return key_asks(AwsRequest(service, REGION, "", "", operation, given), NUMBER)


def needs(role: str, key: str) -> list[Ask]:
    return [ask for right in RIGHTS[role] for a in right.actions for ask in asked(a, key)]


def without_one(policy: Any) -> Iterator[tuple[str, Any]]:
    """The same policy without one of its actions on keys, each in turn."""
    for number, statement in enumerate(statements(policy)):
        for action in many(statement["Action"]):
            if str(action).startswith("kms:"):
                poorer = copy.deepcopy(policy)
                poorer["Statement"][number]["Action"].remove(action)
                yield f"{action} of statement {number}", poorer


def refused(asks: list[Ask], *policies: Any) -> list[Ask]:
    return [ask for ask in asks if decide(ask, policies) is not Verdict.ALLOWED]


def document_of(name: str, role: str, key: str) -> Any:
    """The policy of a role, with the node's key as CloudFormation names it."""
    (policy,) = node_template(every()[name])["Resources"][title(role)]["Properties"]["Policies"]
    text = json.dumps(policy["PolicyDocument"])
    return json.loads(text.replace('{"Fn::GetAtt": ["Key", "Arn"]}', json.dumps(key)))


def title(role: str) -> str:
    """What the template calls a role."""
    return "".join(word.capitalize() for word in role.split("-")) + "Role"


ROLES = [
    (role, name)
    for name in ENCRYPTED
    for role in RIGHTS
    if title(role) in node_template(every()[name])["Resources"]
]


@pytest.mark.parametrize(("role", "name"), ROLES)
def test_a_role_has_the_rights_on_the_key_that_its_work_takes_and_no_other(
    role: str, name: str, key: str
) -> None:
    policy, asks = document_of(name, role, key), needs(role, key)
    assert refused(asks, policy) == []
    for taken, poorer in without_one(policy):
        assert refused(asks, poorer), f"nothing needs {taken}"
    bounded = node_boundary(NAMES, PLATFORM)
    assert [a for a in asks if decide(a, [policy], bounded) is not Verdict.ALLOWED] == []


def test_the_boundary_holds_what_some_role_needs_of_the_key_and_no_more(key: str) -> None:
    bounded = node_boundary(NAMES, PLATFORM)
    own = [row for row in statements(files_access(NAMES, key)) if row["Resource"] == key]
    context = {
        f"aws:ResourceTag/{TOKEN_TAG}": NAMES.token,
        "kms:ViaService": f"s3.{REGION}.amazonaws.com",
    }
    files = [Ask(str(action), key, context) for row in own for action in row["Action"]]
    assert {ask.action for ask in files} >= {"kms:ReEncryptFrom", "kms:ReEncryptTo"}
    asks = [*files, *(ask for role in RIGHTS for ask in needs(role, key))]
    assert refused(asks, bounded) == []
    for taken, poorer in without_one(bounded):
        assert refused(asks, poorer), f"nothing needs {taken}"


def test_the_keys_of_other_nodes_and_other_services_stay_closed(key: str) -> None:
    for role in RIGHTS:
        for ask in needs(role, key):
            policy = document_of("secure-gpu", role, key)
            other = Ask(ask.action, f"{ask.resource}0", ask.context)
            via = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
            for changed in (other, Ask(ask.action, ask.resource, {**ask.context, **via})):
                assert refused([changed], policy) == [changed]


def test_a_basic_node_has_no_right_on_any_key() -> None:
    for role in RIGHTS:
        assert "kms:" not in json.dumps(document_of("basic-gpu", role, ""))


def place(mode: Mode) -> Place:
    resources = node_template(node(mode, gpu=GPU))["Resources"].values()
    return Place(NAMES, types=frozenset(body["Type"] for body in resources))


@pytest.mark.parametrize("mode", [Mode.SECURE, Mode.COMPLIANT])
def test_the_installer_may_upload_the_code_and_needs_each_right_for_it(
    mode: Mode, key: str
) -> None:
    """It does not go by CloudFormation (Amazon S3, "Protecting data with SSE-KMS")."""
    policies = installer_policies(place(mode))
    # CloudFormation reads a template from the bucket with the caller's rights.
    asks = [*asked("s3:PutObject", key), *asked("s3:GetObject", key)]
    assert asks
    assert refused(asks, *policies) == []
    rights = [right for right in installer_rights(place(mode)) if right.sid != "EncryptCode"]
    assert refused(asks, *documents(rights)) == asks
    (upload,) = (r for r in installer_rights(place(mode)) if r.sid == "EncryptCode")
    assert set(upload.actions) == {ask.action for ask in asks}


@pytest.mark.parametrize("mode", Mode)
def test_cloudformation_may_do_with_the_key_what_the_stack_takes(mode: Mode) -> None:
    rights = [right for right in installer_rights(place(mode)) if right.via_cloudformation]
    found = {a for right in rights for a in right.actions if a.startswith("kms:")}
    if mode is Mode.BASIC:
        assert found == set()
        return
    said = {action for action in actions(place(mode).types) if action.startswith("kms:")}
    assert found == said
    # The least that DynamoDB says it needs of who makes a table ("usage notes").
    least = {"GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "CreateGrant"}
    assert found >= {f"kms:{name}" for name in {*TABLE_USE, *least}}


def test_the_logs_may_use_the_key_for_the_nodes_groups_alone(key: str) -> None:
    """Amazon CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS KMS"."""
    resources = node_template(node(Mode.SECURE))["Resources"]
    policy = resources["Key"]["Properties"]["KeyPolicy"]
    groups = [
        body["Properties"]["LogGroupName"]
        for body in resources.values()
        if body["Type"] == "AWS::Logs::LogGroup"
    ]
    assert len(groups) >= 3
    for group, allowed in (*((name, True) for name in groups), ("/aws/lambda/payroll", False)):
        arn = f"arn:aws:logs:{REGION}:{NUMBER}:log-group:{group}"
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"):
            ask = Ask(action, key, {"kms:EncryptionContext:aws:logs:arn": arn})
            assert lets_in(policy, ask, f"logs.{REGION}.amazonaws.com") is allowed


@pytest.mark.parametrize("name", ENCRYPTED)
def test_everything_that_can_have_the_key_has_it(name: str) -> None:
    resources = node_template(every()[name])["Resources"]
    with_key = {
        body["Type"]
        for body in resources.values()
        if '["Key", "Arn"]' in json.dumps(body) or '{"Ref": "Key"}' in json.dumps(body)
    }
    assert with_key == TYPES.keys()
    for what, body in resources.items():
        if body["Type"] in TYPES and body["Type"] != "AWS::IAM::Role":
            assert '"Key"' in json.dumps(body["Properties"]), what
