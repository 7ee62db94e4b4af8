"""AWS accounts of compute resources (``contracts/resources.md`` 0.3, 1.1 to 1.11)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Nothing, Section, Surface, Text
from pennsieve_agent.contract.families import error, message, plain
from pennsieve_agent.contract.shapes import ABSENT, UUID, Filled, Matching, Only, node_id

_V2 = Surface.V2
_CREATE = Section("resources.md 1.2", _V2)
_LIST = Section("resources.md 1.3", _V2)
_SHOW = Section("resources.md 1.4", _V2)
_CHANGE = Section("resources.md 1.5", _V2)
_DELETE = Section("resources.md 1.6", _V2)
_ENABLE = Section("resources.md 1.7", _V2)
_POLICY = Section("resources.md 1.8", _V2)
_PULL = Section("resources.md 1.11", _V2)
PATH = "/compute/resources/accounts"
_ONE = f"{PATH}/{{account}}"
_NOWHERE = f"{PATH}/{{nowhere}}"
_IN_WORKSPACE = {"organization_id": "{workspace}"}
_ACCOUNT = {
    "uuid": UUID,
    "accountId": str,
    "accountType": str,
    "roleName": str,
    "externalId": str,
    "userId": node_id("user"),
    "organizationId": ABSENT,
    "createdAt": ABSENT,
}
_ENABLEMENT = Only(
    {
        "accountUuid": UUID,
        "organizationId": node_id("organization"),
        "isPublic": bool,
        "enableCompute": bool,
        "enableStorage": bool,
        "enabledBy": node_id("user"),
        "enabledAt": int,
    }
)
_STATEMENT = Filled([{"Effect": str}])
_NEW = {
    "accountId": "{aws_account}",
    "accountType": "AWS",
    "roleName": "contract",
    "externalId": "",
    "uuid": "{nowhere}",
    "status": "Paused",
}

CHECKS: list[Check] = [
    _LIST.get("one's accounts; none is a list", PATH, 200, Json([_ACCOUNT])),
    _LIST.get(
        "with workspaces, none is null",
        PATH,
        200,
        Json(None),
        query={"includeWorkspaces": "true"},
        asker=Asker.STRANGER,
    ),
    _LIST.get(
        "without workspaces, none is an empty list", PATH, 200, Json([]), asker=Asker.STRANGER
    ),
    _CREATE.change(
        f"POST {PATH}",
        "201 with the uuid alone; uuid and status of the body are ignored",
        201,
        Json(Only({"uuid": UUID})),
        body=_NEW,
        keep={"account": "uuid"},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "registered twice is 422, in plain text",
        422,
        plain("PostAccountsHandler", "error records exists"),
        body=_NEW,
    ),
    _CREATE.change(
        f"POST {PATH}",
        "a body that is not JSON",
        400,
        plain("PostAccountsHandler", "error unmarshaling body"),
        body=b"{",
    ),
    _SHOW.get(
        "an account: empty name and description are left out",
        _ONE,
        200,
        Json(
            {
                **_ACCOUNT,
                "uuid": "{account}",
                "status": "Enabled",
                "name": ABSENT,
                "description": ABSENT,
            }
        ),
        reads=False,
    ),
    _SHOW.get(
        "another's account",
        _ONE,
        403,
        plain("GetAccountHandler", "account does not belong to user"),
        asker=Asker.VIEWER,
        reads=False,
    ),
    _SHOW.get(
        "an unknown account",
        _NOWHERE,
        404,
        plain("GetAccountHandler", "error no records found"),
    ),
    _CHANGE.change(
        f"PATCH {_ONE}", "a name", 200, Json({**_ACCOUNT, "name": "n"}), body={"name": "n"}
    ),
    _CHANGE.change(f"PATCH {_ONE}", "nothing to change", 400, body={}),
    _CHANGE.change(
        f"PATCH {_ONE}", "a status in other upper or lower case", 400, body={"status": "PAUSED"}
    ),
    _CHANGE.change(f"PATCH {_NOWHERE}", "an unknown account to change", 404, body={"name": "n"}),
    _CHANGE.change(
        f"PATCH {_ONE}", "another's account", 403, body={"name": "n"}, asker=Asker.VIEWER
    ),
    _ENABLE.change(
        f"POST {_ONE}/workspaces",
        "the workspace is missing in the query",
        401,
        body={},
    ),
    _ENABLE.change(
        f"POST {_ONE}/workspaces",
        "enabled; flags not sent are false, the time is whole seconds",
        201,
        Json(_ENABLEMENT),
        query=_IN_WORKSPACE,
        body={"enableCompute": True},
    ),
    _ENABLE.change(
        f"POST {_ONE}/workspaces",
        "enabled twice is 422",
        422,
        Text(r"\w+: account already enabled for workspace"),
        query=_IN_WORKSPACE,
        body={},
    ),
    _ENABLE.change(
        f"POST {_NOWHERE}/workspaces",
        "an unknown account to enable",
        404,
        query=_IN_WORKSPACE,
        body={},
    ),
    _ENABLE.change(
        f"POST {_ONE}/workspaces",
        "another's account to enable",
        403,
        query=_IN_WORKSPACE,
        body={},
        asker=Asker.VIEWER,
    ),
    _LIST.get(
        "with the workspaces it is enabled for",
        PATH,
        200,
        Json(Filled([{**_ACCOUNT, "enabledWorkspaces?": Filled([_ENABLEMENT])}])),
        query={"includeWorkspaces": "true"},
        reads=False,
    ),
    _LIST.get("those of a workspace", PATH, 200, Json([_ACCOUNT]), query=_IN_WORKSPACE),
    _POLICY.get(
        "a role's name, new each time, and two documents",
        "/compute/resources/role-policy",
        200,
        Json(
            {
                "roleName": Matching("Pennsieve-Compute-[a-z]+-[0-9a-f]{8}"),
                "policyDocument": {"Version": str, "Statement": _STATEMENT},
                "trustPolicyDocument": {"Version": str, "Statement": _STATEMENT},
            }
        ),
        headers={"Content-Type": "application/json.*"},
    ),
    _PULL.change(
        "POST /compute/resources/app-store/access",
        "images for a registered account: an empty answer",
        200,
        Nothing(),
        body={"accountId": "{aws_account}", "accountType": "AWS"},
    ),
    _PULL.change(
        "POST /compute/resources/app-store/access",
        "another's account",
        403,
        body={"accountId": "{aws_account}", "accountType": "AWS"},
        asker=Asker.VIEWER,
    ),
    _PULL.change(
        "POST /compute/resources/app-store/access",
        "an account nobody registered",
        403,
        message("account is not registered"),
        body={"accountId": "000000000000", "accountType": "AWS"},
    ),
]

IN_USE: list[Check] = [
    _DELETE.change(
        f"DELETE {_ONE}",
        "an account with nodes is 409, with their number",
        409,
        error("account has 1 active compute nodes and 0 active storage nodes"),
    ),
    _ENABLE.change(
        f"DELETE {_ONE}/workspaces/{{workspace}}",
        "a workspace with nodes is 409, in plain text",
        409,
    ),
]
LAST: list[Check] = [
    _DELETE.change(f"DELETE {_ONE}", "another's account to delete", 403, asker=Asker.VIEWER),
    _DELETE.change(
        f"DELETE {_ONE}",
        "deleted: the answer has no name and no status",
        200,
        Json({**_ACCOUNT, "name": ABSENT, "status": ABSENT}),
        query={"force": "true"},
    ),
    _DELETE.change(
        f"DELETE {_ONE}",
        "deleted twice",
        404,
        plain("DeleteAccountHandler", "error no records found"),
    ),
]
