"""AWS accounts (v2, ``contracts/resources.md`` 1)."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.compute import Account
from pennsieve_agent.errors import Conflict, Invalid, Unreachable
from pennsieve_agent.platform.compute.account_access import ACCOUNTS, AccountAccess, exists_already
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.eventually import look
from pennsieve_agent.platform.http.surface import segment

LIST_HINT = "check with: pennsieve compute list"


@dataclass(frozen=True, slots=True)
class _NewAccount:
    aws_account_id: str
    role_name: str
    external_id: str
    name: str


class Accounts(AccountAccess):
    """The AWS accounts a person registered, and the workspaces they may be used in."""

    def accounts(self) -> list[Account]:
        """The accounts the user registered.

        Route: GET v2 /compute/resources/accounts
        """
        return sorted(
            (_account(item) for item in self._v2.get_records(ACCOUNTS)),
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
            self._note("the answer was lost; checking whether the account is registered")
        if account := self._find_account(new):
            return account
        try:
            return self._post_account(new)
        except Conflict:
            # The first try did arrive, and the list did not show it yet.
            if account := look(lambda: self._find_account(new), self._sleep):
                return account
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
            return self._v2.post_record(ACCOUNTS, body).need_text("uuid")
        except Invalid as error:
            if not exists_already(error):
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
        self._v2.delete(f"{ACCOUNTS}/{segment(uuid)}", {"force": "true"} if force else None)


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
        description=item.text("description"),
    )
