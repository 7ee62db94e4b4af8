"""The policies on things themselves: what guards a node's bucket, files and key."""

from __future__ import annotations

from pennsieve_agent.account.names import NodeNames
from pennsieve_agent.account.stack.policies import Where
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


def files_policy(names: NodeNames, role_path: str) -> Document:
    """The file system is mounted by the node's jobs alone, encrypted, and through access points."""
    where = Where(names, "", role_path)
    return document(
        {
            "Sid": "JobsThroughAccessPoints",
            "Effect": "Allow",
            "Principal": {"AWS": [where.role(names.job_role), where.role(names.mover_role)]},
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Condition": {
                "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"},
                "Null": {"elasticfilesystem:AccessPointArn": "false"},
            },
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "elasticfilesystem:Client*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
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
