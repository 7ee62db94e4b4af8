"""Which customer's key encrypts what in the emulated account, and what that key's policy says.

AWS's own keys (``alias/aws/...``) belong to no customer: they let in whoever may use the thing
itself (AWS KMS Developer Guide, "AWS managed keys",
https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.iam_policies import Document
from pennsieve_agent.sandbox.aws.rights.principals import PARTITION
from pennsieve_agent.sandbox.aws.wire import AwsRequest

_OWN = "alias/aws/"
_KMS = {"aws:kms", "aws:kms:dsse"}


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A customer's key by its ARN, its tags, and the encryption context of what it encrypts."""

    key: str
    tags: Mapping[str, str]
    context: Mapping[str, str] = field(default_factory=dict)


def key_in_use(
    account: str, region: str, name: str | None, context: Mapping[str, str]
) -> Encrypted | None:
    """The customer's key of this id, alias or ARN; None for none, and for AWS's own.

    A key is in one region: by an ARN of another it is known by nobody's policy.
    """
    if not name or name.startswith(_OWN):
        return None
    if name.startswith("arn:"):
        _, _, _, region, account, _ = name.split(":", 5)
    backend = _kms(account, region)
    number = backend.get_key_id(name)
    if "alias/" in name:
        number = backend.get_key_id_from_alias(backend.get_alias_name(name)) or number
    arn = f"arn:aws:kms:{region}:{account}:key/{number}"
    if number not in backend.keys:
        return Encrypted(arn, {}, context)
    if any(str(alias).startswith(_OWN) for alias in backend.keys[number].aliases):
        return None
    rows = backend.list_resource_tags(number)["Tags"]
    return Encrypted(arn, {row["TagKey"]: row["TagValue"] for row in rows}, context)


def policy_of_key(arn: str) -> Document | None:
    """The policy of a key that can be used; None where there is none, or it is turned off."""
    _, _, _, region, account, resource = arn.split(":", 5)
    key = _kms(account, region).keys.get(resource.removeprefix("key/"))
    if key is None or not key.enabled:
        return None
    policy: Document = json.loads(key.policy)
    return policy


def of_bucket(request: AwsRequest) -> Encrypted | None:
    """The key with which an object is written: the request's, else the bucket's."""
    name, bucket = request.text("Bucket"), _bucket(request.text("Bucket"))
    if bucket is None:
        return None
    rule = (bucket.encryption or {}).get("Rule") or {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    how = request.text("ServerSideEncryption") or default.get("SSEAlgorithm")
    if how not in _KMS:
        return None
    key = request.text("SSEKMSKeyId") or default.get("KMSMasterKeyID")
    by_bucket = str(rule.get("BucketKeyEnabled")).lower() == "true"
    return _of_object(bucket, name if by_bucket else f"{name}/{request.text('Key')}", key)


def of_upload(request: AwsRequest) -> Encrypted | None:
    """The key of an upload in parts."""
    bucket = _bucket(request.text("Bucket"))
    upload = bucket.multiparts.get(request.text("UploadId")) if bucket is not None else None
    if upload is None:
        return None
    if upload.sse_encryption in _KMS:
        return _of_object(bucket, request.text("Bucket"), upload.kms_key_id)
    return of_bucket(request)


def of_object(request: AwsRequest) -> Encrypted | None:
    """The key of an object that is there."""
    bucket = _bucket(request.text("Bucket"))
    if bucket is None:
        return None
    stored = _s3(bucket.account_id).get_object(request.text("Bucket"), request.text("Key"))
    if stored is None or stored.encryption not in _KMS:
        return None
    name = request.text("Bucket")
    by_bucket = str(stored.bucket_key_enabled).lower() == "true"
    return _of_object(bucket, name if by_bucket else f"{name}/{stored.name}", stored.kms_key_id)


def region_of_bucket(name: str) -> str:
    """The region in which a bucket is; empty where there is none of the name."""
    bucket = _bucket(name)
    return "" if bucket is None else str(bucket.region_name)


def of_table(account: str, region: str, name: str) -> Encrypted | None:
    """The key of a table, by its name or ARN."""
    from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - slow

    name = name.rpartition("table/")[2].partition("/")[0]
    table = dynamodb_backends[account][region].tables.get(name)
    how = (table.sse_specification or {}) if table is not None else {}
    context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": account}
    return key_in_use(account, region, how.get("KMSMasterKeyId"), context)


def of_parameter(account: str, region: str, name: str) -> Encrypted | None:
    """The key of a parameter in Systems Manager that is there."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    return key_in_use(
        account, region, getattr(parameter, "keyid", None), _of_name(account, region, name)
    )


def parameters_below(account: str, region: str, path: str) -> list[str]:
    """The names of the parameters below a path, at any depth."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    names = (f"/{name.lstrip('/')}" for name in ssm_backends[account][region]._parameters)  # noqa: SLF001 - moto's own
    return [name for name in names if name.startswith(path.rstrip("/") + "/")]


def of_new_parameter(account: str, region: str, name: str, key: str) -> Encrypted | None:
    """The key with which a parameter is written."""
    return key_in_use(account, region, key, _of_name(account, region, name))


def of_queue(account: str, region: str, url: str) -> Encrypted | None:
    """The key of a queue's messages."""
    from moto.sqs.models import sqs_backends  # noqa: PLC0415 - slow

    name = url.rpartition("/")[2]
    queue = sqs_backends[account][region].queues.get(name)
    key = getattr(queue, "kms_master_key_id", None)
    arn = f"arn:aws:sqs:{region}:{account}:{name}"
    return key_in_use(account, region, key, {"aws:sqs:arn": arn})


def of_topic(account: str, region: str, arn: str) -> Encrypted | None:
    """The key of a topic's messages."""
    from moto.sns.models import sns_backends  # noqa: PLC0415 - slow

    topic = sns_backends[account][region].topics.get(arn)
    key = getattr(topic, "kms_master_key_id", None)
    return key_in_use(account, region, key, {"aws:sns:topicArn": arn})


def of_secret(account: str, region: str, name: str) -> Encrypted | None:
    """The key of a secret in Secrets Manager."""
    from moto.secretsmanager.models import secretsmanager_backends  # noqa: PLC0415 - slow

    secret = secretsmanager_backends[account][region].secrets.get(name)
    key, arn = getattr(secret, "kms_key_id", None), str(getattr(secret, "arn", name))
    return key_in_use(account, region, key, {"SecretARN": arn})


def _of_name(account: str, region: str, name: str) -> dict[str, str]:
    return {"PARAMETER_ARN": f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}"}


def _of_object(bucket: Any, place: str, key: str | None) -> Encrypted | None:
    context = {"aws:s3:arn": f"arn:aws:s3:::{place}"}
    return key_in_use(bucket.account_id, bucket.region_name, key, context)


def _bucket(name: str) -> Any:
    """A bucket of any account; None where there is none of the name."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

    partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[account][partition].buckets.get(name) if account else None


def _s3(account: str) -> Any:
    from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

    return s3_backends[account][PARTITION]


def _kms(account: str, region: str) -> Any:
    from moto.kms.models import kms_backends  # noqa: PLC0415 - slow

    return kms_backends[account][region]
