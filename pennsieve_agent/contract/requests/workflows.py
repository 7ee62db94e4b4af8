"""Applications, workflow definitions, runs (``contracts/workflows.md``)."""

from __future__ import annotations

from pennsieve_agent.contract.requests.sent import Sent, joined, table
from pennsieve_agent.contract.shapes import UUID, Either, Filled, MapOf, Matching, Only, node_id

_W, _A = "/compute/workflows", "/applications"
_STORE = f"{_A}/store"
_WORKSPACE = node_id("organization")
_PLACE = Either("standard", "lambda", "gpu")
_NUMBER = Matching(r"\d+")
"""cpu and memory are texts in definitions and runs (trap 18)."""
_GRANT = [Only({"entityId": str, "organizationId?": _WORKSPACE})]
_STATUS = Only(
    {
        "status": Either(
            *("NOT_STARTED", "STARTED", "FINALIZING", "SUCCEEDED", "FAILED", "CANCELING"),
            "CANCELED",
        ),
        "timestamp": int,
    }
)

_APPLICATIONS = table(
    "v2",
    {
        f"POST {_STORE}": Sent(
            "workflows.md 1.2; upstream-2026-11.md 2, 3",
            body=Only(
                {
                    "source": Only(
                        {
                            "type": "github",
                            "url": str,
                            "tag": Matching(".+"),
                            "isPrivate?": bool,
                            "authToken?": str,
                            "owner?": node_id("user"),
                        }
                    ),
                    "release?": Only({"id?": int}),
                }
            ),
        ),
        f"GET {_STORE}": Sent(
            "workflows.md 1.1, 1.4", query="sourceUrl organization_id includeArchived"
        ),
        f"GET {_STORE}/{{uuid}}": Sent("workflows.md 1.1", query="tag"),
        f"PATCH {_STORE}/{{uuid}}": Sent(
            "workflows.md 1.1", body=Only({"status": Either("active", "archived")})
        ),
        f"GET {_STORE}/{{uuid}}/asset": Sent("workflows.md 1.1", query="file! tag"),
        f"PUT {_STORE}/{{uuid}}/permissions": Sent(
            "workflows.md 1.5",
            body=Only(
                {
                    "visibility": Either("public", "private"),
                    "users?": _GRANT,
                    "teams?": _GRANT,
                    "workspaces?": _GRANT,
                }
            ),
        ),
        f"GET {_STORE}/registry": Sent("workflows.md 1.6", query="sourceUrl! version!"),
        f"GET {_A}/{{uuid}}/deployments": Sent("workflows.md 1.1", query="organization_id!"),
        f"GET {_A}/{{uuid}}/deployments/{{id}}": Sent("workflows.md 1.1", query="organization_id!"),
    },
)

_LEGACY = table(
    "v2",
    {
        f"POST {_A}/v1": Sent(
            "workflows.md 1.7",
            body=Only(
                {
                    "name": str,
                    "description": str,
                    "applicationType": Either("preprocessor", "processor", "postprocessor"),
                    "runtimeConfig?": {},
                    "account": {},
                    "computeNode": {},
                    "source": {},
                    "destination?": {},
                    "params?": MapOf(...),
                    "commandArguments?": ...,
                    "environment?": ...,
                }
            ),
        ),
        f"GET {_A}/v1": Sent(
            "workflows.md 1.1", query="organization_id! applicationType computeNodeUuid sourceUrl"
        ),
        f"PUT {_A}/{{uuid}}": Sent("workflows.md 1.7", body=Only({"params": MapOf(...)})),
        f"POST {_A}/deploy": Sent("workflows.md 1.7", body={}),
    },
)

_GITHUB = table(
    "v2",
    {
        "POST /accounts/github/register": Sent(
            "workflows.md 1.9", body=Only({"code": str, "installation_id": ...})
        ),
        "GET /repositories": Sent("workflows.md 1.9", query="page size name"),
        "POST /repositories": Sent(
            "workflows.md 1.9",
            body=Only({"url": str, "publish_to_discover": bool, "publish_to_appstore": bool}),
        ),
        "POST /repository/{owner}/{repo}/publish": Sent(
            "workflows.md 1.9",
            body=Only({"label": str, "destinations?": [Either("discover", "appstore")]}),
        ),
        "PUT /repositories/publications/{id}/status": Sent(
            "workflows.md 1.9", body=Only({"status": Either("failed", "created")})
        ),
        "POST /webhooks/github": Sent("workflows.md 1.9", body={}, open=True),
    },
)

