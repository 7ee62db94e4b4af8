"""What of moto the sandbox uses where something is kept: people, secrets, items, objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.aws.moto_names import (
    ACCOUNT,
    POLICY,
    REGION,
    ROLE,
    TRUST,
    client,
    has,
    of,
    takes,
)


@of("moto.iam.models:iam_backends", "moto.iam.models:AccessKey")
def people_and_roles(iam_backends: Any, key_type: Any) -> None:
    iam = client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=POLICY)
    policy = iam.create_policy(PolicyName="m", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=policy)
    backend = iam_backends[ACCOUNT]["aws"]
    (role,) = (each for each in backend.roles.values() if each.name == "r")
    assert (role.arn, role.assume_role_policy_document) == (ROLE, TRUST)
    assert role.policies == {"p": POLICY}
    assert role.permissions_boundary_arn == policy
    (managed,) = role.managed_policies.values()
    (version,) = managed.versions
    assert (version.version_id, version.document) == (managed.default_version_id, POLICY)
    assert policy in backend.managed_policies
    takes(backend.delete_policy, "policy_arn")
    takes(backend.create_service_linked_role, "service_name", "description", "suffix")
    takes(backend.create_user, "region_name", "user_name")
    takes(key_type.__init__, "self", "user_name", "prefix", "account_id")
    key = iam.create_user(UserName="u") and iam.create_access_key(UserName="u")["AccessKey"]
    kept = backend.access_keys[key["AccessKeyId"]]
    assert (kept.status, kept.user_name) == ("Active", "u")
    assert kept.secret_access_key == key["SecretAccessKey"]
    assert backend.users["u"].access_keys == [kept]


@of("moto.sts.models:sts_backends", "moto.core.utils:utcnow")
def sessions(sts_backends: Any, utcnow: Any) -> None:
    backend = sts_backends[ACCOUNT]["aws"]
    session = backend.assume_role(
        region_name=REGION,
        role_session_name="s",
        role_arn=ROLE,
        policy="",
        duration=900,
        external_id="",
    )
    assert backend.assumed_roles == [session]
    assert session.expiration > utcnow()
    has(session, "access_key_id", "secret_access_key", "session_token", "role_arn", "account_id")
    has(session, "arn")
    assert len(backend.get_caller_identity(session.access_key_id, REGION)) == 3


@of(
    "moto.secretsmanager.models:secretsmanager_backends",
    "moto.secretsmanager.exceptions:SecretNotFoundException",
)
def secrets(secretsmanager_backends: Any, missing: Any) -> None:
    arn = client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    backend = secretsmanager_backends[ACCOUNT][REGION]
    has(backend.secrets["s"], "kms_key_id", "arn")
    assert backend.get_secret_value(arn, "", "")["SecretString"] == "x"
    with pytest.raises(missing):
        backend.get_secret_value(f"{arn}y", "", "")


@of("moto.ssm.models:ssm_backends", "moto.kms.models:kms_backends")
def parameters(ssm_backends: Any, kms_backends: Any) -> None:
    tags = [{"TagKey": "a", "TagValue": "b"}]
    key = client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    client("ssm").put_parameter(Name="/p", Value="x", Type="SecureString", KeyId=key)
    found = ssm_backends[ACCOUNT][REGION].get_parameter("/p")
    assert (found.parameter_type, found.keyid) == ("SecureString", key)
    assert found.decrypt(found.value) == "x"
    assert ssm_backends[ACCOUNT][REGION].get_parameter("/q") is None
    backend = kms_backends[ACCOUNT][REGION]
    assert backend.get_key_id(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}") == key
    assert key in backend.keys
    assert backend.list_resource_tags(key)["Tags"] == tags
    made = backend.keys[key]
    assert (made.enabled, json.loads(made.policy)["Version"]) == (True, "2012-10-17")
    client("kms").create_alias(AliasName="alias/a", TargetKeyId=key)
    assert set(made.aliases) == {"alias/a"}
    assert backend.get_key_id_from_alias(backend.get_alias_name("alias/a")) == key
    assert list(ssm_backends[ACCOUNT][REGION]._parameters) == ["p"]


@of("moto.dynamodb.models:dynamodb_backends", "moto.dynamodb.models.dynamo_type:DynamoType")
def items(dynamodb_backends: Any, value_type: Any) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"k": {"S": "1"}, "n": {"N": "2"}}
    dynamodb.put_item(TableName="t", Item=item)
    table = dynamodb_backends[ACCOUNT][REGION].tables["t"]
    assert (table.hash_key_attr, table.range_key_attr) == ("k", None)
    has(table, "sse_specification")
    found = table.get_item(value_type({"S": "1"}), None)
    assert found.to_json()["Attributes"] == item


@of(
    "moto.dynamodb.models.dynamo_type:LimitedSizeDict",
    "moto.dynamodb.exceptions:ItemSizeTooLarge",
)
def sizes(attributes_type: Any, error: Any) -> None:
    assert issubclass(attributes_type, dict)
    takes(attributes_type.__setitem__, "self", "key", "value")
    assert "maximum allowed size" in error().message


@of("moto.core.utils:get_service_model")
def descriptions(get_service_model: Any) -> None:
    model = get_service_model("s3files")
    assert get_service_model("s3files") is model  # kept, as it is asked for with each request
    shape = model.operation_model("CreateAccessPoint").input_shape
    assert shape.members["clientToken"].metadata["max"] == 64


@of("moto.s3:models")
def uploads(models: Any) -> None:
    takes(
        models.FakeMultipart.__init__, "self", "key_name", "metadata", "account_id", "region_name"
    )
    assert models.UPLOAD_ID_BYTES == 43
    client("s3").create_bucket(Bucket="bucket")
    made = client("s3").create_multipart_upload(Bucket="bucket", Key="k")
    uploads = models.s3_backends[ACCOUNT]["aws"].buckets["bucket"].multiparts
    assert uploads[made["UploadId"]].id == made["UploadId"]


@of("moto.s3.models:s3_backends")
def objects(s3_backends: Any) -> None:
    backend = s3_backends[ACCOUNT]["aws"]
    takes(backend.create_bucket, "bucket_name", "region_name")
    client("s3").create_bucket(Bucket="bucket")
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"x", ChecksumAlgorithm="SHA256")
    assert "bucket" in backend.buckets
    found = backend.get_object("bucket", "k")
    assert (found.size, found.checksum_algorithm) == (1, "SHA256")
    has(found, "checksum_value", "checksum_parts")
    with found.lock:
        found._value_buffer.seek(0)
        assert found._value_buffer.read() == b"x"
    assert s3_backends.bucket_accounts["bucket"] == ("aws", ACCOUNT)
    assert (found.encryption, found.kms_key_id, found.name) == (None, None, "k")
    has(found, "bucket_key_enabled")
    bucket = backend.buckets["bucket"]
    assert (bucket.region_name, bucket.account_id) == (REGION, ACCOUNT)
    assert (bucket.encryption, dict(bucket.multiparts)) == (None, {})
    backend.delete_object("bucket", "k")
    assert backend.get_object("bucket", "k") is None
    status = {"Status": "Enabled"}
    client("s3").put_bucket_versioning(Bucket="bucket", VersioningConfiguration=status)
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"1", Metadata={"file-owner": "7"})
    assert bucket.is_versioned
    assert [str(name) for name in bucket.keys] == ["k"]
    key = bucket.keys["k"]
    assert (key.value, key.metadata["x-amz-meta-file-owner"]) == (b"1", "7")
    has(key, "version_id", "last_modified", "set_metadata")
    takes(backend.put_object, "bucket_name", "key_name", "value")
    takes(backend.delete_object, "bucket_name", "key_name")
    backend.delete_object("bucket", "k")
    assert not hasattr(bucket.keys["k"], "metadata")  # a delete marker
