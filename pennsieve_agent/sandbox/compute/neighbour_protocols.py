"""What the compute part needs from its neighbours, so that each can be replaced in a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.engine.backend import Backend
from pennsieve_agent.sandbox.compute.apps.images import Images
from pennsieve_agent.sandbox.compute.nodes.node_gateway import GatewayAnswer
from pennsieve_agent.sandbox.host.store import Row


class DatasetFiles(Protocol):
    """The datasets' files on disk."""

    def exists(self, dataset_id: str) -> bool:
        """Whether there is such a dataset."""
        ...

    def folder(self, dataset_id: str) -> Path:
        """The dataset's folder."""
        ...

    def resolve(self, dataset_id: str, package_ids: Sequence[str]) -> list[tuple[str, Path]]:
        """The files of packages and collections: path within the dataset, and where it is.

        Raises:
            LookupError: a package is not in the dataset.

        """
        ...

    def sync(self, dataset_id: str) -> None:
        """Take up files that were put into the dataset's folder."""
        ...


class Members(Protocol):
    """Who belongs where. All ids are node ids (``N:user:...``)."""

    def org_role(self, user_id: str, org_id: str) -> int:
        """The user's permission bits in a workspace; 0 when not a member."""
        ...

    def org_exists(self, org_id: str) -> bool:
        """Whether there is such a workspace."""
        ...

    def user_exists(self, user_id: str) -> bool:
        """Whether there is such a user."""
        ...

    def team_exists(self, team_id: str) -> bool:
        """Whether there is such a team."""
        ...

    def teams(self, user_id: str, org_id: str) -> list[str]:
        """The user's teams in a workspace."""
        ...


class NodeCalls(Protocol):
    """Asking compute nodes."""

    def ask(
        self,
        node: Row,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        """Ask a node and wait for its answer.

        Raises:
            Unreachable: it does not answer.

        """
        ...


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Everything the compute part uses that others own."""

    members: Members
    dataset_role: Callable[[int, str], Role]
    """The role of a user (by number) on a dataset."""
    checkout: Callable[[str, str, Path], str]
    """Puts a repository (address, tag) into a folder; answers the commit."""
    manifest: Callable[[Path], Manifest]
    """Reads a checkout's manifest."""
    compile: Callable[[str, RunRequest, Mapping[str, str]], RunPlan]
    backend: Backend
    nodes: NodeCalls
    images: Images | None = None
    """Where what was built becomes an image; None leaves it as the backend made it."""
