"""Who may assume a node's roles."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.stack.statements import Document, document

NO_SOURCE = {
    "ec2.amazonaws.com": "it sends no source, and profiles cannot be used from another account",
}
"""Services whose requests say no source, and why that is safe: roles are never passed to another
account (IAM User Guide, "Grant a user permissions to pass a role to an AWS service")."""


def service_trust(service: str, names: NodeNames, source: str = "") -> Document:
    """One AWS service may use a role, for this account alone, and for ``source`` where it says it.

    The conditions keep the service from being used by somebody else (IAM User Guide, "The confused
    deputy problem").
    """
    enters = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service in NO_SOURCE:
        return document(enters)
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": names.account_id}}
    if source:
        conditions["ArnLike"] = {"aws:SourceArn": source}
    return document({**enters, "Condition": conditions})
