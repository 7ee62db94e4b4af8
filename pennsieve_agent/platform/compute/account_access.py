"""What an AWS account may be used for: image pulls and workspaces (``resources.md`` 1.7, 1.11)."""

from __future__ import annotations

import random
from collections.abc import Callable

from pennsieve_agent.domain.platform_offers import Enablement, RolePolicy
from pennsieve_agent.errors import Forbidden, Invalid, NotFound
from pennsieve_agent.platform.http.decode import parse, records
from pennsieve_agent.platform.http.eventually import BACKOFF
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso

BASE = "/compute/resources"
ACCOUNTS = f"{BASE}/accounts"
_UNPROCESSABLE = 422
_NO_SUCH_ROUTE = "unsupported path"


class AccountAccess:
    """The workspaces an account may be used in, and the role it is entered by."""

    def __init__(
        self, v2: Surface, sleep: Callable[[float], None], note: Callable[[str], None]
    ) -> None:
        self._v2 = v2
        self._sleep = sleep
        self._note = note

    def role_policy(self) -> RolePolicy:
        """The role that the platform wants in an account, as it is served now.

        Route: GET v2 /compute/resources/role-policy

        Any user may ask. Nothing is stored by asking, and the name is another one at each call
        (``contracts/resources.md`` 1.8); what is served changes over time (trap 41).
        """
        answer = self._v2.get_record(f"{BASE}/role-policy")
        return RolePolicy(
            role_name=answer.need_text("roleName"),
            permissions=answer.need_record("policyDocument").plain(),
            trust=answer.need_record("trustPolicyDocument").plain(),
        )

    def enablements(self, organization_id: str | None = None) -> list[Enablement]:
        """What the user's accounts allow in which workspaces.

        Route: GET v2 /compute/resources/accounts

        Any user may ask; an administrator of ``organization_id`` also sees public accounts of
        others. An answer of ``null`` is the empty list (``contracts/resources.md`` 1.3, trap 9).
        """
        query = {"includeWorkspaces": "true", "organization_id": organization_id}
        answer = self._v2.call("GET", ACCOUNTS, query=query)
        return [
            Enablement(
                account_uuid=row.text("accountUuid") or account.need_text("uuid"),
                organization_id=row.text("organizationId"),
                is_public=row.flag("isPublic"),
                compute=row.flag("enableCompute"),
                storage=row.flag("enableStorage"),
                enabled_at=iso(row.raw("enabledAt")),
            )
            for account in records(parse(answer), answer.where)
            for row in account.records("enabledWorkspaces")
        ]

    def allow_image_pulls(self, aws_account_id: str) -> None:
        """Let an AWS account pull images from the platform's shared repository.

        Route: POST v2 /compute/resources/app-store/access

        Right after registering, the platform may not find the account yet and says 403
        (``contracts/resources.md`` 1.11); that is tried again for some seconds.
        """
        body = {"accountId": aws_account_id, "accountType": "aws"}
        for wait in BACKOFF.waits(random.random):
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
        path = f"{ACCOUNTS}/{segment(account_uuid)}/workspaces"
        body = {"isPublic": False, "enableCompute": True, "enableStorage": False}
        try:
            self._v2.call("POST", path, query={"organization_id": organization_id}, body=body)
        except Invalid as error:
            if not exists_already(error):
                raise

    def disable_workspace(self, account_uuid: str, organization_id: str) -> None:
        """Take that back; fine when there was nothing to take back.

        Route: DELETE v2 /compute/resources/accounts/{uuid}/workspaces/{workspaceId}

        Raises:
            Conflict: the account has nodes in the workspace.

        """
        path = f"{ACCOUNTS}/{segment(account_uuid)}/workspaces/{segment(organization_id)}"
        try:
            self._v2.delete(path)
        except NotFound:
            return


def is_missing_route(error: Invalid) -> bool:
    """Whether a 422 is the router's word for a route it lacks (``resources.md`` 0.3 E)."""
    return error.status == _UNPROCESSABLE and _NO_SUCH_ROUTE in error.message


def exists_already(error: Invalid) -> bool:
    """Whether a 422 is this service's "exists already", for which others say 409 (trap 12)."""
    return error.status == _UNPROCESSABLE and not is_missing_route(error)


def _is_not_registered_yet(error: Forbidden) -> bool:
    """Whether a 403 is the race after registering; the platform gives nothing but this text."""
    return "account is not registered" in error.message
