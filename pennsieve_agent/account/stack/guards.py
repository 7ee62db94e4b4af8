"""The policies on things themselves: what guards a node's bucket, files and key."""

from __future__ import annotations

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.stack.statements import Document, document


def bucket_tls_only(names: NodeNames) -> Document:
    """Refuse every request to the bucket that is not encrypted on its way."""
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    return document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def files_policy() -> Document:
    """Refuse everybody who mounts the files past the access points.

    Connections are always encrypted, and it allows nothing: who has no role that may is refused
    ("How S3 Files works with IAM",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html).
    """
    return document(
        {
            "Sid": "AccessPointsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": [f"s3files:Client{right}" for right in ("Mount", "RootAccess", "Write")],
            "Condition": {"Null": {"s3files:AccessPointArn": "true"}},
        },
    )


def key_policy(names: NodeNames) -> Document:
    """The key is its owner's; logs may use it for the node's groups alone."""
    owner = names.arn("iam", "root", regional=False)
    group = names.arn("logs", f"log-group:{names.log_group}*")
    return document(
        {
            "Sid": "OwnedByTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": owner},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "LogsOfTheNode",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{names.region}.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
        },
    )
