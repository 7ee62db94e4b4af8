"""AWS accounts and compute nodes (v2, ``contracts/resources.md`` 1 and 3)."""

from __future__ import annotations

import math

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.platform_offers import GpuTier
from pennsieve_agent.errors import PlatformError, Unreachable
from pennsieve_agent.platform.compute.account_access import BASE
from pennsieve_agent.platform.compute.accounts import LIST_HINT, Accounts
from pennsieve_agent.platform.compute.node_changes import NODES, NodeChanges
from pennsieve_agent.platform.compute.node_codec import decode_node, decode_tier
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.eventually import look
from pennsieve_agent.platform.http.surface import segment
from pennsieve_agent.platform.http.values import loads


class Compute(Accounts, NodeChanges):
    """The accounts a person registered and the nodes in them."""

    def nodes(self, organization_id: str) -> list[ComputeNode]:
        """The nodes of a workspace that the user can reach, by name.

        Route: GET v2 /compute/resources/compute-nodes
        """
        records = self._v2.get_records(NODES, {"organization_id": organization_id})
        return sorted(
            (decode_node(item) for item in records), key=lambda node: (node.name, node.uuid)
        )

    def gpu_tiers(self, organization_id: str) -> list[GpuTier]:
        """The GPU machines a node may have, cheapest first.

        Any member of the workspace may ask; those whose price is not told come last.

        Route: GET v2 /compute/resources/gpu-tiers
        """
        records = self._v2.get_records(f"{BASE}/gpu-tiers", {"organization_id": organization_id})
        tiers = [decode_tier(item) for item in records]
        return sorted(tiers, key=lambda t: math.inf if t.hourly_price is None else t.hourly_price)

    def create_node(
        self, account_uuid: str, name: str, organization_id: str, *, deployment_mode: str = "basic"
    ) -> ComputeNode:
        """Create a node, which begins as Pending.

        Route: POST v2 /compute/resources/compute-nodes
        Route: GET v2 /compute/resources/compute-nodes
        Route: GET v2 /compute/resources/compute-nodes/{id}

        The platform answers 202 without saying which (``contracts/resources.md`` 3.2), and neither
        names nor calls are unique; so the node is the one in this account, of this name, that was
        not there before.

        Raises:
            PlatformError: it was accepted but does not show up.

        """
        before = {node.uuid for node in self.nodes(organization_id)}
        body: dict[str, object] = {
            # Here "accountId" means the record, not the 12 digits (trap 1).
            "accountId": account_uuid,
            "name": name,
            "description": "",
            "organizationId": organization_id,
            "deploymentMode": deployment_mode,
        }

        def find() -> ComputeNode | None:
            new = [
                node
                for node in self.nodes(organization_id)
                if node.uuid not in before
                and (node.name, node.account_uuid) == (name, account_uuid)
            ]
            return max(new, key=lambda node: node.created_at, default=None)

        lost = None
        try:
            answer = self._v2.call("POST", NODES, body=body)
            if uuid := _uuid_in(answer.body):
                return self.node(uuid)
        except Unreachable as error:
            self._note("the answer was lost; checking whether the node exists")
            lost = error
        if created := look(find, self._sleep):
            return created
        raise lost or PlatformError(
            f"Pennsieve accepted the node '{name}' but does not show it yet", hint=LIST_HINT
        )

    def delete_node(self, uuid: str) -> None:
        """Begin to delete a node; it is gone when :meth:`node` raises NotFound.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}

        Raises:
            Conflict: runs are active on it.

        """
        self._v2.delete(f"{NODES}/{segment(uuid)}")


def _uuid_in(body: bytes) -> str:
    """The uuid in an answer to a creation that may hold one, or none, or no JSON at all."""
    try:
        value = loads(body)
    except ValueError:
        return ""
    return Fields(value, "").text("uuid") if isinstance(value, dict) else ""
