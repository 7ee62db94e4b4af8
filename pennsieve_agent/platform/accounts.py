"""AWS accounts (v2, ``contracts/resources.md`` 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.domain.compute import Account
from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NotFound, Unreachable
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.eventually import WAITS_SECONDS, look
from pennsieve_agent.platform.surface import Surface, segment

BASE = "/compute/resources"
LIST_HINT = "look with: pennsieve compute list"
_ACCOUNTS = f"{BASE}/accounts"
_UNPROCESSABLE = 422
_NO_SUCH_ROUTE = "unsupported path"


@dataclass(frozen=True, slots=True)
class _NewAccount:
    aws_account_id: str
    role_name: str
    external_id: str
    name: str


class Accounts:
    """The AWS accounts a person registered, and the workspaces they may be used in."""

    def __init__(
        self, v2: Surface, sleep: Callable[[float], None], note: Callable[[str], None]
    ) -> None:
        self._v2 = v2
        self._sleep = sleep
        self._note = note

    def accounts(self) -> list[Account]:
        """The accounts the user registered.

        Route: GET v2 /compute/resources/accounts
        """
        return sorted(
            (_account(item) for item in self._v2.get_records(_ACCOUNTS)),
            key=lambda account: (account.aws_account_id, account.uuid),
        )

    def register_account(
        self, aws_account_id: str, role_name: str, external_id: str, name: str = ""
    ) -> str:
        """Register an AWS account; its record's uuid.

        Route: POST v2 /compute/resources/accounts
        Route: GET v2 /compute/resources/accounts

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
            if not _exists_already(error):
                raise
            raise Conflict(
                f"the AWS account {new.aws_account_id} is registered already",
                where=error.where,
                hint=LIST_HINT,
                status=error.status,
            ) from None

    def _find_account(self, new: _NewAccount) -> str | None:
        for account in self.accounts():
            if (account.aws_account_id, account.role_name) == (new.aws_account_id, new.role_name):
                return account.uuid
        return None

    def delete_account(self, uuid: str, *, force: bool = False) -> None:
        """Delete an account's record; its role in AWS stays.

        Route: DELETE v2 /compute/resources/accounts/{id}

        Raises:
            Conflict: nodes remain in it. ``force`` deletes it all the same and strands them.

        """
        self._v2.delete(f"{_ACCOUNTS}/{segment(uuid)}", {"force": "true"} if force else None)

    def allow_image_pulls(self, aws_account_id: str) -> None:
        """Let an AWS account pull images from the platform's shared repository.

        Route: POST v2 /compute/resources/app-store/access

        Right after registering, the platform may not find the account yet and says 403
        (``contracts/resources.md`` 1.11); that is tried again for some seconds.
        """
        body = {"accountId": aws_account_id, "accountType": "aws"}
        for wait in (*WAITS_SECONDS, None):
            try:
                self._v2.call("POST", f"{BASE}/app-store/access", body=body, repeatable=True)
            except Forbidden as error:
                if wait is None or not _is_not_registered_yet(error):
                    raise
                self._sleep(wait)
            else:
                return

    def enable_workspace(self, account_uuid: str, organization_id: str) -> None:
        """Let nodes of an account belong to a workspace; fine when they may already.

        Route: POST v2 /compute/resources/accounts/{uuid}/workspaces

        Only the account's owner makes nodes there, which is the narrowest the platform offers
        (``contracts/resources.md`` 1.7).
        """
        path = f"{_ACCOUNTS}/{segment(account_uuid)}/workspaces"
        body = {"isPublic": False, "enableCompute": True, "enableStorage": False}
        try:
            self._v2.call("POST", path, query={"organization_id": organization_id}, body=body)
        except Invalid as error:
            if not _exists_already(error):
                raise

    def disable_workspace(self, account_uuid: str, organization_id: str) -> None:
        """Take that back; fine when there was nothing to take back.

        Route: DELETE v2 /compute/resources/accounts/{uuid}/workspaces/{workspaceId}

        Raises:
            Conflict: the account has nodes in the workspace.

        """
        path = f"{_ACCOUNTS}/{segment(account_uuid)}/workspaces/{segment(organization_id)}"
        try:
            self._v2.delete(path)
        except NotFound:
            return


def is_missing_route(error: Invalid) -> bool:
    """Whether a 422 is the router's word for a route it lacks (``resources.md`` 0.3 E)."""
    return error.status == _UNPROCESSABLE and _NO_SUCH_ROUTE in error.message


def _exists_already(error: Invalid) -> bool:
    """Whether a 422 is this service's "exists already", for which others say 409 (trap 12)."""
    return error.status == _UNPROCESSABLE and not is_missing_route(error)


def _is_not_registered_yet(error: Forbidden) -> bool:
    """Whether a 403 is the race after registering; the platform gives nothing but this text."""
    return "account is not registered" in error.message


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
