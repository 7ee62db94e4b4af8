"""What a customer's key encrypts takes the right to use the key, by its policy and by one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pennsieve_agent.sandbox.aws.rights.key_rights import TABLE_USE
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, service_trust
from tests.sandbox.aws.test_batch import ECS, WRITES, Shop
from tests.sandbox.aws.test_policy_check import REFUSALS, code_of
from tests.sandbox.aws.test_regions import followed

TRUST = service_trust("lambda.amazonaws.com")
ROOT = f"arn:aws:iam::{NUMBER}:root"
ANYTHING = [(f"{service}:*", "*") for service in ("s3", "dynamodb", "ssm", "sqs", "sns")]
BUCKET, OBJECT = "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/k"
PARAMETER = f"arn:aws:ssm:{REGION}:{NUMBER}:parameter/node/x"
Call = Callable[[Any], Any]


def in_parts(session: Any) -> None:
    s3 = session.client("s3")
    made = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    where = {"Bucket": "bucket", "Key": "parts", "UploadId": made}
    tag = s3.upload_part(**where, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
    )


def messages(session: Any) -> Any:
    sqs = session.client("sqs")
    return sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"])


def message(session: Any) -> Any:
    sqs = session.client("sqs")
    return sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"], MessageBody="x")


TOPIC = f"arn:aws:sns:{REGION}:{NUMBER}:t"
CALLS: dict[str, tuple[Call, str, set[str]]] = {
    "write an object": (
        lambda s: s.client("s3").put_object(Bucket="bucket", Key="new", Body=b"x"),
        "s3",
        {"GenerateDataKey"},
    ),
    "read an object": (
        lambda s: s.client("s3").get_object(Bucket="bucket", Key="k"),
        "s3",
        {"Decrypt"},
    ),
    "look at an object": (
        lambda s: s.client("s3").head_object(Bucket="bucket", Key="k"),
        "s3",
        set(),
    ),
    "write in parts": (in_parts, "s3", {"GenerateDataKey", "Decrypt"}),
    "write an item": (
        lambda s: s.client("dynamodb").put_item(TableName="t", Item={"pk": {"S": "x"}}),
        "dynamodb",
        set(TABLE_USE),
    ),
    "write in a transaction": (
        lambda s: s.client("dynamodb").transact_write_items(
            TransactItems=[{"Put": {"TableName": "t", "Item": {"pk": {"S": "x"}}}}]
        ),
        "dynamodb",
        set(TABLE_USE),
    ),
    "read a parameter": (
        lambda s: s.client("ssm").get_parameter(Name="/node/x", WithDecryption=True),
        "ssm",
        {"Decrypt"},
    ),
    "read a parameter as it is": (
        lambda s: s.client("ssm").get_parameter(Name="/node/x"),
        "ssm",
        set(),
    ),
    "read parameters by their path": (
        lambda s: s.client("ssm").get_parameters_by_path(
            Path="/node", Recursive=True, WithDecryption=True
        ),
        "ssm",
        {"Decrypt"},
    ),
    "send a message": (message, "sqs", {"Decrypt", "GenerateDataKey"}),
    "receive messages": (messages, "sqs", {"Decrypt"}),
    "publish": (
        lambda s: s.client("sns").publish(TopicArn=TOPIC, Message="x"),
        "sns",
        {"Decrypt", "GenerateDataKey"},
    ),
}


def key_of(cloud: Cloud, principal: str = ROOT, region: str = REGION) -> str:
    who = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [who]})
    kms = cloud.owner.client("kms", region_name=region)
    tags = [{"TagKey": "of", "TagValue": "node"}]
    return str(kms.create_key(Policy=policy, Tags=tags)["KeyMetadata"]["Arn"])


def furnish(cloud: Cloud, key: str, *, bucket_key: bool = True) -> None:
    """One of everything that has the key, with something in it."""
    owner = cloud.owner
    s3 = owner.client("s3")
    s3.create_bucket(Bucket="bucket")
    how = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": how, "BucketKeyEnabled": bucket_key}
    s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    owner.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    owner.client("ssm").put_parameter(Name="/node/x", Value="v", Type="SecureString", KeyId=key)
    owner.client("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})
    owner.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": key})


def statement(key: str, actions: set[str], **conditions: Any) -> dict[str, Any]:
    row = {"Effect": "Allow", "Action": [f"kms:{name}" for name in sorted(actions)]}
    return {**row, "Resource": key, "Condition": conditions}


def try_it(cloud: Cloud, name: str, call: Call, *more: dict[str, Any]) -> str:
    """AWS's sentence where a role with these rights on the key may not; empty where it may."""
    policy = allow(*ANYTHING)
    policy["Statement"] = [*policy["Statement"], *more]
    try:
        call(cloud.assume(cloud.role(name, TRUST, policy)))
    except ClientError as refused:
        if code_of(refused) not in REFUSALS:
            raise
        return str(refused)
    return ""


