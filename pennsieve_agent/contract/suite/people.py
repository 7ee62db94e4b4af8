"""Who is signed in, workspaces, members, teams (``contracts/core.md`` 1.6, 1.7, 6.1)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import common, simple
from pennsieve_agent.contract.shapes import ABSENT, ISO_TIME, Filled, node_id

_KEYS = Section("core.md 1.1", Surface.V1)
_WORKSPACES = Section("core.md 1.6", Surface.V1)
_USER = Section("core.md 1.7", Surface.V1)
_MEMBERS = Section("core.md 6.1", Surface.V1)
_TEAMS = "/organizations/{workspace}/teams"
_PERSON = {
    "id": node_id("user"),
    "intId": int,
    "email": str,
    "firstName": str,
    "lastName": str,
    "color": str,
    "url": str,
    "authyId": int,
    "isSuperAdmin": bool,
    "isIntegrationUser": bool,
    "createdAt": ISO_TIME,
    "updatedAt": ISO_TIME,
    "preferredOrganization?": node_id("organization"),
    "middleInitial?": str,
    "degree?": str,
    "orcid?": {},
}
_WORKSPACE = {
    "organization": {
        "id": node_id("organization"),
        "name": str,
        "slug": str,
        "intId": int,
        "subscriptionState": str,
        "encryptionKeyId": str,
        "features": [str],
        "terms?": str,
        "storage?": int,
    },
    "isAdmin": bool,
    "isOwner": bool,
    "owners": list,
    "administrators": list,
}
_TEAM = {
    "team": {"id": node_id("team"), "name": str, "systemTeamType?": str},
    "administrators": list,
    "isAdmin": bool,
    "memberCount": int,
}

CHECKS: list[Check] = [
    _USER.get("me", "/user", 200, Json({**_PERSON, "credential": str}), keep={"email": "email"}),
    _USER.get(
        "optional keys are left out, not null", "/user", 200, Json({"orcid": ABSENT}), hosted=False
    ),
    _USER.get("a person by number is for services", "/user/1", 403, common(403)),
    _USER.get("a person by e-mail", "/user/email/{email}", 200, Json({"id": "{user}"})),
    _USER.get(
        "an unknown e-mail",
        "/user/email/nobody-{nowhere}@example.org",
        404,
        common(404, r"Email \(.+\) not found"),
    ),
    _WORKSPACES.get(
        "every workspace of the person",
        "/organizations",
        200,
        Json({"organizations": Filled([_WORKSPACE])}),
    ),
    _WORKSPACES.get(
        "one workspace says that nobody is anything in it",
        "/organizations/{workspace}",
        200,
        Json({**_WORKSPACE, "isAdmin": False, "isOwner": False}),
    ),
    _WORKSPACES.get(
        "an unknown workspace", "/organizations/N:organization:{nowhere}", 404, common(404)
    ),
    _WORKSPACES.change(
        "PUT /session/switch-organization",
        "a key cannot switch the workspace",
        403,
        query={"organization_id": "{workspace}"},
    ),
    _KEYS.get("a key cannot list keys", "/token", 403),
    _KEYS.change("POST /token", "a key cannot make keys", 403, body={"name": "x"}),
    _KEYS.change("PUT /token/{nowhere}", "a key cannot rename keys", 403, body={"name": "x"}),
    _KEYS.change("DELETE /token/{nowhere}", "a key cannot delete keys", 403, simple("Forbidden.")),
    _MEMBERS.get(
        "the members, with their roles",
        "/organizations/{workspace}/members",
        200,
        Json(Filled([{**_PERSON, "role": str}])),
    ),
    _MEMBERS.get(
        "an ordinary member may see them too",
        "/organizations/{workspace}/members",
        200,
        asker=Asker.VIEWER,
    ),
    _MEMBERS.get(
        "the members of an unknown workspace",
        "/organizations/N:organization:{nowhere}/members",
        404,
        common(404),
    ),
    _MEMBERS.get(
        "the states of datasets",
        "/organizations/{workspace}/dataset-status",
        200,
        Json(Filled([{"id": int, "name": str, "displayName": str, "color": str, "inUse": bool}])),
    ),
    _MEMBERS.get("the teams", _TEAMS, 200, Json([_TEAM])),
    _MEMBERS.change(
        f"POST {_TEAMS}",
        "a new team",
        201,
        Json({**_TEAM, "memberCount": 0}),
        body={"name": "contract {nowhere}"},
        keep={"team": "team.id"},
    ),
    _MEMBERS.change(
        f"POST {_TEAMS}",
        "a member cannot make a team",
        403,
        common(403),
        body={"name": "x"},
        asker=Asker.VIEWER,
    ),
    _MEMBERS.change(
        f"POST {_TEAMS}/{{team}}/members",
        "a person joins a team",
        200,
        body={"ids": ["{user}"]},
    ),
    _MEMBERS.get(
        "the people of a team",
        f"{_TEAMS}/{{team}}/members",
        200,
        Json(Filled([{"id": "{user}"}])),
        reads=False,
    ),
    _MEMBERS.change(f"DELETE {_TEAMS}/{{team}}/members/{{user}}", "a person leaves a team", 200),
    _MEMBERS.change(
        f"PUT {_TEAMS}/{{team}}", "a team is renamed", 200, body={"name": "contract2 {nowhere}"}
    ),
    _MEMBERS.change(f"DELETE {_TEAMS}/{{team}}", "a team is deleted", 200),
    _MEMBERS.get("a deleted team", f"{_TEAMS}/{{team}}", 404, common(404), reads=False),
    _MEMBERS.get(
        "invitations are for administrators",
        "/organizations/{workspace}/invites",
        403,
        common(403),
        asker=Asker.VIEWER,
    ),
    _MEMBERS.change(
        "POST /organizations/{workspace}/members",
        "a member cannot invite",
        403,
        common(403),
        body={"invites": [], "role": "editor"},
        asker=Asker.VIEWER,
    ),
]
