"""The rights on KMS keys that a request needs, beside those on what it is done to.

A service uses a customer's key in the name of who asks, so he needs the right on the key, too, by
the key's policy and by his own (AWS KMS Developer Guide, "How AWS services use AWS KMS",
https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html). What each service
asks of the key:

* Amazon S3 User Guide, "Protecting data with SSE-KMS"
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html), and the API's
  pages of CreateMultipartUpload, UploadPart, CompleteMultipartUpload and HeadObject;
* AWS Systems Manager User Guide, "AWS KMS encryption for Parameter Store SecureString parameters"
  (https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html);
* Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes"
  (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html);
* Amazon SQS Developer Guide, "Key management"
  (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html);
* Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs"
  (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html);
* AWS Secrets Manager User Guide, "Secret encryption and decryption"
  (https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).

S3 Files, Amazon ECR and CloudWatch Logs work with grants, or as themselves: who mounts, pulls or
writes a line needs no right on the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pennsieve_agent.domain.iam_policies import Ask, many
from pennsieve_agent.sandbox.aws.rights import encrypted_things as things
from pennsieve_agent.sandbox.aws.rights.encrypted_things import Encrypted
from pennsieve_agent.sandbox.aws.wire import AwsRequest

TABLE_USE = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
"""What DynamoDB may do with a key in the name of who uses a table; which call takes which it does
not say. (Who makes a table needs more, for its grants.)"""
_WRITE, _READ = ("GenerateDataKey",), ("Decrypt",)
_BOTH = (*_READ, *_WRITE)
_S3: Mapping[str, tuple[Callable[[AwsRequest], Encrypted | None], tuple[str, ...]]] = {
    "PutObject": (things.of_bucket, _WRITE),
    "CreateMultipartUpload": (things.of_bucket, _WRITE),
    "UploadPart": (things.of_upload, _READ),
    "CompleteMultipartUpload": (things.of_upload, _READ),
    "GetObject": (things.of_object, _READ),
}
_ON_ITEMS = ("Item", "Query", "Scan", "TransactWriteItems", "TransactGetItems")
_OF_SECRETS = {"GetSecretValue": _READ, "PutSecretValue": _BOTH, "UpdateSecret": _BOTH}


def key_asks(request: AwsRequest, account: str) -> list[Ask]:
    """The rights on keys that a request of an account's needs; empty where no key is a customer's.

    They carry what AWS tells policies of such a use: through which service, for whom, on what.
    """
    rule = _RULES.get(request.service)
    if rule is None:
        return []
    via = f"{request.service}.{request.region}.amazonaws.com"
    return [
        _ask(action, used, via, account)
        for used, actions in rule(request, account)
        if used is not None
        for action in actions
    ]


def _ask(action: str, used: Encrypted, via: str, account: str) -> Ask:
    context = {
        "kms:ViaService": via,
        "kms:CallerAccount": account,
        **{f"aws:ResourceTag/{key}": value for key, value in used.tags.items()},
        **{f"kms:EncryptionContext:{key}": value for key, value in used.context.items()},
    }
    keys = {"kms:EncryptionContextKeys": list(used.context)}
    return Ask(f"kms:{action}", used.key, {**context, **keys})


_Uses = Iterator[tuple[Encrypted | None, tuple[str, ...]]]


def _s3(request: AwsRequest, _: str) -> _Uses:
    if request.operation == "HeadObject" and request.text("ChecksumMode"):
        yield things.of_object(request), _READ
    elif request.operation in _S3:
        of, actions = _S3[request.operation]
        yield of(request), actions


def _dynamodb(request: AwsRequest, account: str) -> _Uses:
    if not request.operation.endswith(_ON_ITEMS):
        return
    parameters = request.parameters
    tables = {request.text("TableName"), *(parameters.get("RequestItems") or {})}
    for item in many(parameters.get("TransactItems")):
        tables |= {str(part["TableName"]) for part in item.values()}
    for name in sorted(tables - {""}):
        yield things.of_table(account, request.region, name), TABLE_USE


def _ssm(request: AwsRequest, account: str) -> _Uses:
    parameters, region = request.parameters, request.region
    if request.operation == "PutParameter":
        secret = request.text("Type") == "SecureString"
        key = request.text("KeyId") if secret else ""
        action = "GenerateDataKey" if request.text("Tier") == "Advanced" else "Encrypt"
        yield things.of_new_parameter(account, region, request.text("Name"), key), (action,)
    elif parameters.get("WithDecryption"):
        names = many(parameters.get("Names") or request.text("Name") or ())
        if path := request.text("Path"):
            names = things.parameters_below(account, region, path)
        yield from ((things.of_parameter(account, region, name), _READ) for name in names)


def _sqs(request: AwsRequest, account: str) -> _Uses:
    used = things.of_queue(account, request.region, request.text("QueueUrl"))
    if request.operation.startswith("SendMessage"):
        yield used, _BOTH
    elif request.operation == "ReceiveMessage":
        yield used, _READ


def _sns(request: AwsRequest, account: str) -> _Uses:
    if request.operation.startswith("Publish"):
        yield things.of_topic(account, request.region, request.text("TopicArn")), _BOTH


def _secrets(request: AwsRequest, account: str) -> _Uses:
    region = request.region
    if request.operation == "CreateSecret":
        key = request.text("KmsKeyId")
        yield things.key_in_use(account, region, key, {"SecretARN": "new"}), _BOTH
    elif request.operation in _OF_SECRETS:
        used = things.of_secret(account, region, request.text("SecretId"))
        yield used, _OF_SECRETS[request.operation]


_RULES: Mapping[str, Callable[[AwsRequest, str], _Uses]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "ssm": _ssm,
    "sqs": _sqs,
    "sns": _sns,
    "secretsmanager": _secrets,
}