_SOURCE = {
    "id": str,
    "type": "data-source",
    "dependsOn?": Either(None, [str]),
    "position?": Only({"x": float, "y": float}),
}
_PROCESSOR = {
    **_SOURCE,
    "type": "processor",
    "dependsOn?": [str],
    "sourceUrl": str,
    "tag": str,
    "computeType": _PLACE,
    "cpu?": _NUMBER,
    "memory?": _NUMBER,
    "defaultParams?": MapOf(str),
    "interactive?": True,
    "sessionType?": Either("jupyter", "python", "r"),
}
_TARGET = {
    **_SOURCE,
    "type": "data-target",
    "dependsOn?": [str],
    "targetType": str,
    "computeType": _PLACE,  # upstream-2026-11.md 8
    "defaultParams?": MapOf(str),
}
_DEFINITIONS = table(
    "v2",
    {
        f"POST {_W}/definitions": Sent(
            "workflows.md 2.1, 2.2; upstream-2026-11.md 8",
            body=Only(
                {
                    "name": str,
                    "description?": str,
                    "organizationId?": _WORKSPACE,
                    "summary?": str,
                    "processors": Filled([Either(Only(_SOURCE), Only(_PROCESSOR), Only(_TARGET))]),
                }
            ),
        ),
        f"GET {_W}/definitions": Sent(
            "workflows.md 2.4",
            query="organization_id visibility official limit search cursor status",
        ),
        f"PATCH {_W}/definitions/{{uuid}}": Sent(
            "workflows.md 2.4",
            body=Only(
                {
                    "isActive?": bool,
                    "name?": str,
                    "description?": str,
                    "defaultParams?": MapOf(MapOf(str)),
                    "versions?": MapOf(Matching(".+")),
                }
            ),
        ),
        f"POST {_W}/compute-nodes/{{id}}/layers": Sent(
            "workflows.md 2.6",
            body=Only(
                {
                    "layerName": Matching("[a-z0-9][a-z0-9-]*"),
                    "description?": str,
                    "layerType?": Either("data", "python-env", "r-env"),
                }
            ),
        ),
    },
)

_CONFIG = Only(
    {
        "nodeId": str,
        "executionTarget?": _PLACE,
        "version?": str,
        "cpu?": _NUMBER,
        "memory?": _NUMBER,
        "interactive?": True,
        "sessionType?": Either("jupyter", "r"),
    }
)
_PACKAGES = Filled([node_id("(package|collection)")])
_RUNS = table(
    "v2",
    {
        f"POST {_W}/runs": Sent(
            "workflows.md 3.1",
            headers="X-Refresh-Token",
            body=Only(
                {
                    "workflowInstanceConfiguration": Only(
                        {"workflowId": UUID, "computeNodeId": UUID, "processorConfigs?": [_CONFIG]}
                    ),
                    "datasetId?": node_id("dataset"),
                    "dataSources": MapOf(Only({"packageIds": _PACKAGES})),
                    "name?": Matching(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{2,63}"),
                    "processorParams?": MapOf(MapOf(str)),
                    "dataTargets?": MapOf(Only({"params": MapOf(str)})),
                    "layers?": [str],
                }
            ),
        ),
        f"GET {_W}/runs": Sent(
            "workflows.md 3.3",
            query="organization_id! status workflow_id limit start_date end_date cursor",
        ),
        f"PUT {_W}/runs/{{id}}/status": Sent("workflows.md 3.4", body=_STATUS),
        f"PUT {_W}/runs/{{id}}/processor/{{pid}}/status": Sent("workflows.md 3.4", body=_STATUS),
        f"GET {_W}/runs/{{id}}/logs": Sent(
            "workflows.md 3.5", query="nodeId applicationUuid format"
        ),
        f"PUT {_W}/runs/{{id}}/outputs": Sent(
            "workflows.md 3.6", headers="X-Callback-Token", body=MapOf(str)
        ),
        f"GET {_W}/runs/{{id}}/environment": Sent("workflows.md 3.9", query="nodeId"),
        f"GET {_W}/metrics/counters": Sent(
            "workflows.md 3.9", query="organization_id! scope id range"
        ),
        f"GET {_W}/metrics/export": Sent("workflows.md 3.9", query="organization_id!"),
    },
)

WORKFLOWS = joined(_APPLICATIONS, _LEGACY, _GITHUB, _DEFINITIONS, _RUNS)
