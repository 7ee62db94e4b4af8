"""What is left: secrets of nodes, layers, GitHub, totals (``resources.md`` 3, ``workflows.md``)."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface, Text
from pennsieve_agent.contract.families import common, says
from pennsieve_agent.contract.shapes import Either

_V2 = Surface.V2
_SECRETS = Section("resources.md 3.9", _V2)
_UNBUILT = Section("resources.md 3.13", _V2)
_GITHUB = Section("workflows.md 1.9", _V2)
_LAYERS = Section("workflows.md 2.6", _V2)
_TOTALS = Section("workflows.md 3.9", _V2)
_SHARING = Section("core.md 3.3", Surface.V1)
_NOWHERE = "/compute/resources/compute-nodes/{nowhere}"
_IN_WORKSPACE = {"organization_id": "{workspace}"}
_COUNTS = {
    "totalRuns": int,
    "succeeded": int,
    "failed": int,
    "canceled": int,
    "totalDurationSec": float,
    "totalCost": float,
}

CHECKS: list[Check] = [
    _SECRETS.get("of an unknown node", f"{_NOWHERE}/secrets", 404, says("not found")),
    _SECRETS.get(
        "shared ones of an unknown node", f"{_NOWHERE}/shared-secrets", 404, says("not found")
    ),
    _SECRETS.change(
        f"PATCH {_NOWHERE}/secrets",
        "set on an unknown node",
        404,
        says("not found"),
        body={"secrets": {"A": "x"}},
    ),
    _UNBUILT.get(
        "declared, but no code answers: plain text",
        f"{_NOWHERE}/config",
        404,
        Text("unsupported route"),
    ),
    _UNBUILT.get(
        "the keys of notebook sessions are public",
        "/compute/resources/interactive/jwks",
        200,
        Json({"keys": list}),
        asker=Asker.NOBODY,
        headers={"Cache-Control": "public, max-age=300"},
    ),
    _GITHUB.change(
        "POST /accounts/github/register",
        "connected with a code",
        200,
        Json({"username": str, "email": str, "url": str, "avatar_url": str}),
        body={"code": "as GitHub gives one", "installation_id": "1"},
        asker=Asker.VIEWER,
        hosted=False,
    ),
    _GITHUB.get(
        "repositories in pages, for who is connected",
        "/repositories",
        200,
        Json({"page": int, "size": int, "count": int, "total": int, "repos": list}),
        asker=Asker.VIEWER,
        hosted=False,
    ),
    _GITHUB.change(
        "DELETE /accounts/github/user",
        "disconnected",
        200,
        says(),
        asker=Asker.VIEWER,
        hosted=False,
    ),
    _GITHUB.get(
        "the profile of who is not connected",
        "/accounts/github/user",
        404,
        says(),
        asker=Asker.VIEWER,
        hosted=False,
    ),
    _LAYERS.get(
        "the layers of an unknown node",
        "/compute/workflows/compute-nodes/{nowhere}/layers",
        404,
        says(),
        hosted=False,
    ),
    _TOTALS.get(
        "counted under allTime",
        "/compute/workflows/metrics/counters",
        200,
        Json(Either({"allTime": _COUNTS}, _COUNTS)),
        query=_IN_WORKSPACE,
    ),
    _TOTALS.get(
        "counted under allTime whatever the range",
        "/compute/workflows/metrics/counters",
        200,
        Json(Either({"allTime": _COUNTS}, _COUNTS)),
        query={**_IN_WORKSPACE, "range": "lastMonth"},
    ),
    _SHARING.change(
        "PUT /datasets/{dataset}/collaborators/owner",
        "only the owner hands it over",
        403,
        common(403),
        body={"id": "{stranger}"},
        asker=Asker.VIEWER,
    ),
    _SHARING.change(
        "PUT /datasets/{dataset}/collaborators/external",
        "a viewer cannot invite",
        403,
        common(403),
        body={"id": "nobody@example.org", "role": "viewer"},
        asker=Asker.VIEWER,
    ),
    _SHARING.change(
        "PUT /datasets/{dataset}/collaborators/teams",
        "an unknown team",
        404,
        common(404),
        body={"id": "N:team:{nowhere}", "role": "viewer"},
    ),
]
