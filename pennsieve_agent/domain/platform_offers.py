"""What the platform offers: roles to be made, machines to be rented, targets to be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.parameters import Parameter


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """The role the platform asks for (``contracts/resources.md`` 1.8); a new name at every call.

    The documents are IAM policies as they were served: equivalent to an administrator's rights
    (1.10), so they are to be shown and narrowed before anybody uses them.
    """

    role_name: str
    permissions: Mapping[str, Any] = field(default_factory=dict)
    trust: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enablement:
    """What an account allows in a workspace (``contracts/resources.md`` 1.7)."""

    account_uuid: str
    organization_id: str
    is_public: bool = False
    compute: bool = False
    storage: bool = False
    enabled_at: str = ""


@dataclass(frozen=True, slots=True)
class GpuTier:
    """A GPU machine (``contracts/resources.md`` 3.12): memory in GB, price in USD an hour."""

    name: str
    instance_type: str = ""
    gpu: str = ""
    gpu_memory: int | None = None
    cpus: int | None = None
    memory: int | None = None
    hourly_price: float | None = None


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What of a node's settings is to change (``contracts/resources.md`` 3.5); None stays."""

    max_gpu_instances: int | None = None
    gpu_tier: str | None = None
    enable_llm: bool | None = None
    max_interactive_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class TargetType:
    """Something a data target can do (``contracts/workflows.md`` 2.5); the name has spaces."""

    name: str
    label: str = ""
    parameters: tuple[Parameter, ...] = ()
    compute_types: tuple[str, ...] = ("standard", "lambda")


@dataclass(frozen=True, slots=True)
class Build:
    """One build of an application's version (``contracts/workflows.md`` 1.3)."""

    id: str
    status: str
    tag: str = ""
    started_at: str = ""
    stopped_at: str = ""
    reason: str = ""
    failed: bool = False
