"""Buckets, roles, tables and log groups in an emulated account."""

from __future__ import annotations

import pytest

from pennsieve_agent.aws.iam import find_role, policy_exists
from pennsieve_agent.aws.presence import log_group_exists, table_exists
from pennsieve_agent.aws.s3 import bucket_exists, empty_bucket, object_versions
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError
from tests.aws.emulator import ScriptedAws


def test_a_versioned_bucket_is_emptied_to_the_last_marker(aws: Aws) -> None:
    aws.call("s3", "create_bucket", Bucket="bucket-1")
    aws.call(
        "s3",
        "put_bucket_versioning",
        Bucket="bucket-1",
        VersioningConfiguration={"Status": "Enabled"},
    )
    for body in (b"1", b"2"):
        aws.call("s3", "put_object", Bucket="bucket-1", Key="k", Body=body)
    aws.call("s3", "delete_object", Bucket="bucket-1", Key="k")
    aws.call("s3", "create_multipart_upload", Bucket="bucket-1", Key="unfinished")

    assert empty_bucket(aws, "bucket-1") == 3

    assert list(object_versions(aws, "bucket-1")) == []
    assert "Uploads" not in aws.call("s3", "list_multipart_uploads", Bucket="bucket-1")
    aws.call("s3", "delete_bucket", Bucket="bucket-1")


def test_a_bucket_that_is_not_there_is_empty(aws: Aws) -> None:
    assert not bucket_exists(aws, "bucket-1")
    assert empty_bucket(aws, "bucket-1") == 0
    assert list(object_versions(aws, "bucket-1")) == []


def test_an_object_that_cannot_be_deleted_is_named() -> None:
    error = {"Key": "k", "Code": "AccessDenied", "Message": "Access Denied."}
    aws = ScriptedAws(
        ("head_bucket", {}),
        ("list_object_versions", {"Versions": [{"Key": "k", "VersionId": "v"}]}),
        ("delete_objects", {"Errors": [error]}),
    )

    with pytest.raises(AwsError, match=r"did not delete 'k': Access Denied$"):
        empty_bucket(aws, "bucket-1")


def test_presence_is_by_exact_name(aws: Aws) -> None:
    aws.call("logs", "create_log_group", logGroupName="/a/bc")
    aws.call(
        "dynamodb",
        "create_table",
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )

    assert log_group_exists(aws, "/a/bc")
    assert not log_group_exists(aws, "/a/b")
    assert table_exists(aws, "t")
    assert not table_exists(aws, "u")


def test_roles_and_policies(aws: Aws) -> None:
    assert find_role(aws, "r") is None
    assert not policy_exists(aws, "arn:aws:iam::123456789012:policy/p")
    aws.call("iam", "create_role", RoleName="r", AssumeRolePolicyDocument="{}")
    found = find_role(aws, "r")
    assert found is not None
    assert (found.name, found.path, found.boundary) == ("r", "/", "")
