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
    """Refuse everybody who mounts the files unencrypted, or past the access points.

    It allows nothing, so that who has no role that may is refused, too: without any policy AWS lets
    everybody in the network mount (Amazon EFS, "Default EFS file system policy").
    """
    never = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": [
            f"elasticfilesystem:Client{right}" for right in ("Mount", "RootAccess", "Write")
        ],
    }
    return document(
        {"Sid": "TlsOnly", **never, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {
            "Sid": "AccessPointsOnly",
            **never,
            "Condition": {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
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
