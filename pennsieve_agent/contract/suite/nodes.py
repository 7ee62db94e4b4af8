"""Compute nodes (``contracts/resources.md`` 3); the account of these checks is the suite's own.

Its role has a name that the platform may not assume (1.9), so no AWS account is ever entered: the
node ends as Failed, and there is nothing to remove.
"""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import error, message
from pennsieve_agent.contract.shapes import (
    ABSENT,
    GO_TIME,
    UUID,
    Either,
    Filled,
    Matching,
    Only,
    node_id,
)
from pennsieve_agent.contract.suite import accounts

_V2 = Surface.V2
_JSON = Section("resources.md 3.1", _V2)
_CREATE = Section("resources.md 3.2", _V2)
_READ = Section("resources.md 3.4", _V2)
_CHANGE = Section("resources.md 3.5", _V2)
_DELETE = Section("resources.md 3.6", _V2)
_SHARE = Section("resources.md 3.7", _V2)
_ATTACH = Section("resources.md 3.8", _V2)
_ALLOWED = Section("resources.md 3.10", _V2)
_GPUS = Section("resources.md 3.12", _V2)
PATH = "/compute/resources/compute-nodes"
_ONE = f"{PATH}/{{node}}"
_NOWHERE = f"{PATH}/{{nowhere}}"
_MINE = {"account_owner": "true"}
_IN_WORKSPACE = {"organization_id": "{workspace}"}
_STATUS = Either("Pending", "Enabled", "Paused", "Destroying", "Failed")
_ACCOUNT = {"uuid": UUID, "accountId": str, "accountType": str}
_NODE = {
    "uuid": UUID,
    "name": str,
    "description": str,
    "queueUrl": str,
    "account": _ACCOUNT,
    "createdAt": GO_TIME,
    "organizationId?": node_id("organization"),
    "ownerId": node_id("user"),
    "userId": ABSENT,
    "identifier": str,
    "workflowManagerTag": str,
    "deploymentMode?": str,
    "enableLLMAccess?": True,
    "llmBaaAcknowledged?": True,
    "maxGpuInstances": int,
    "maxInteractiveSessions": int,
    "gpuTier": str,
    "status": _STATUS,
    "updateAvailable": bool,
}
_LISTED = {**_NODE, "accessScope": ABSENT, "healthStatus?": str}
_SINGLE = {**_NODE, "accessScope": str, "healthStatus": ABSENT, "lastHealthCheck": ABSENT}
_PERMISSIONS = {
    "nodeUuid": UUID,
    "accessScope": Either("private", "workspace", "shared"),
    "owner": node_id("user"),
    "organizationIndependent": bool,
}
_NEW = {
    "accountId": "{account}",
    "name": "contract",
    "organizationId": "{workspace}",
}
_GRANTED = {
    "message": Matching("Successfully granted access to user .+"),
    "nodeUuid": "{node}",
    "action": "granted",
    "entityType": "user",
    "entityId": "{viewer}",
}
_LOST = message("error no records found")

