"""Who may use a node, an application or a dataset besides its owner."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.server_word import ServerWord


class Scope(ServerWord):
    """How far a compute node is open (``contracts/resources.md`` 3.7)."""

    PRIVATE = "private"
    SHARED = "shared"
    WORKSPACE = "workspace"
    UNKNOWN = ""


class Visibility(ServerWord):
    """Whether everybody sees an application (``contracts/workflows.md`` 1.5)."""

    PUBLIC = "public"
    PRIVATE = "private"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class NodeSharing:
    """Who may use a node. ``users`` and ``teams`` are node ids, without the owner."""

    node_uuid: str
    scope: Scope
    owner_id: str
    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppAccess:
    """One grant of an application. ``kind`` is ``user``, ``team`` or ``workspace``."""

    kind: str
    id: str
    is_owner: bool = False
    organization_id: str = ""
    granted_by: str = ""
    granted_at: str = ""


@dataclass(frozen=True, slots=True)
class AppSharing:
    """Who may see an application, the owner's own entry included."""

    visibility: Visibility
    owner_id: str
    access: tuple[AppAccess, ...] = ()

    def ids(self, kind: str) -> tuple[str, ...]:
        """Those of one kind it was granted to, without the owner."""
        return tuple(a.id for a in self.access if a.kind == kind and not a.is_owner)


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A person or a team on a dataset (``contracts/core.md`` 3.3). Teams have no e-mail."""

    id: str
    name: str
    role: Role
    email: str = ""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Everybody on a dataset. ``workspace_role`` is what all members have."""

    users: tuple[Collaborator, ...] = ()
    teams: tuple[Collaborator, ...] = ()
    workspace_role: Role = Role.NONE
