"""Workflow definitions and target types (``contracts/workflows.md`` 2)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import says
from pennsieve_agent.contract.shapes import ABSENT, UUID, Either, Filled, node_id
from pennsieve_agent.contract.suite.store import URL

_V2 = Surface.V2
_CREATE = Section("workflows.md 2.2", _V2)
_READ = Section("workflows.md 2.3", _V2)
_OTHER = Section("workflows.md 2.4", _V2)
_TARGETS = Section("workflows.md 2.5", _V2)
_OPEN = Section("workflows.md 8", _V2)
PATH = "/compute/workflows/definitions"
_ONE = f"{PATH}/{{workflow}}"
_NODE = {
    "id": str,
    "type": Either("data-source", "processor", "data-target"),
    "dependsOn?": Either(None, [str]),
}
_DEFINITION = {
    "uuid": UUID,
    "name": str,
    "description": str,
    "isActive": bool,
    "visibility": Either("public", "private", ""),
    "official": bool,
    "organizationId?": node_id("organization"),
    "createdAt": str,
    "createdBy": node_id("user"),
}
_PAGE = {"workflows": [_DEFINITION], "nextCursor": str}
_PROCESSOR = {"id": "p", "type": "processor", "sourceUrl": URL, "tag": "v1"}
NODES: list[dict[str, Any]] = [
    {"id": "in", "type": "data-source"},
    {**_PROCESSOR, "dependsOn": ["in"], "cpu": "256", "memory": "512"},
    {
        "id": "out",
        "type": "data-target",
        "dependsOn": ["p"],
        "targetType": "Pennsieve Dataset",
        "computeType": "standard",
    },
]
WORKFLOW = {
    "name": "contract {nowhere}",
    "description": "contract",
    "organizationId": "{workspace}",
    "processors": NODES,
}
_IN_WORKSPACE = {"organization_id": "{workspace}"}


def _refused(title: str, nodes: list[dict[str, Any]]) -> Check:
    """A graph that is refused; the contract leaves the words open."""
    return _OPEN.change(f"POST {PATH}", title, 400, says(), body={**WORKFLOW, "processors": nodes})


CHECKS: list[Check] = [
    _TARGETS.get(
        "the types of targets, in a bare list",
        "/compute/workflows/target-types",
        200,
        Json(
            Filled(
                [
                    {
                        "targetType": str,
                        "label": str,
                        "params": [{"name": str, "type": str, "description?": str}],
                        "runtimeConfig?": {"cpu": int, "memory": int, "computeTypes?": [str]},
                    }
                ]
            )
        ),
    ),
    _OTHER.get("a workspace's workflows", PATH, 200, Json(_PAGE), query=_IN_WORKSPACE),
    _OTHER.get("the public ones", PATH, 200, Json(_PAGE), query={"visibility": "public"}),
    _OTHER.get(
        "those of a workspace that the caller is not in",
        PATH,
        403,
        query={"organization_id": "N:organization:{nowhere}"},
        hosted=False,
    ),
    _CREATE.change(
        f"POST {PATH}",
        "sent as processors, read as dag",
        201,
        Json({**_DEFINITION, "dag": Filled([_NODE]), "processors": ABSENT}),
        body=WORKFLOW,
        keep={"workflow": "uuid"},
    ),
    _CREATE.change(
        f"POST {PATH}",
        "without a workspace it is personal",
        201,
        Json({**_DEFINITION, "organizationId": ABSENT}),
        body={key: value for key, value in WORKFLOW.items() if key != "organizationId"},
        keep={"personal": "uuid"},
    ),
    _OTHER.change(
        f"PATCH {PATH}/{{personal}}",
        "a personal one is archived by its maker",
        200,
        Json({"isActive": False}),
        body={"isActive": False},
    ),
    _CREATE.change(f"POST {PATH}", "a name is needed", 400, says(), body={**WORKFLOW, "name": ""}),
    _CREATE.change(f"POST {PATH}", "a body that is not JSON", 400, says(), body=b"{"),
    _refused(
        "a cycle",
        [{**_PROCESSOR, "dependsOn": ["q"]}, {**_PROCESSOR, "id": "q", "dependsOn": ["p"]}],
    ),
    _refused("an unknown parent", [{**_PROCESSOR, "dependsOn": ["nobody"]}]),
    _refused("two nodes of one id", [_PROCESSOR, _PROCESSOR]),
    _refused("a processor without a source", [{"id": "p", "type": "processor"}]),
    _refused("a target without a type", [{"id": "t", "type": "data-target"}]),
    _refused("a parameter that is not text", [{**_PROCESSOR, "defaultParams": {"N": 1}}]),
    _READ.get(
        "one definition, resolved; cpu and memory are texts",
        _ONE,
        200,
        Json({**_DEFINITION, "uuid": "{workflow}", "dag": Filled([_NODE])}),
        reads=False,
    ),
    _READ.get("a page of one", PATH, 200, Json(_PAGE), query={**_IN_WORKSPACE, "limit": "1"}),
    _OTHER.get("an unknown definition", f"{PATH}/{{nowhere}}", 404, says(), hosted=False),
    _OTHER.change(
        f"PATCH {_ONE}",
        "a version and defaults of a node",
        200,
        Json({"dag": Filled([_NODE])}),
        body={"versions": {"p": "v2"}, "defaultParams": {"p": {"A": "1"}}},
    ),
    _OTHER.change(
        f"PATCH {_ONE}", "an empty version is refused", 400, says(), body={"versions": {"p": ""}}
    ),
    _OTHER.change(
        f"PATCH {_ONE}", "another's definition", 403, body={"name": "x"}, asker=Asker.VIEWER
    ),
    _OTHER.change(
        f"PATCH {_ONE}",
        "archived",
        200,
        Json({"isActive": False}),
        body={"isActive": False},
    ),
    _OTHER.get(
        "an archived one is listed by its status",
        PATH,
        200,
        Json({"workflows": Filled([{"isActive": False}])}),
        query={**_IN_WORKSPACE, "status": "archived"},
        reads=False,
    ),
]