CHECKS: list[Check] = [
    _READ.get("a workspace's nodes", PATH, 200, Json([_LISTED]), query=_IN_WORKSPACE),
    _READ.get(
        "those of one's accounts, without an account",
        PATH,
        403,
        message("forbidden"),
        query=_MINE,
        asker=Asker.STRANGER,
    ),
    _READ.get(
        "those of a workspace that the caller is not in",
        PATH,
        403,
        message("forbidden"),
        query={"organization_id": "N:organization:{nowhere}"},
    ),
    _READ.get("an unknown node", _NOWHERE, 404, _LOST),
    _CREATE.change(
        f"POST {PATH}", "an unknown account", 404, message("not found"), body={"accountId": "x"}
    ),
    _CREATE.change(f"POST {PATH}", "no account", 400, message("bad request"), body={}),
    _CREATE.change(
        f"POST {PATH}",
        "a body that is not JSON is 500 here",
        500,
        message("error unmarshaling body"),
        body=b"{",
    ),
    _CREATE.change(
        f"POST {PATH}",
        "an image that is not on the list",
        400,
        message("bad request"),
        body={**_NEW, "provisionerImage": "evil/image"},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "LLM access in a secure node needs the agreement",
        400,
        body={**_NEW, "deploymentMode": "secure", "enableLLMAccess": True},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "a workspace's id of another form",
        400,
        message("invalid organization ID format - expected format: N:organization:uuid"),
        body={**_NEW, "organizationId": "mine"},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "a workspace that the account is not enabled for",
        403,
        message("account is not enabled for this workspace"),
        body={**_NEW, "organizationId": "N:organization:{nowhere}"},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "another's private account",
        403,
        message("only the account owner can create nodes on private accounts"),
        body=_NEW,
        asker=Asker.VIEWER,
    ),
    _CREATE.change(
        f"POST {PATH}",
        "202, without a uuid",
        202,
        Json(Only({"message": "Compute node creation initiated"})),
        body=_NEW,
    ),
    _JSON.get(
        "its maker finds it by listing; false is left out",
        PATH,
        200,
        Json(Filled([{**_LISTED, "account": {**_ACCOUNT, "ownerId": node_id("user")}}])),
        query=_MINE,
        reads=False,
        keep={"node": "-1.uuid"},
    ),
    _JSON.get(
        "read by itself it has a scope, and no health",
        _ONE,
        200,
        Json({**_SINGLE, "uuid": "{node}", "accessScope": "private", "updateAvailable": False}),
        reads=False,
    ),
    _READ.get("another's node", _ONE, 403, message("forbidden"), asker=Asker.VIEWER, reads=False),
    *accounts.IN_USE,
    _CHANGE.change(
        f"PATCH {_ONE}",
        "a new name; the answer has no settings",
        200,
        Json(
            {
                "name": "renamed",
                "maxGpuInstances": 0,
                "gpuTier": "",
                "accessScope": ABSENT,
                "provisionerImage": ABSENT,
                "account": {"ownerId": ABSENT},
            }
        ),
        body={"name": "renamed"},
    ),
    _CHANGE.change(f"PATCH {_ONE}", "nothing to change", 400, body={}),
    _CHANGE.change(
        f"PATCH {_ONE}",
        "an unknown status",
        400,
        message("invalid status value"),
        body={"status": "PAUSED"},
    ),
    _CHANGE.change(
        f"PATCH {_NOWHERE}", "an unknown node", 404, message("not found"), body={"name": "x"}
    ),
    _CHANGE.change(
        f"PATCH {_ONE}",
        "another's node to change",
        403,
        message("forbidden"),
        body={"name": "x"},
        asker=Asker.VIEWER,
    ),
    _CHANGE.change(
        f"POST {_ONE}/update-config",
        "an unknown tier",
        400,
        message("bad request"),
        body={"gpuTier": "huge"},
    ),
    _CHANGE.change(
        f"POST {_ONE}/update-config",
        "nothing to configure",
        400,
        message("error unmarshaling body"),
        body={},
    ),
    _SHARE.get(
        "permissions; shares are left out when there are none",
        f"{_ONE}/permissions",
        200,
        Json(
            {
                **_PERMISSIONS,
                "accessScope": "private",
                "sharedWithUsers": ABSENT,
                "sharedWithTeams": ABSENT,
                "organizationIndependent": True,
            }
        ),
        reads=False,
    ),
    _SHARE.get("of an unknown node", f"{_NOWHERE}/permissions", 404, _LOST),
    _SHARE.change(
        f"POST {_ONE}/permissions/users",
        "shared with a person",
        201,
        Json(_GRANTED),
        body={"userId": "{viewer}"},
    ),
    _SHARE.change(
        f"POST {_ONE}/permissions/users",
        "shared twice is the same",
        201,
        Json(_GRANTED),
        body={"userId": "{viewer}"},
    ),
    _SHARE.get(
        "the person is listed, and the scope is shared",
        f"{_ONE}/permissions",
        200,
        Json({**_PERMISSIONS, "accessScope": "shared", "sharedWithUsers": ["{viewer}"]}),
        asker=Asker.VIEWER,
        reads=False,
    ),
    _SHARE.change(
        f"POST {_ONE}/permissions/users",
        "an unknown person is an error, not a message",
        400,
        error("User .+ does not exist"),
        body={"userId": "N:user:{nowhere}"},
    ),
    _SHARE.change(
        f"POST {_ONE}/permissions/teams",
        "an unknown team is an error, not a message",
        400,
        error("Team .+ does not exist"),
        body={"teamId": "N:team:{nowhere}"},
    ),
    _SHARE.change(
        f"POST {_ONE}/permissions/users",
        "nobody is named",
        400,
        message("missing user id"),
        body={},
    ),
    _SHARE.change(
        f"POST {_ONE}/permissions/users",
        "one who only uses it cannot share it",
        403,
        message("only owner can change permissions"),
        body={"userId": "{viewer}"},
        asker=Asker.VIEWER,
    ),
    _SHARE.change(
        f"PUT {_ONE}/permissions",
        "an unknown scope",
        400,
        message("invalid access scope"),
        body={"accessScope": "everybody"},
    ),
    _SHARE.change(
        f"PUT {_ONE}/permissions",
        "setting 'shared' drops every share: the result is private",
        200,
        Json({**_PERMISSIONS, "accessScope": "private", "sharedWithUsers": ABSENT}),
        body={"accessScope": "shared"},
    ),
    _SHARE.change(
        f"PUT {_ONE}/permissions",
        "the workspace's",
        200,
        Json(
            {
                **_PERMISSIONS,
                "accessScope": "workspace",
                "organizationId": "{workspace}",
                "organizationIndependent": False,
            }
        ),
        body={"accessScope": "workspace"},
    ),
    _SHARE.change(
        f"DELETE {_ONE}/permissions/users/{{viewer}}",
        "revoked, though nothing was granted",
        200,
        Json({"action": "revoked", "entityId": "{viewer}"}),
    ),
    _SHARE.change(
        f"DELETE {_ONE}/permissions/users/{{user}}",
        "the owner's cannot be revoked",
        400,
        message("cannot revoke access from owner"),
    ),
    _ATTACH.change(
        f"POST {_ONE}/organization",
        "it belongs to a workspace already",
        400,
        message("cannot attach node that already belongs to an organization"),
        query=_IN_WORKSPACE,
    ),
    _ALLOWED.get("of an unknown node", f"{_NOWHERE}/allowed-processors", 404),
    _GPUS.get(
        "four sizes with their prices",
        "/compute/resources/gpu-tiers",
        200,
        Json(
            Filled(
                [
                    Only(
                        {
                            "tier": Either("small", "medium", "large", "xlarge"),
                            "instanceType": str,
                            "gpu": str,
                            "gpuMemoryGB": int,
                            "vcpus": int,
                            "memoryGB": int,
                            "pricePerHour": float,
                        }
                    )
                ]
            )
        ),
        query=_IN_WORKSPACE,
    ),
    _DELETE.change(
        f"DELETE {_ONE}", "another's node to delete", 403, message("forbidden"), asker=Asker.VIEWER
    ),
    _DELETE.change(f"DELETE {_NOWHERE}", "an unknown node to delete", 404, _LOST),
    _DELETE.change(f"DELETE {_ONE}", "202", 202, message("Compute node deletion initiated")),
    *accounts.LAST,
]
