"""Compute: the AWS accounts a person registered, and the nodes in them."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.server_word import ServerWord


class NodeStatus(ServerWord):
    """State of a compute node (``contracts/resources.md`` 3.3)."""

    PENDING = "Pending"
    ENABLED = "Enabled"
    PAUSED = "Paused"
    DESTROYING = "Destroying"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account registered on the platform (``contracts/resources.md`` 1.1).

    ``uuid`` is the platform's record, ``aws_account_id`` the 12 digits of AWS: the platform calls
    both ``accountId`` in different places.
    """

    uuid: str
    aws_account_id: str
    role_name: str
    external_id: str
    owner_id: str
    account_type: str = "aws"
    name: str = ""
    status: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ComputeNode:
    """A place where runs execute (``contracts/resources.md`` 3.1). ``created_at`` is UTC text."""

    uuid: str
    name: str
    status: NodeStatus
    account_uuid: str
    aws_account_id: str
    owner_id: str
    description: str = ""
    organization_id: str = ""
    deployment_mode: str = ""
    created_at: str = ""
    access_scope: str = ""
    health: str = ""
    provisioner_tag: str = ""
    provisioner_image: str = ""
    latest_version: str = ""
    update_available: bool = False
    gpu_tier: str = ""
    max_gpu_instances: int = 0
    max_interactive_sessions: int = 0
    enable_llm: bool = False
    last_health_check: str = ""