def test_each_use_takes_each_right_on_the_key_and_by_that_service(cloud: Cloud) -> None:
    key = key_of(cloud)
    furnish(cloud, key)
    for number, (name, (call, service, actions)) in enumerate(CALLS.items()):
        via = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
        for left_out in sorted(actions):
            some = statement(key, actions - {left_out, ""} or {"ListGrants"})
            said = try_it(cloud, f"poor-{number}-{left_out}", call, some)
            assert f"not authorized to perform: kms:{left_out} on resource: {key}" in said, name
        granted = (statement(key, actions, StringEquals=via),) if actions else ()
        assert not try_it(cloud, f"rich-{number}", call, *granted), name
        used = {a.action for role, a in cloud.asked if role == f"rich-{number}"}
        assert {a for a in used if a.startswith("kms:")} == {f"kms:{a}" for a in actions}, name
        if actions:
            other = statement(key, actions, StringEquals={"kms:ViaService": "ec2.amazonaws.com"})
            assert try_it(cloud, f"other-{number}", call, other), name


def test_to_see_the_checksum_of_an_object_is_to_decrypt(cloud: Cloud) -> None:
    """Amazon S3 API, "HeadObject", ``x-amz-checksum-mode``; a refusal of HEAD has no sentence."""
    key = key_of(cloud)
    furnish(cloud, key)
    rich = cloud.role("rich", TRUST, allow(*ANYTHING, ("kms:Decrypt", key)))
    poor = cloud.role("poor", TRUST, allow(*ANYTHING))
    where = {"Bucket": "bucket", "Key": "k", "ChecksumMode": "ENABLED"}
    cloud.assume(rich).client("s3").head_object(**where)
    with pytest.raises(ClientError, match="403"):
        cloud.assume(poor).client("s3").head_object(**where)


def test_the_keys_own_policy_counts(cloud: Cloud) -> None:
    """An administrator of the account may do nothing with a key whose policy leaves him out."""
    key = key_of(cloud, f"arn:aws:iam::{NUMBER}:role/somebody-else")
    furnish(cloud, key)
    every = statement(key, {"*"})
    for number, (name, (call, _, actions)) in enumerate(CALLS.items()):
        said = try_it(cloud, f"outside-{number}", call, every)
        assert ("because no resource-based policy allows" in said) is bool(actions), name


@pytest.mark.parametrize(("bucket_key", "about"), [(True, BUCKET), (False, OBJECT)])
def test_the_encryption_context_counts(cloud: Cloud, bucket_key: bool, about: str) -> None:  # noqa: FBT001
    """With a bucket key it is the bucket's ARN, else the object's (Amazon S3, "Bucket Keys")."""
    key = key_of(cloud)
    furnish(cloud, key, bucket_key=bucket_key)
    read = CALLS["read an object"][0]
    for name, place, refused in (("of-it", about, False), ("of-other", f"{about}x", True)):
        bound = {"kms:EncryptionContext:aws:s3:arn": place}
        said = try_it(cloud, name, read, statement(key, {"Decrypt"}, StringEquals=bound))
        assert bool(said) is refused


