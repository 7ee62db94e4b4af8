"""What using the node's things takes of the node's key, in the modes that have one.

A service uses the key in the name of who asks, so each right on something that the key encrypts
goes with a right on the key, by way of that service (AWS KMS Developer Guide,
https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html). Files, images and
logs are not here: S3 Files, Amazon ECR and CloudWatch Logs use the key by grants, or as
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

_TABLE = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
_USES = {
    # Amazon S3 User Guide, "Protecting data with SSE-KMS":
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    "s3:GetObject": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey",),
    # AWS Systems Manager User Guide, "AWS KMS encryption for Parameter Store SecureString
    # parameters": a parameter of the standard tier is encrypted by the key itself.
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
    "ssm:GetParameter": ("Decrypt",),
    "ssm:GetParameters": ("Decrypt",),
    "ssm:GetParametersByPath": ("Decrypt",),
    "ssm:PutParameter": ("Encrypt",),
    # AWS Secrets Manager User Guide, "Secret encryption and decryption":
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    "secretsmanager:CreateSecret": ("Decrypt", "GenerateDataKey"),
    "secretsmanager:GetSecretValue": ("Decrypt",),
    "secretsmanager:PutSecretValue": ("Decrypt", "GenerateDataKey"),
    # Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes": in the
    # name of who uses a table it opens and makes the table's keys; who makes one needs more.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    "dynamodb:DeleteItem": _TABLE,
    "dynamodb:GetItem": _TABLE,
    "dynamodb:PutItem": _TABLE,
    "dynamodb:Query": _TABLE,
    "dynamodb:UpdateItem": _TABLE,
    # Amazon SQS Developer Guide, "Configuring AWS KMS permissions":
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    "sqs:SendMessage": ("Decrypt", "GenerateDataKey"),
    # Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs":
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    "sns:Publish": ("Decrypt", "GenerateDataKey"),
}


def key_uses(actions: Iterable[str]) -> dict[str, set[str]]:
    """The actions on the key that go with others, by the service through which they come."""
    uses: dict[str, set[str]] = {}
    for action in actions:
        if action in _USES:
            service = action.partition(":")[0]
            uses.setdefault(service, set()).update(f"kms:{name}" for name in _USES[action])
    return uses
