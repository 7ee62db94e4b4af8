"""Changing a compute node (v2, ``contracts/resources.md`` 3.5).

Three verbs change three parts of a node, and a body that lacks something resets it; each method
here changes what it says and nothing else.
"""

from __future__ import annotations

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.platform_offers import NodeConfig
from pennsieve_agent.errors import Conflict, PlatformError, UsageProblem
from pennsieve_agent.platform.compute.account_access import BASE
from pennsieve_agent.platform.compute.node_codec import decode_node, encode_config
from pennsieve_agent.platform.http.surface import Surface, segment

NODES = f"{BASE}/compute-nodes"


class NodeChanges:
    """What can be changed of a node after it was made."""

    _v2: Surface

    def node(self, uuid: str) -> ComputeNode:
        """One node. Its health is only in the list, its access scope only here.

        Route: GET v2 /compute/resources/compute-nodes/{id}

        Raises:
            NotFound: there is none, or it has been deleted.
            Forbidden: the user may not use it; owning its account is not enough (trap 27).

        """
        return decode_node(self._v2.get_record(f"{NODES}/{segment(uuid)}"))

    def rename_node(self, uuid: str, name: str, description: str | None = None) -> ComputeNode:
        """Name, and describe, a node; for its owner and the administrators of a public account.

        Route: PATCH v2 /compute/resources/compute-nodes/{id}
        Route: GET v2 /compute/resources/compute-nodes/{id}

        Raises:
            Conflict: it is still being made, when a change could undo that for good (trap 20).

        """
        return self._change_node(uuid, {"name": name, "description": description})

    def pause_node(self, uuid: str) -> ComputeNode:
        """Let nothing start on a node; for its owner and administrators of a public account.

        Route: PATCH v2 /compute/resources/compute-nodes/{id}
        Route: GET v2 /compute/resources/compute-nodes/{id}

        What it costs goes on: a pause is a mark (``contracts/resources.md`` 4.6).

        Raises:
            Conflict: it is still being made.

        """
        return self._change_node(uuid, {"status": NodeStatus.PAUSED.value})

    def resume_node(self, uuid: str) -> ComputeNode:
        """Let runs start again; for its owner and the administrators of a public account.

        Route: PATCH v2 /compute/resources/compute-nodes/{id}
        Route: GET v2 /compute/resources/compute-nodes/{id}

        Raises:
            Conflict: it is still being made, or it failed or is being deleted, when the platform
                would call it enabled although nothing runs (trap 26).
            Invalid: its account is paused.

        """
        return self._change_node(uuid, {"status": NodeStatus.ENABLED.value})

    def _change_node(self, uuid: str, changes: dict[str, str | None]) -> ComputeNode:
        before = self.node(uuid)
        _refuse_while_unfinished(before, resumes=changes.get("status") == NodeStatus.ENABLED.value)
        body = {name: value for name, value in changes.items() if value is not None}
        self._v2.call("PATCH", f"{NODES}/{segment(uuid)}", body=body, repeatable=True)
        # PATCH answers a node without most of its settings (trap 11), so it is read again.
        return self.node(uuid)

    def upgrade_node(self, uuid: str, tag: str, image: str = "") -> None:
        """Begin to move a node to a version of its provisioner.

        Route: GET v2 /compute/resources/compute-nodes/{id}
        Route: PUT v2 /compute/resources/compute-nodes/{id}

        For the node's owner, the account's owner and administrators of a public account. Image and
        tag always go together: a PUT without them moves the node to ``latest`` of another image
        (trap 39). The status does not show the work (trap 25), and a paused node is resumed by it.

        Raises:
            Conflict: the node is still being made or is being deleted.
            PlatformError: the platform does not say which image the node has, and none was given.

        """
        if not tag:
            raise UsageProblem("an upgrade needs a version", hint="name one, such as v1.2.0")
        if not image:
            node = self.node(uuid)
            _refuse_while_unfinished(node)
            image = node.provisioner_image
        if not image:
            raise PlatformError(
                "Pennsieve does not say which provisioner the node has",
                hint="name the image of the provisioner too",
            )
        body = {"provisionerImage": image, "provisionerImageTag": tag}
        # Sent once: each one starts another round of work on the same machines.
        self._v2.call("PUT", f"{NODES}/{segment(uuid)}", body=body, repeatable=False)

    def update_config(self, uuid: str, config: NodeConfig) -> None:
        """Begin to apply other settings to a node, whose provisioner stays.

        Route: POST v2 /compute/resources/compute-nodes/{id}/update-config

        For the node's owner, the account's owner and administrators of a public account.

        Raises:
            Invalid: it is being made or deleted, or a setting is not one.

        """
        body = encode_config(config)
        if not body:
            raise UsageProblem("no setting of the node was given", hint="give at least one")
        self._v2.call("POST", f"{NODES}/{segment(uuid)}/update-config", body=body)


def _refuse_while_unfinished(node: ComputeNode, *, resumes: bool = False) -> None:
    never = {NodeStatus.PENDING: "still being made", NodeStatus.DESTROYING: "being deleted"}
    if resumes:
        never |= {NodeStatus.FAILED: "not usable: making or changing it failed"}
    if why := never.get(node.status):
        raise Conflict(
            f"the node '{node.name}' is {why}", hint="check with: pennsieve compute list"
        )