def test_a_parameters_name_is_in_the_encryption_context(cloud: Cloud) -> None:
    key = key_of(cloud)
    furnish(cloud, key)
    read = CALLS["read a parameter"][0]
    for name, place, refused in (("x", PARAMETER, False), ("y", f"{PARAMETER}y", True)):
        bound = {"kms:EncryptionContext:PARAMETER_ARN": place}
        said = try_it(cloud, name, read, statement(key, {"Decrypt"}, StringEquals=bound))
        assert bool(said) is refused


def test_a_key_that_is_turned_off_or_in_another_region_opens_nothing(cloud: Cloud) -> None:
    key, far = key_of(cloud), key_of(cloud, region="eu-west-1")
    furnish(cloud, key)
    every = statement("*", {"*"})
    write = CALLS["write an object"][0]
    assert not try_it(cloud, "before", write, every)

    def elsewhere(session: Any) -> None:
        name = far.replace("eu-west-1", REGION)
        session.client("s3").put_object(
            Bucket="bucket", Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=name
        )

    assert try_it(cloud, "elsewhere", elsewhere, every)
    cloud.owner.client("kms").disable_key(KeyId=key.rpartition("/")[2])
    assert try_it(cloud, "after", write, every)


def test_awss_own_key_lets_in_whoever_may_use_the_thing(cloud: Cloud) -> None:
    owner = cloud.owner
    owner.client("s3").create_bucket(Bucket="bucket")
    owner.client("ssm").put_parameter(Name="/node/x", Value="v", Type="SecureString")
    for call in (CALLS["write an object"][0], CALLS["read a parameter"][0]):
        assert not try_it(cloud, f"plain-{id(call)}", call)


def test_a_link_is_checked_as_its_signer(cloud: Cloud) -> None:
    """As the gateway gives a link to a kept log: who follows it has its role's rights."""
    key = key_of(cloud)
    furnish(cloud, key)
    for name, rights, status in (("with", {"Decrypt"}, 200), ("without", {"ListGrants"}, 403)):
        policy = allow(("s3:GetObject", "*"))
        policy["Statement"].append(statement(key, rights))
        session = cloud.assume(cloud.role(name, TRUST, policy))
        signing = Config(signature_version="s3v4")
        link = session.client("s3", config=signing).generate_presigned_url(
            "get_object", Params={"Bucket": "bucket", "Key": "k"}
        )
        assert followed(link)[0] == status


def test_a_job_gets_its_secrets_with_the_rights_of_its_execution_role(cloud: Cloud) -> None:
    """Amazon ECS, "Pass sensitive data to an Amazon ECS container": also on the keys."""
    shop, key = Shop(cloud), key_of(cloud)
    furnish(cloud, key)
    secret = cloud.owner.client("secretsmanager").create_secret(
        Name="run", SecretString='{"K": "v"}', KmsKeyId=key
    )["ARN"]
    reads = [("ssm:GetParameters", "*"), ("secretsmanager:GetSecretValue", "*"), *WRITES]
    roles = {
        "FAILED": cloud.role("poor", ECS, allow(*reads)),
        "SUCCEEDED": cloud.role("rich", ECS, allow(*reads, ("kms:Decrypt", key))),
    }
    for number, where in enumerate((PARAMETER, f"{secret}:K::")):
        for status, role in roles.items():
            wanted = {"secrets": [{"name": "K", "valueFrom": where}], "executionRoleArn": role}
            job = shop.wait(shop.submit(f"{status}-{number}", "say", "x", container=wanted))
            assert job["status"] == status
            reason = job["container"].get("reason", "")
            assert ("not authorized to perform: kms:Decrypt" in reason) is (status == "FAILED")
