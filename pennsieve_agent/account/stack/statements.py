"""Policy documents and their statements, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def document(*statements: Document) -> Document:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: Sequence[str], resource: Any) -> Document:
    """A statement that allows actions on resources: ARNs, or what CloudFormation makes of them.

    It has no id: all of a stack must fit into one request to CloudFormation.
    """
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": resource}
