"""Attaching a compute node to a workspace (v2, ``contracts/resources.md`` 3.8).

Both calls are broken on the platform and are here for completeness: make a node inside the
workspace it is for.
"""

from __future__ import annotations

from pennsieve_agent.platform.node_changes import NODES
from pennsieve_agent.platform.surface import Surface, segment


class NodeWorkspaces:
    """In which workspace a node is, as far as the platform can change that."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def attach(self, node_uuid: str, organization_id: str) -> None:
        """Attach a node to a workspace; for its owner.

        Route: POST v2 /compute/resources/compute-nodes/{id}/organization

        Broken: nodes that were made through the platform's interface are refused, and one that is
        not is neither listed in the workspace afterwards nor can it be shared there.

        Raises:
            Invalid: the node is attached already, or was made through the interface.
            Forbidden: there is no such node, or it is somebody else's.

        """
        self._v2.call("POST", _path(node_uuid), query={"organization_id": organization_id})

    def detach(self, node_uuid: str) -> None:
        """Detach a node from its workspace, which takes it from everybody it was shared with.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}/organization

        For the owner of the account. The node goes on naming the workspace, and the workspace's
        administrators keep their rights.

        Raises:
            Invalid: it is in no workspace.
            Forbidden: the user does not own the node's account.

        """
        self._v2.delete(_path(node_uuid))


def _path(node_uuid: str) -> str:
    return f"{NODES}/{segment(node_uuid)}/organization"
