"""A compute node in the user's own AWS account, as this machine remembers it."""

from __future__ import annotations

from dataclasses import dataclass


def log_group(token: str) -> str:
    """The log group of a node's jobs."""
    return f"/pennsieve/node/{token}"


def functions_log_group(token: str) -> str:
    """The log group of a node's functions."""
    return f"{log_group(token)}/functions"


def builds_log_group(token: str) -> str:
    """The log group of the builds of a node's images."""
    return f"{log_group(token)}/builds"


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who a caller says he is, by Pennsieve's name for him; a node shows it as claimed."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class OwnNode:
    """Where a node is and how it is called.

    ``token`` is the node's id: eight hex digits that are in the names of everything it has.
    ``organization_id`` is the Pennsieve workspace it was made for. ``gateway`` and ``admin`` are
    ARNs of functions, unqualified; ``admin`` is empty for somebody the node was shared with.
    ``aws_profile`` names the credentials that call it; empty is boto3's own search.
    """

    token: str
    name: str
    organization_id: str
    account: str
    region: str
    gateway: str
    admin: str = ""
    aws_profile: str = ""
    mode: str = "basic"
    version: str = ""

    @property
    def is_owned(self) -> bool:
        """Whether this machine's user is its owner, and not somebody it was shared with."""
        return bool(self.admin)
