"""The emulated account refuses what AWS refuses: by a service's model, its quotas, its rates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.limits.name_quotas import policy_size
from pennsieve_agent.sandbox.aws.limits.rates import PER_SECOND, Rates
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust
from tests.sandbox.aws.files import file_system
from tests.sandbox.aws.strict_client import NEVER, client

Call = Callable[[Any], Any]
ROLE = f"arn:aws:iam::{NUMBER}:role/r"
TRUST = service_trust("lambda.amazonaws.com")
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{NUMBER}:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}
SOON = {"attemptDurationSeconds": 59}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with open_cloud(tmp_path_factory.mktemp("limits")) as made:
        yield made


SYSTEM = "fs-0123456789abcdef0"


def point(path: str, **more: Any) -> Call:
    return lambda files: files.create_access_point(
        clientToken="t", fileSystemId=SYSTEM, rootDirectory={"path": path}, **more
    )


def definition(**more: Any) -> Call:
    container = {"image": "i", **more.pop("container", {})}
    return lambda batch: batch.register_job_definition(
        **{"jobDefinitionName": "d", "type": "container", "containerProperties": container, **more}
    )


def job(**more: Any) -> Call:
    return lambda batch: batch.submit_job(
        **{"jobName": "j", "jobQueue": "q", "jobDefinition": "d", **more}
    )


def variables(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": "1"} for name in names]


REFUSED: dict[str, tuple[str, Call, str, str]] = {
    # What models state; the API reference of each operation has it, too.
    "a long path": ("s3files", point("/" + "a" * 100), "ValidationException", "equal to 100"),
    "a path's characters": ("s3files", point("/a?b"), "ValidationException", "pattern"),
    "a long token": (
        "s3files",
        lambda files: files.create_access_point(clientToken="t" * 65, fileSystemId=SYSTEM),
        "ValidationException",
        "'clientToken'",
    ),
    "permissions of a file": (
        "s3files",
        point("/a", posixUser={"uid": -1, "gid": 1}),
        "ValidationException",
        "'posixUser.uid'",
    ),
    "a tag's characters": (
        "s3files",
        point("/a", tags=[{"key": "k", "value": "a?b"}]),
        "ValidationException",
        "'tags.1.member.value'",
    ),
    "a member that is missing": (
        "s3files",
        lambda files: files.create_access_point(clientToken="t"),
        "ValidationException",
        "'fileSystemId' failed to satisfy constraint: Member must not be null",
    ),
    "a word of a list": (
        "dynamodb",
        lambda d: d.query(TableName="ttt", Select="EVERYTHING"),
        "ValidationException",
        "enum value set",
    ),
    "a table's name": ("dynamodb", lambda d: d.describe_table(TableName=""), "Valid", "equal to 1"),
    "a number in a query": (
        "lambda",
        lambda f: f.list_functions(MaxItems=10_001),
        "ValidationException",
        "less than or equal to 10000",
    ),
    "a kind of call in a header": (
        "lambda",
        lambda f: f.invoke(FunctionName="f", InvocationType="Later"),
        "ValidationException",
        "'InvocationType'",
    ),
    "a role's name": (
        "iam",
        lambda iam: iam.create_role(
            RoleName="r" * 65, AssumeRolePolicyDocument=json.dumps(ANYBODY)
        ),
        "ValidationError",
        "less than or equal to 64",
    ),
    "a tag in a form": (
        "iam",
        lambda iam: iam.create_role(
            RoleName="r",
            AssumeRolePolicyDocument=json.dumps(ANYBODY),
            Tags=[{"Key": "fine", "Value": "ünïcode 1"}, {"Key": "k" * 129, "Value": "v"}],
        ),
        "ValidationError",
        "'Tags.2.member.Key'",
    ),
    "a session's name": (
        "sts",
        lambda sts: sts.assume_role(RoleArn=ROLE, RoleSessionName="Ada Lovelace"),
        "ValidationError",
        "'RoleSessionName'",
    ),
    "a log stream's name": (
        "logs",
        lambda logs: logs.create_log_stream(logGroupName="g", logStreamName="a:b"),
        "InvalidParameterException",
        "[^:*]*",
    ),
    "a page of a log": (
        "logs",
        lambda logs: logs.get_log_events(logGroupName="g", logStreamName="s", limit=10_001),
        "InvalidParameterException",
        "'limit'",
    ),
    "a rule's name": (
        "events",
        lambda events: events.enable_rule(Name="a b"),
        "ValidationException",
        "'Name'",
    ),
    "a repository's name": (
        "ecr",
        lambda ecr: ecr.create_repository(repositoryName="Upper"),
        "InvalidParameterException",
        "'repositoryName'",
    ),
    "a value of a filter": (
        "ec2",
        lambda ec2: ec2.describe_subnets(MaxResults=4),
        "InvalidParameterValue",
        "greater than or equal to 5",
    ),
    "five folders": ("s3files", point("/a/b/c/d/e"), "ValidationException", "{1,4}"),
    # Documented limits.
    "21 dependencies": ("batch", job(dependsOn=[{"jobId": "x"}] * 21), "Client", "20"),
    "a job's name": ("batch", job(jobName="j" * 129), "ClientException", "Job name"),
    "a job's name with a dot": ("batch", job(jobName="a.b"), "ClientException", "Job name"),
    "30 KB of overrides": (
        "batch",
        job(containerOverrides={"command": ["c" * 30_720]}),
        "ClientException",
        "30720",
    ),
    "a short time": ("batch", job(timeout=SOON), "ClientException", "at least 60"),
    "11 attempts": ("batch", job(retryStrategy={"attempts": 11}), "ClientException", "10"),
    "six conditions": (
        "batch",
        job(retryStrategy={"evaluateOnExit": [{"action": "EXIT", "onReason": "*"}] * 6}),
        "ClientException",
        "5",
    ),
    "51 tags": ("batch", job(tags={f"k{i}": "v" for i in range(51)}), "ClientException", "50"),
    "a tag of AWS": ("batch", job(tags={"aws:x": "v"}), "ClientException", "reserved"),
    "a tag's value": ("batch", job(tags={"k": "v" * 257}), "ClientException", "equal to 256"),
    "a tag's word": ("batch", job(tags={"k": "a?b"}), "ClientException", "characters"),
    "a variable of Batch": (
        "batch",
        job(containerOverrides={"environment": variables("AWS_BATCH_MINE")}),
        "ClientException",
        "AWS_BATCH_MINE",
    ),
    "a definition's name": ("batch", definition(jobDefinitionName="a b"), "Client", "definition"),
    "24 KB of a definition": (
        "batch",
        definition(container={"command": ["c" * 24_576]}),
        "ClientException",
        "24576",
    ),
    "a variable of Batch in a definition": (
        "batch",
        definition(container={"environment": variables("AWS_BATCH_MINE")}),
        "ClientException",
        "AWS_BATCH_MINE",
    ),
    "a variable and a secret of one name": (
        "batch",
        definition(
            container={
                "environment": variables("A"),
                "secrets": [{"name": "A", "valueFrom": "arn"}],
            }
        ),
        "ClientException",
        "unique",
    ),
    "a large event": (
        "lambda",
        lambda f: f.invoke(
            FunctionName="f", InvocationType="Event", Payload=b'"' + b"x" * 262_143 + b'"'
        ),
        "RequestTooLargeException",
        "262144",
    ),
    "a large call": (
        "lambda",
        lambda f: f.invoke(FunctionName="f", Payload=b'"' + b"x" * 6_291_455 + b'"'),
        "RequestTooLargeException",
        "6291456",
    ),
    "4 KB of a parameter": (
        "ssm",
        lambda ssm: ssm.put_parameter(Name="/n", Value="v" * 4097, Type="SecureString"),
        "ValidationException",
        "4096",
    ),
    "a parameter's name": (
        "ssm",
        lambda ssm: ssm.put_parameter(Name="/a b", Value="v", Type="String"),
        "ValidationException",
        "'/a b'",
    ),
    "16 levels": (
        "ssm",
        lambda ssm: ssm.put_parameter(Name="/a" * 16, Value="v", Type="String"),
        "HierarchyLevelLimitExceededException",
        "15",
    ),
    "a secret's name": (
        "secretsmanager",
        lambda s: s.create_secret(Name="a b", SecretString="x"),
        "ValidationException",
        "Invalid name",
    ),
    "a secret of 64 KB": (
        "secretsmanager",
        lambda s: s.create_secret(Name="a", SecretString="é" * 32_769),
        "InvalidParameterException",
        "too long",
    ),
    "an object's key": (
        "s3",
        lambda s3: s3.put_object(Bucket="b-1", Key="é" * 513, Body=b""),
        "KeyTooLongError",
        "too long",
    ),
    "a bucket's name": (
        "s3",
        lambda s3: s3.create_bucket(Bucket="a..b"),
        "InvalidBucketName",
        "not valid",
    ),
    "a trust policy": (
        "iam",
        lambda iam: iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy_of(2_049)),
        "LimitExceeded",
        "2048",
    ),
    "a managed policy": (
        "iam",
        lambda iam: iam.create_policy(PolicyName="p", PolicyDocument=policy_of(6_145)),
        "LimitExceeded",
        "6144",
    ),
    "a large template": (
        "cloudformation",
        lambda cfn: cfn.create_stack(StackName="s", TemplateBody="{" + " " * 51_200 + "}"),
        "ValidationError",
        "51200",
    ),
}


def policy_of(characters: int) -> str:
    """A policy of so many characters, as IAM counts them."""
    bucket = "arn:aws:s3:::b"
    missing = characters - policy_size(json.dumps(allow(("s3:GetObject", bucket))))
    return json.dumps(allow(("s3:GetObject", bucket + "x" * missing)))


@pytest.mark.parametrize("name", REFUSED)
def test_what_aws_refuses_is_refused(cloud: Cloud, name: str) -> None:
    service, call, code, words = REFUSED[name]
    with pytest.raises(ClientError) as refused:
        call(client(cloud, service))
    error = refused.value.response["Error"]
    assert str(error["Code"]).startswith(code), error
    assert words in error["Message"], error


def test_what_is_as_large_as_allowed_is_taken(cloud: Cloud) -> None:
    made = client(cloud, "s3files").create_access_point(
        clientToken="t" * 64,
        fileSystemId=file_system(cloud)["fileSystemId"],
        rootDirectory={"path": "/" + "a" * 99},
        tags=[{"key": "k", "value": "ünï 1 _.:/=+-@"}],
    )
    assert made["rootDirectory"]["path"] == "/" + "a" * 99
    ssm = client(cloud, "ssm")
    ssm.put_parameter(Name="/a" * 15, Value="v" * 4096, Type="String")
    batch = client(cloud, "batch")
    definition(jobDefinitionName="d" * 128, container={"vcpus": 1, "memory": 4})(batch)
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="as-large-as-allowed")
    s3.put_object(Bucket="as-large-as-allowed", Key="é" * 512, Body=b"")
    iam = client(cloud, "iam")
    iam.create_policy(PolicyName="large", PolicyDocument=policy_of(6_144))


def test_a_chained_session_ends_within_the_hour(cloud: Cloud) -> None:
    policy = allow(("sts:AssumeRole", "*"))
    first = cloud.role("first", ANYBODY, policy)
    sts = client(cloud, "sts")
    sts.assume_role(RoleArn=first, RoleSessionName="test", DurationSeconds=3600)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        sts.assume_role(RoleArn=first, RoleSessionName="test", DurationSeconds=3601)
    client(cloud, "iam").update_role(RoleName="first", MaxSessionDuration=43_200)
    chained = cloud.assume(first).client("sts", config=Config(retries=NEVER))
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chain"):
        chained.assume_role(RoleArn=first, RoleSessionName="test", DurationSeconds=3601)
    chained.assume_role(RoleArn=first, RoleSessionName="test")


def test_rates_are_those_of_the_account_and_the_region() -> None:
    now = [0.0]
    rates = Rates(lambda: now[0])

    def ask(region: str = REGION, account: str = NUMBER, operation: str = "FilterLogEvents") -> Any:
        return rates.refusal(AwsRequest("logs", region, "key", "", operation), account)

    assert [ask() for _ in range(5)] == [None] * 5
    refused = ask()
    assert b"ThrottlingException" in refused.body
    assert b"Rate exceeded" in refused.body
    assert ask(region="eu-west-1") is None
    assert ask(account="210987654321") is None
    assert ask(operation="GetLogEvents") is None
    now[0] = 0.2
    assert ask() is None
    assert ask() is not None
    now[0] = 1000.0  # what was not asked for is not saved up
    assert [ask() is None for _ in range(6)] == [True] * 5 + [False]
    assert ask(operation="PutLogEvents") is None


def test_the_sixth_page_of_a_log_within_a_second_is_refused(cloud: Cloud) -> None:
    logs = client(cloud, "logs")
    logs.create_log_group(logGroupName="g")
    most = PER_SECOND["logs", "FilterLogEvents"]

    def ask() -> None:
        for _ in range(10 * most):  # nobody takes ten seconds for so many
            logs.filter_log_events(logGroupName="g")

    with pytest.raises(ClientError, match="ThrottlingException"):
        ask()
