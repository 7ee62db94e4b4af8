"""Applications of the App Store (``contracts/workflows.md`` 1)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import message
from pennsieve_agent.contract.shapes import (
    GO_TIME,
    ISO_TIME,
    UUID,
    Either,
    Filled,
    Matching,
    Only,
    node_id,
)

_V2 = Surface.V2
_ROUTES = Section("workflows.md 1.1", _V2)
_REGISTER = Section("workflows.md 1.2", _V2)
_LIST = Section("workflows.md 1.4", _V2)
_GRANTS = Section("workflows.md 1.5", _V2)
_IMAGE = Section("workflows.md 1.6", _V2)
PATH = "/applications/store"
_ONE = f"{PATH}/{{app}}"
URL = "https://example.invalid/contract/{nowhere}"
"""Of the application that these checks register."""
_VERSION = {
    "uuid": UUID,
    "applicationId": UUID,
    "version": str,
    "releaseId": int,
    "createdAt": GO_TIME,
    "status": Matching("(registering|deploying|deployed|error(: .*)?)"),
    "deployments": Either(
        None, [{"deploymentId": UUID, "applicationId": UUID, "initiatedAt": ISO_TIME}]
    ),
}
_APP = {
    "uuid": UUID,
    "sourceUrl": str,
    "sourceType": str,
    "isPrivate": bool,
    "visibility": Either("public", "private"),
    "ownerId": node_id("user"),
    "createdAt": GO_TIME,
    "latestVersionTag?": str,
    "versions": Either(None, [_VERSION]),
}
_NEW = {
    "source": {"type": "github", "url": URL, "tag": "v1", "isPrivate": True},
    "release": {"id": 1},
}
_ACCESS = {
    "entityId": Matching("(user|team|workspace)#.+"),
    "appId": Matching("app#.+"),
    "entityType": Either("user", "team", "workspace"),
    "entityRawId": str,
    "appUuid": UUID,
    "accessType": Either("owner", "shared", "workspace"),
    "grantedAt": str,
    "grantedBy": str,
}
_PERMISSIONS = {"visibility": str, "ownerId": node_id("user"), "access": Filled([_ACCESS])}
_MISSING = message("missing required query parameters")


def _no_image(text: str) -> Json:
    return Json(Only({"authorized": False, "message": text}))


CHECKS: list[Check] = [
    _LIST.get("the applications one may see, in a bare list", PATH, 200, Json([_APP])),
    _LIST.get("none at an address", PATH, 200, Json([]), query={"sourceUrl": f"{URL}/none"}),
    _REGISTER.change(
        f"POST {PATH}",
        "202 with the deployment alone",
        202,
        Json(Only({"deploymentId": UUID})),
        body=_NEW,
        keep={"deployment": "deploymentId"},
    ),
    _REGISTER.change(
        f"POST {PATH}",
        "the same tag again makes another version",
        202,
        Json({"deploymentId": UUID}),
        body=_NEW,
    ),
    _REGISTER.change(
        f"POST {PATH}",
        "a body that is not JSON is 500 here",
        500,
        message("error unmarshaling body"),
        body=b"{",
    ),
    _LIST.get(
        "found by its exact address, private, with two versions of one tag",
        PATH,
        200,
        Json(Filled([{**_APP, "isPrivate": True, "visibility": "private"}])),
        query={"sourceUrl": URL},
        reads=False,
        keep={"app": "0.uuid", "version": "0.versions.0.uuid"},
    ),
    _LIST.get(
        "not by another spelling of it",
        PATH,
        200,
        Json([]),
        query={"sourceUrl": f"{URL}.git"},
        reads=False,
    ),
    _LIST.get("one, with its assets", _ONE, 200, Json({**_APP, "assets": {}}), reads=False),
    _LIST.get(
        "a private one of another",
        _ONE,
        403,
        message("not permitted"),
        asker=Asker.VIEWER,
        reads=False,
    ),
    _LIST.get("an unknown one", f"{PATH}/{{nowhere}}", 404, message("application not found")),
    _ROUTES.get("an asset needs its name", f"{_ONE}/asset", 400, _MISSING, reads=False),
    _ROUTES.get(
        "the builds of a version need the workspace",
        "/applications/{nowhere}/deployments",
        401,
        message("Unauthorized"),
    ),
    _ROUTES.get(
        "the builds of a version",
        "/applications/{version}/deployments",
        200,
        Json({"deployments": Filled([{"deploymentId": "{deployment}", "lastStatus": str}])}),
        query={"organization_id": "{workspace}"},
        reads=False,
    ),
    _GRANTS.get(
        "who may see it; the owner has a row",
        f"{_ONE}/permissions",
        200,
        Json(_PERMISSIONS),
        reads=False,
    ),
    _GRANTS.change(
        f"PUT {_ONE}/permissions",
        "shared with a person, all at once",
        200,
        Json({**_PERMISSIONS, "visibility": "private"}),
        body={"visibility": "private", "users": [{"entityId": "{viewer}"}]},
    ),
    _GRANTS.change(
        f"PUT {_ONE}/permissions",
        "an unknown visibility",
        400,
        message("visibility must be 'public' or 'private'"),
        body={"visibility": "half"},
    ),
    _GRANTS.change(
        f"PUT {_ONE}/permissions",
        "only the owner shares",
        403,
        message("only the app owner can manage permissions"),
        body={"visibility": "public"},
        asker=Asker.VIEWER,
    ),
    _IMAGE.get("an image needs address and version", f"{PATH}/registry", 400, _MISSING),
    _IMAGE.get(
        "an unknown application",
        f"{PATH}/registry",
        404,
        _no_image("application not found in app store"),
        query={"sourceUrl": f"{URL}/none", "version": "v1"},
    ),
    _IMAGE.get(
        "an unknown version",
        f"{PATH}/registry",
        404,
        _no_image("version not found for this application"),
        query={"sourceUrl": URL, "version": "v9"},
        reads=False,
    ),
    _IMAGE.get(
        "a version that is not deployed",
        f"{PATH}/registry",
        404,
        _no_image("version is not yet deployed"),
        query={"sourceUrl": URL, "version": "v1"},
        reads=False,
    ),
]
