"""A platform's account and node records, in memory, with the real one's habits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.platform_offers import RolePolicy
from pennsieve_agent.errors import Conflict, NotFound, PlatformError
from pennsieve_agent.sandbox.compute.nodes.role_policy import permission_policy, trust_policy
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID as ACCOUNT

PLATFORM_ACCOUNT = "999988887777"
WORKSPACE = "N:organization:1"


class FakeRegistry:
    """Keeps state. ``after`` is called with a method's name once the method has taken effect.

    A node is Pending for ``polls`` looks, then ``ends_as``; a deleted one is Destroying for as
    many. For ``hidden`` looks, lists do not show what is in them. ``refuse`` maps a method's name
    to the error that it raises instead of doing anything.
    """

    def __init__(self, polls: int = 2) -> None:
        self.records: dict[str, Account] = {}
        self.enabled: set[tuple[str, str]] = set()
        self.pulls: set[str] = set()
        self.rows: dict[str, ComputeNode] = {}
        self.left: dict[str, int] = {}
        self.polls = polls
        self.ends_as = NodeStatus.ENABLED
        self.refuse: dict[str, PlatformError] = {}
        self.after: Callable[[str], None] = lambda _: None
        self.made = 0
        self.hidden = 0
        self.offers = 0
        self.served = permission_policy()
        self.trust = json.loads(json.dumps(trust_policy()).replace(ACCOUNT, PLATFORM_ACCOUNT))

    def _enter(self, method: str) -> None:
        if method in self.refuse:
            raise self.refuse[method]

    def role_policy(self) -> RolePolicy:
        self._enter("role_policy")
        self.offers += 1
        return RolePolicy(f"Pennsieve-Compute-dev-{self.offers:08x}", self.served, self.trust)

    def accounts(self) -> Sequence[Account]:
        self._enter("accounts")
        return [] if self._hides() else list(self.records.values())

    def register_account(
        self, aws_account_id: str, role_name: str, external_id: str, name: str = ""
    ) -> str:
        self._enter("register_account")
        if any(a.aws_account_id == aws_account_id for a in self.records.values()):
            raise Conflict("registered already", status=422)
        uuid = self._uuid("account")
        self.records[uuid] = Account(
            uuid, aws_account_id, role_name, external_id, "N:user:1", name=name
        )
        self.after("register_account")
        return uuid

    def delete_account(self, uuid: str, *, force: bool = False) -> None:
        self._enter("delete_account")
        if uuid not in self.records:
            raise NotFound("error no records found", status=404)
        count = sum(row.account_uuid == uuid for row in self.rows.values())
        if count and not force:
            raise Conflict(f"account has {count} active compute nodes", status=409)
        del self.records[uuid]
        self.enabled = {pair for pair in self.enabled if pair[0] != uuid}
        self.after("delete_account")

    def allow_image_pulls(self, aws_account_id: str) -> None:
        self._enter("allow_image_pulls")
        self.pulls.add(aws_account_id)
        self.after("allow_image_pulls")

    def enable_workspace(self, account_uuid: str, organization_id: str) -> None:
        self._enter("enable_workspace")
        self.enabled.add((account_uuid, organization_id))
        self.after("enable_workspace")

    def disable_workspace(self, account_uuid: str, organization_id: str) -> None:
        self._enter("disable_workspace")
        if any(
            (row.account_uuid, row.organization_id) == (account_uuid, organization_id)
            for row in self.rows.values()
        ):
            raise Conflict("active compute or storage nodes exist", status=409)
        self.enabled.discard((account_uuid, organization_id))
        self.after("disable_workspace")

    def nodes(self, organization_id: str) -> Sequence[ComputeNode]:
        self._enter("nodes")
        if self._hides():
            return []
        return [row for row in self.rows.values() if row.organization_id == organization_id]

    def node(self, uuid: str) -> ComputeNode:
        self._enter("node")
        if uuid not in self.rows:
            raise NotFound("error no records found", status=404)
        if self.left[uuid] > 0:
            self.left[uuid] -= 1
        elif self.rows[uuid].status is NodeStatus.PENDING:
            self.rows[uuid] = replace(self.rows[uuid], status=self.ends_as)
        elif self.rows[uuid].status is NodeStatus.DESTROYING:
            del self.rows[uuid]
            raise NotFound("error no records found", status=404)
        return self.rows[uuid]

    def create_node(
        self, account_uuid: str, name: str, organization_id: str, *, deployment_mode: str = "basic"
    ) -> ComputeNode:
        self._enter("create_node")
        if (account_uuid, organization_id) not in self.enabled:
            raise PlatformError("account is not enabled for this workspace", status=403)
        uuid = self._uuid("node")
        account = self.records[account_uuid]
        self.left[uuid] = self.polls
        self.rows[uuid] = ComputeNode(
            uuid,
            name,
            NodeStatus.PENDING,
            account_uuid,
            account.aws_account_id,
            account.owner_id,
            organization_id=organization_id,
            deployment_mode=deployment_mode,
        )
        self.after("create_node")
        return self.rows[uuid]

    def delete_node(self, uuid: str) -> None:
        self._enter("delete_node")
        if uuid not in self.rows:
            raise NotFound("error no records found", status=404)
        self.rows[uuid] = replace(self.rows[uuid], status=NodeStatus.DESTROYING)
        self.left[uuid] = self.polls
        self.after("delete_node")

    def _hides(self) -> bool:
        self.hidden -= 1
        return self.hidden >= 0

    def _uuid(self, kind: str) -> str:
        self.made += 1
        return f"{kind}-{self.made}"
