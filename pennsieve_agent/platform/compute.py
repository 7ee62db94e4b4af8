"""AWS accounts and compute nodes (v2, ``contracts/resources.md`` 1 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pennsieve_agent.domain.compute import Account, Capabilities, ComputeNode, NodeStatus
from pennsieve_agent.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    Unreachable,
)
from pennsieve_agent.platform.decode import Fields, loads
from pennsieve_agent.platform.eventually import WAITS_SECONDS, look
from pennsieve_agent.platform.surface import Surface, segment
from pennsieve_agent.platform.times import iso

_BASE = "/compute/resources"
_ACCOUNTS = f"{_BASE}/accounts"
_NODES = f"{_BASE}/compute-nodes"
_ALREADY_EXISTS = 422
_NO_SUCH_ROUTE = "unsupported path"
_LIST_COMMAND = "look with: pennsieve compute list"


@dataclass(frozen=True, slots=True)
class _NewAccount:
    aws_account_id: str
    role_name: str
    external_id: str
    name: str


class Compute:
    """Accounts a person registered and the nodes in them."""

    def __init__(
        self, v2: Surface, sleep: Callable[[float], None], note: Callable[[str], None]
    ) -> None:
        self._v2 = v2
        self._sleep = sleep
        self._note = note

    def capabilities(self) -> Capabilities:
        """What the platform accepts beyond the published contract.

        Ours: ``GET /compute/resources/capabilities``. A platform that knows no such question, as
        hosted Pennsieve does not, answers 404 in any shape, or 422 from the service's router
        (``contracts/resources.md`` 0.3 E); it accepts nothing more.
        """
        try:
            answer = self._v2.get_record(f"{_BASE}/capabilities")
        except NotFound:
            return Capabilities()
        except Invalid as error:
            if error.status == _ALREADY_EXISTS and _NO_SUCH_ROUTE in error.message:
                return Capabilities()
            raise
        return Capabilities(answer.flag("selfManagedNodes"), answer.text("platformAccountId"))

    def accounts(self) -> list[Account]:
        """The accounts the user registered."""
        return sorted(
            (_account(item) for item in self._v2.get_records(_ACCOUNTS)),
            key=lambda account: (account.aws_account_id, account.uuid),
        )

    def register_account(
        self, aws_account_id: str, role_name: str, external_id: str, name: str = ""
    ) -> str:
        """Register an AWS account; its record's uuid.

        The platform checks neither the account nor the role (``contracts/resources.md`` 1.2). When
        the answer is lost, the account is looked for before it is sent a second time.

        Raises:
            Conflict: the user registered this AWS account before.

        """
        new = _NewAccount(aws_account_id, role_name, external_id, name)
        try:
            return self._post_account(new)
        except Unreachable:
            self._note("the answer was lost; looking whether the account is registered")
        if found := self._find_account(new):
            return found
        try:
            return self._post_account(new)
        except Conflict:
            # The first try did arrive, and the list did not show it yet.
            if found := look(lambda: self._find_account(new), self._sleep):
                return found
            raise

    def _post_account(self, new: _NewAccount) -> str:
        body = {
            "accountId": new.aws_account_id,
            "accountType": "aws",
            "roleName": new.role_name,
            "externalId": new.external_id,
            "name": new.name,
        }
        try:
            return self._v2.post_record(_ACCOUNTS, body).need_text("uuid")
        except Invalid as error:
            if error.status != _ALREADY_EXISTS or _NO_SUCH_ROUTE in error.message:
                raise
            raise Conflict(
                f"the AWS account {new.aws_account_id} is registered already",
                where=error.where,
                hint=_LIST_COMMAND,
                status=error.status,
            ) from None

    def _find_account(self, new: _NewAccount) -> str | None:
        for account in self.accounts():
            if (account.aws_account_id, account.role_name) == (new.aws_account_id, new.role_name):
                return account.uuid
        return None

    def delete_account(self, uuid: str, *, force: bool = False) -> None:
        """Delete an account's record; its role in AWS stays.

        Raises:
            Conflict: nodes remain in it. ``force`` deletes it all the same and strands them.

        """
        self._v2.delete(f"{_ACCOUNTS}/{segment(uuid)}", {"force": "true"} if force else None)

    def allow_image_pulls(self, aws_account_id: str) -> None:
        """Let an AWS account pull images from the platform's shared repository.

        Right after registering, the platform may not find the account yet and says 403
        (``contracts/resources.md`` 1.11); that is tried again for some seconds.
        """
        body = {"accountId": aws_account_id, "accountType": "aws"}
        for wait in (*WAITS_SECONDS, None):
            try:
                self._v2.call("POST", f"{_BASE}/app-store/access", body=body, repeatable=True)
            except Forbidden as error:
                if wait is None or not _is_not_registered_yet(error):
                    raise
                self._sleep(wait)
            else:
                return

    def enable_workspace(self, account_uuid: str, organization_id: str) -> None:
        """Let nodes of an account belong to a workspace; fine when they may already.

        Only the account's owner makes nodes there, which is the narrowest the platform offers
        (``contracts/resources.md`` 1.7).
        """
        path = f"{_ACCOUNTS}/{segment(account_uuid)}/workspaces"
        body = {"isPublic": False, "enableCompute": True, "enableStorage": False}
        try:
            self._v2.call("POST", path, query={"organization_id": organization_id}, body=body)
        except Invalid as error:
            if error.status != _ALREADY_EXISTS or _NO_SUCH_ROUTE in error.message:
                raise

    def disable_workspace(self, account_uuid: str, organization_id: str) -> None:
        """Take that back; fine when there was nothing to take back.

        Raises:
            Conflict: the account has nodes in the workspace.

        """
        path = f"{_ACCOUNTS}/{segment(account_uuid)}/workspaces/{segment(organization_id)}"
        try:
            self._v2.delete(path)
        except NotFound:
            return

    def nodes(self, organization_id: str) -> list[ComputeNode]:
        """The nodes of a workspace that the user can reach, by name."""
        found = self._v2.get_records(_NODES, {"organization_id": organization_id})
        return sorted((_node(item) for item in found), key=lambda node: (node.name, node.uuid))

    def node(self, uuid: str) -> ComputeNode:
        """One node. Its health is only in the list, its access scope only here."""
        return _node(self._v2.get_record(f"{_NODES}/{segment(uuid)}"))

    def create_node(
        self,
        account_uuid: str,
        name: str,
        organization_id: str,
        *,
        deployment_mode: str = "basic",
        self_managed: Mapping[str, str] | None = None,
    ) -> ComputeNode:
        """Create a node, which begins as Pending.

        The platform answers 202 without saying which (``contracts/resources.md`` 3.2), and neither
        names nor calls are unique; so the node is the one in this account, of this name, that was
        not there before. ``self_managed`` is ours, for platforms whose capabilities say so.

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
        if self_managed is not None:
            body["selfManaged"] = dict(self_managed)

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
            answer = self._v2.call("POST", _NODES, body=body)
            if uuid := _uuid_in(answer.body):
                return self.node(uuid)
        except Unreachable as error:
            self._note("the answer was lost; looking whether the node exists")
            lost = error
        if found := look(find, self._sleep):
            return found
        raise lost or PlatformError(
            f"Pennsieve accepted the node '{name}' but does not show it yet", hint=_LIST_COMMAND
        )

    def delete_node(self, uuid: str) -> None:
        """Begin to delete a node; it is gone when :meth:`node` raises NotFound.

        Raises:
            Conflict: runs are active on it.

        """
        self._v2.delete(f"{_NODES}/{segment(uuid)}")


