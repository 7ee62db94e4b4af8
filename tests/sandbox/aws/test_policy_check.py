"""A role's keys may do what its policies say, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, session
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, service_trust
from tests.sandbox.aws.files import file_system

TRUST = service_trust("lambda.amazonaws.com")
HERE = "us-east-1:123456789012"
FILES = f"arn:aws:s3files:{HERE}:file-system"
TOPIC = f"arn:aws:sns:{HERE}:t"
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
Call = Callable[[Any], Any]

CALLS: dict[str, tuple[Call, list[tuple[str, str]]]] = {
    "an item": (
        lambda s: s.client("dynamodb").get_item(TableName="t", Key={"pk": {"S": "x"}}),
        [("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/t")],
    ),
    "a transaction": (
        lambda s: s.client("dynamodb").transact_write_items(
            TransactItems=[{"Put": {"TableName": "t", "Item": {"pk": {"S": "x"}}}}]
        ),
        [("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/t")],
    ),
    "an object": (
        lambda s: s.client("s3").put_object(Bucket="bucket", Key="runs/x", Body=b"x"),
        [("s3:PutObject", "arn:aws:s3:::bucket/runs/x")],
    ),
    "a bucket's list": (
        lambda s: s.client("s3").list_objects_v2(Bucket="bucket", Prefix="runs/"),
        [("s3:ListBucket", "arn:aws:s3:::bucket")],
    ),
    "a secret": (
        lambda s: s.client("secretsmanager").create_secret(Name="node/shared", SecretString="{}"),
        [("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{HERE}:secret:node/shared-*")],
    ),
    "a tagged secret": (
        lambda s: s.client("secretsmanager").create_secret(
            Name="node/tagged", SecretString="{}", Tags=[{"Key": "a", "Value": "b"}]
        ),
        [
            (f"secretsmanager:{action}", f"arn:aws:secretsmanager:{HERE}:secret:node/tagged-*")
            for action in ("CreateSecret", "TagResource")
        ],
    ),
    "a parameter": (
        lambda s: s.client("ssm").put_parameter(
            Name="/node/x", Value="v", Type="SecureString", Overwrite=True
        ),
        [("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/node/x")],
    ),
    "parameters": (
        lambda s: s.client("ssm").delete_parameters(Names=["/node/a", "/node/b"]),
        [("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/node/{n}") for n in "ab"],
    ),
    "a log": (
        lambda s: s.client("logs").filter_log_events(logGroupName="/g"),
        [("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/g:*")],
    ),
    "a rule": (
        lambda s: s.client("events").enable_rule(Name="r"),
        [("events:EnableRule", f"arn:aws:events:{HERE}:rule/r")],
    ),
    "access points": (
        lambda s: s.client("s3files").list_access_points(fileSystemId="fs-0123456789abcdef0"),
        [("s3files:ListAccessPoints", f"{FILES}/fs-0123456789abcdef0")],
    ),
    "jobs": (
        lambda s: s.client("batch").describe_jobs(jobs=["x"]),
        [("batch:DescribeJobs", "*")],
    ),
    "a message": (
        lambda s: s.client("sns").publish(TopicArn=TOPIC, Message="x"),
        [("sns:Publish", TOPIC)],
    ),
    "messages": (
        lambda s: s.client("sns").publish_batch(
            TopicArn=TOPIC, PublishBatchRequestEntries=[{"Id": "1", "Message": "x"}]
        ),
        [("sns:Publish", TOPIC)],
    ),
    "who gets messages": (
        lambda s: s.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC),
        [("sns:ListSubscriptionsByTopic", TOPIC)],
    ),
    "a new topic": (
        lambda s: s.client("sns").create_topic(Name="new"),
        [("sns:CreateTopic", f"arn:aws:sns:{HERE}:new")],
    ),
    "the tags of a topic": (
        lambda s: s.client("sns").list_tags_for_resource(ResourceArn=TOPIC),
        [("sns:ListTagsForResource", TOPIC)],
    ),
    "the end of a subscription": (
        lambda s: s.client("sns").unsubscribe(SubscriptionArn=f"{TOPIC}:1"),
        [("sns:Unsubscribe", "*")],
    ),
    "a job definition": (
        lambda s: s.client("batch").register_job_definition(
            jobDefinitionName="d",
            type="container",
            containerProperties={
                "image": "i",
                "jobRoleArn": "arn:aws:iam::123456789012:role/job",
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "2048"},
                ],
            },
        ),
        [
            ("batch:RegisterJobDefinition", f"arn:aws:batch:{HERE}:job-definition/d"),
            ("iam:PassRole", "arn:aws:iam::123456789012:role/job"),
        ],
    ),
    "a function": (
        lambda s: s.client("lambda").invoke(FunctionName="f"),
        [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")],
    ),
}


def code_of(problem: ClientError) -> str:
    return str(problem.response["Error"]["Code"])


def furnish(cloud: Cloud) -> None:
    owner = cloud.owner
    owner.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    owner.client("s3").create_bucket(Bucket="bucket")
    owner.client("logs").create_log_group(logGroupName="/g")
    owner.client("events").put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    owner.client("sns").create_topic(Name="t")
    cloud.function("f", cloud.role("worker", TRUST, allow()), lambda event, _: event)


def test_each_call_needs_each_of_its_rights(cloud: Cloud) -> None:
    furnish(cloud)
    for number, (name, (call, rights)) in enumerate(CALLS.items()):
        for missing in range(len(rights)):
            some = allow(*(right for i, right in enumerate(rights) if i != missing))
            role = cloud.role(f"poor-{number}-{missing}", TRUST, some)
            with pytest.raises(ClientError) as refused:
                call(cloud.assume(role))
            assert code_of(refused.value) in REFUSALS, name
            action, _ = rights[missing]
            assert f"is not authorized to perform: {action} on resource: " in str(refused.value)
        call(cloud.assume(cloud.role(f"rich-{number}", TRUST, allow(*rights))))
        heard = {ask.action for role, ask in cloud.asked if role == f"rich-{number}"}
        assert heard == {action for action, _ in rights}, name


def test_a_right_on_a_topic_is_none_on_another_and_may_be_for_addresses_alone(cloud: Cloud) -> None:
    owner = cloud.owner.client("sns")
    owner.create_topic(Name="t")
    owner.create_topic(Name="other")
    policy = allow(("sns:Publish", TOPIC))
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Action": "sns:Subscribe",
            "Resource": TOPIC,
            "Condition": {"StringEquals": {"sns:Protocol": "email"}},
        }
    )
    sns = cloud.assume(cloud.role("narrow", TRUST, policy)).client("sns")
    sns.publish(TopicArn=TOPIC, Message="x")
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="a@example.org")
    queue = f"arn:aws:sqs:{HERE}:q"
    others: tuple[Callable[[], Any], ...] = (
        lambda: sns.publish(TopicArn=TOPIC.replace(":t", ":other"), Message="x"),
        lambda: sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=queue),
        lambda: sns.list_subscriptions_by_topic(TopicArn=TOPIC),
    )
    for call in others:
        with pytest.raises(ClientError) as problem:
            call()
        assert code_of(problem.value) == "AuthorizationError"


def test_what_is_tagged_as_it_is_made_is_told_from_what_was_there(cloud: Cloud) -> None:
    """By what AWS says of the two: that it is being made, and its tags."""
    system = file_system(cloud)["fileSystemId"]
    made = {
        "StringEquals": {
            "s3files:CreateAction": "CreateAccessPoint",
            "aws:RequestTag/node": "ours",
        }
    }
    rights = allow(
        ("s3files:CreateAccessPoint", f"{FILES}/*"),
        ("s3files:TagResource", f"{FILES}/*/access-point/*"),
    )
    rights["Statement"][1]["Condition"] = made
    files = cloud.assume(cloud.role("maker", TRUST, rights)).client("s3files")
    create = {"fileSystemId": system, "clientToken": "x"}
    tags = {"tags": [{"key": "node", "value": "ours"}]}
    point = files.create_access_point(**create, **tags)["accessPointId"]
    with pytest.raises(ClientError, match="s3files:TagResource"):
        files.create_access_point(**create, tags=[{"key": "node", "value": "theirs"}])
    with pytest.raises(ClientError, match="s3files:TagResource"):
        files.tag_resource(resourceId=point, **tags)


def test_a_boundary_and_a_deny_bound(cloud: Cloud) -> None:
    furnish(cloud)
    everything = allow(("dynamodb:*", "*"))
    policy = cloud.owner.client("iam").create_policy(
        PolicyName="limit", PolicyDocument=json.dumps(allow(("dynamodb:PutItem", "*")))
    )
    bounded = cloud.role("bounded", TRUST, everything, policy["Policy"]["Arn"])
    table = cloud.assume(bounded).client("dynamodb")
    table.put_item(TableName="t", Item={"pk": {"S": "x"}})
    with pytest.raises(ClientError) as refused:
        table.get_item(TableName="t", Key={"pk": {"S": "x"}})
    assert code_of(refused.value) == "AccessDeniedException"
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    denied = cloud.role(
        "denied", TRUST, {**everything, "Statement": [*everything["Statement"], deny]}
    )
    with pytest.raises(ClientError, match="with an explicit deny"):
        cloud.assume(denied).client("dynamodb").describe_table(TableName="t")


def test_managed_policies_count(cloud: Cloud) -> None:
    furnish(cloud)
    iam = cloud.owner.client("iam")
    policy = iam.create_policy(
        PolicyName="reads", PolicyDocument=json.dumps(allow(("dynamodb:GetItem", "*")))
    )
    role = cloud.role("reader", TRUST, allow())
    iam.attach_role_policy(RoleName="reader", PolicyArn=policy["Policy"]["Arn"])
    cloud.assume(role).client("dynamodb").get_item(TableName="t", Key={"pk": {"S": "x"}})


def test_keys_that_sts_did_not_give_out_are_nobodys(cloud: Cloud) -> None:
    forged = session(Keys("ASIAQAAAAAAAAAAAAAAA", "s", "t", 0), REGION, cloud.url)
    with pytest.raises(ClientError) as refused:
        forged.client("dynamodb").list_tables()
    assert code_of(refused.value) == "UnrecognizedClientException"
    role = cloud.role("real", TRUST, allow(("dynamodb:ListTables", "*")))
    given = cloud.owner.client("sts").assume_role(RoleArn=role, RoleSessionName="own")[
        "Credentials"
    ]
    stolen = session(
        Keys(given["AccessKeyId"], given["SecretAccessKey"], "other", 0), REGION, cloud.url
    )
    with pytest.raises(ClientError) as refused:
        stolen.client("dynamodb").list_tables()
    assert code_of(refused.value) == "InvalidClientTokenId"


def test_a_service_that_is_not_known_is_refused(cloud: Cloud) -> None:
    role = cloud.role("curious", TRUST, allow(("ec2:Describe*", "arn:aws:ec2:*:*:instance/*")))
    with pytest.raises(ClientError, match="not authorized"):
        cloud.assume(role).client("ec2").describe_instances()
    assert cloud.owner.client("ec2").describe_instances()["Reservations"] == []


def test_a_parameter_takes_the_right_to_use_its_key(cloud: Cloud) -> None:
    owner = cloud.owner
    tags = [{"TagKey": "pennsieve:token", "TagValue": "0a1b2c3d"}]
    key = owner.client("kms").create_key(Tags=tags)["KeyMetadata"]["Arn"]
    place = f"arn:aws:ssm:{HERE}:parameter/node/x"

    def call(name: str, *rights: tuple[str, str], reads: bool) -> str:
        ssm = cloud.assume(cloud.role(name, TRUST, allow(*rights))).client("ssm")
        given = {"Name": "/node/x", "Value": "v", "Type": "SecureString", "KeyId": key}
        try:
            if reads:
                answer = ssm.get_parameter(Name="/node/x", WithDecryption=True)
                return str(answer["Parameter"]["Value"])
            ssm.put_parameter(**given, Overwrite=True)
        except ClientError as error:
            return code_of(error)
        return ""

    put, get = ("ssm:PutParameter", place), ("ssm:GetParameter", place)
    assert call("puts", put, reads=False) == "AccessDeniedException"
    assert call("encrypts", put, ("kms:Encrypt", key), reads=False) == ""
    assert call("gets", get, reads=True) == "AccessDeniedException"
    assert call("decrypts", get, ("kms:Decrypt", key), reads=True) == "v"


def test_what_is_not_emulated_is_refused_at_once_and_told_in_one_line(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    arn = f"arn:aws:iam::{NUMBER}:user/ada"
    with caplog.at_level("INFO"), pytest.raises(ClientError, match="InvalidAction") as refusal:
        cloud.owner.client("iam").simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["s3:GetObject"]
        )
    assert refusal.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert "iam.SimulatePrincipalPolicy is not emulated" in caplog.text
    assert "Traceback" not in caplog.text
