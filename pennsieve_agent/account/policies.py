"""Who may do what in the user's account: policy documents as pure functions of names.

No document here allows an action by wildcard, and none has the resource ``*``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pennsieve_agent.account.names import STACK_PREFIX, NodeNames

Document = dict[str, Any]

SESSION_SECONDS = 3600
"""The longest session: the platform chains roles, which AWS ends after one hour anyway
(``contracts/resources.md`` 1.9)."""

_STATUS = ("cloudformation:DescribeStacks",)
_CALL = ("lambda:InvokeFunction",)
_READ_LOGS = ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents")
_READ_JOURNAL = ("dynamodb:GetItem", "dynamodb:Query")


def platform_trust(platform_account_id: str, external_id: str, partition: str = "aws") -> Document:
    """Who may assume the platform's role: Pennsieve's account, with this node's external id.

    The served trust policy demands no external id (``contracts/resources.md`` 1.9); ours does, so
    that a stranger who registers this account's number under their own name gets nowhere.
    """
    principal = {"AWS": f"arn:{partition}:iam::{platform_account_id}:root"}
    return _document(
        {
            "Sid": "PennsieveWithExternalId",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
        }
    )


def platform_access(names: NodeNames) -> Document:
    """What the platform may do with this node: call it, and read its status, journal and logs."""
    return _access(names, names.stack, names.log_group)


def platform_boundary(names: NodeNames) -> Document:
    """The most that any role of our stacks can ever do, whatever policies are put on it later.

    It names all nodes of this account, in any region, because the account has one role for them.
    """
    return _access(replace(names, region="*"), f"{STACK_PREFIX}*", "/pennsieve/node/*")


def bucket_tls_only(names: NodeNames) -> Document:
    """Refuse every request to the bucket that is not encrypted on its way."""
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    return _document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def _access(names: NodeNames, stack: str, log_group: str) -> Document:
    return _document(
        _allow("ReadStatus", _STATUS, names.arn("cloudformation", f"stack/{stack}/*")),
        _allow("CallGateway", _CALL, names.arn("lambda", f"function:{stack}-gateway")),
        _allow("ReadLogs", _READ_LOGS, names.arn("logs", f"log-group:{log_group}:*")),
        _allow("ReadJournal", _READ_JOURNAL, names.arn("dynamodb", f"table/{stack}-journal")),
    )


def _allow(sid: str, actions: Sequence[str], resource: str) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