def _is_not_registered_yet(error: Forbidden) -> bool:
    """Whether a 403 is the race after registering; the platform gives nothing but this text."""
    return "account is not registered" in error.message


def _uuid_in(body: bytes) -> str:
    """The uuid in an answer to a creation that may hold one, or none, or no JSON at all."""
    try:
        value = loads(body)
    except ValueError:
        return ""
    return Fields(value, "").text("uuid") if isinstance(value, dict) else ""


def _account(item: Fields) -> Account:
    return Account(
        uuid=item.need_text("uuid"),
        aws_account_id=item.text("accountId"),
        role_name=item.text("roleName"),
        external_id=item.text("externalId"),
        owner_id=item.text("userId"),
        account_type=item.text("accountType"),
        name=item.text("name"),
        status=item.text("status"),
    )


def _node(item: Fields) -> ComputeNode:
    account = item.record("account")
    return ComputeNode(
        uuid=item.need_text("uuid"),
        name=item.text("name"),
        status=NodeStatus.of(item.text("status")),
        account_uuid=account.text("uuid"),
        aws_account_id=account.text("accountId"),
        owner_id=item.text("ownerId"),
        description=item.text("description"),
        organization_id=item.text("organizationId"),
        deployment_mode=item.text("deploymentMode"),
        created_at=iso(item.raw("createdAt")),
        access_scope=item.text("accessScope"),
        health=item.text("healthStatus"),
        provisioner_tag=item.text("provisionerImageTag"),
    )
