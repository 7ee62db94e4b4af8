"""Runs (``contracts/workflows.md`` 3); the graph of the suite's workflow is archived by now."""

from __future__ import annotations

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import says
from pennsieve_agent.contract.shapes import ISO_TIME, Either, Matching, node_id

_V2 = Surface.V2
_START = Section("workflows.md 3.1", _V2)
_RUN = Section("workflows.md 3.2", _V2)
_LIST = Section("workflows.md 3.3", _V2)
_STATUS = Section("workflows.md 3.4", _V2)
_LOGS = Section("workflows.md 3.5", _V2)
_OUTPUTS = Section("workflows.md 3.6", _V2)
_CANCEL = Section("workflows.md 3.7", _V2)
PATH = "/compute/workflows/runs"
_ONE = f"{PATH}/{{nowhere}}"
_IN_WORKSPACE = {"organization_id": "{workspace}"}
_STATES = Matching("NOT_STARTED|STARTED|FINALIZING|SUCCEEDED|FAILED|CANCELING|CANCELED")
_TIME = Either(None, ISO_TIME, "")
_ITEM = {
    "uuid": str,
    "name?": str,
    "status": _STATES,
    "workflowUuid": str,
    "computeNodeUuid": str,
    "datasetId?": str,
    "organizationId?": "{workspace}",
    "createdBy": node_id("user"),
    "startedAt?": _TIME,
    "completedAt?": _TIME,
    "interactive?": bool,
}
_PAGE = {"runs": [_ITEM], "nextCursor?": Either(None, str)}
_CONFIGURATION = {"workflowId": "{nowhere}", "computeNodeId": "{nowhere}"}
_ORDER = {"workflowInstanceConfiguration": _CONFIGURATION, "datasetId": "{dataset}"}

CHECKS: list[Check] = [
    _LIST.get(
        "a workspace's runs",
        PATH,
        200,
        Json(_PAGE),
        query=_IN_WORKSPACE,
        keep={"run": "runs.0.uuid"},
    ),
    _LIST.get(
        "by status, as the platform spells it",
        PATH,
        200,
        Json({"runs": [{"status": "CANCELED"}]}),
        query={**_IN_WORKSPACE, "status": "CANCELED"},
    ),
    _LIST.get(
        "by status, as the web application spells it",
        PATH,
        200,
        Json({"runs": [{"status": "CANCELED"}]}),
        query={**_IN_WORKSPACE, "status": "CANCELLED"},
        hosted=False,
    ),
    _LIST.get(
        "by time",
        PATH,
        200,
        Json(_PAGE),
        query={**_IN_WORKSPACE, "start_date": "2026-01-01T00:00:00.000Z", "limit": "5"},
    ),
    _LIST.get(
        "of a workflow that nobody ran",
        PATH,
        200,
        Json({"runs": []}),
        query={**_IN_WORKSPACE, "workflow_id": "{nowhere}"},
    ),
    _LIST.get(
        "of a workspace that the caller is not in",
        PATH,
        403,
        says(),
        query={"organization_id": "N:organization:{nowhere}"},
        hosted=False,
    ),
    _RUN.get(
        "one run",
        f"{PATH}/{{run}}",
        200,
        Json({**_ITEM, "uuid": "{run}", "dag": [{"id": str}]}),
    ),
    _STATUS.get(
        "how far one is",
        f"{PATH}/{{run}}/status",
        200,
        Json({"status": _STATES, "dag": [{"id": str, "status": _STATES}]}),
    ),
    _RUN.get("an unknown run", _ONE, 404, says(), hosted=False),
    _STATUS.get("the status of an unknown run", f"{_ONE}/status", 404, says(), hosted=False),
    _LOGS.get("the log of an unknown run", f"{_ONE}/logs", 404, says(), hosted=False),
    _LOGS.get(
        "a log needs a node",
        f"{PATH}/{{run}}/logs",
        422,
        says("missing parameter"),
        hosted=False,
    ),
    _START.change(f"POST {PATH}", "an unknown workflow", 404, says(), body=_ORDER),
    _START.change(
        f"POST {PATH}",
        "an archived workflow",
        400,
        says(),
        body={
            **_ORDER,
            "workflowInstanceConfiguration": {**_CONFIGURATION, "workflowId": "{workflow}"},
        },
    ),
    _START.change(f"POST {PATH}", "no workflow", 400, says(), body={}),
    _START.change(f"POST {PATH}", "a body that is not JSON", 400, says(), body=b"{"),
    _START.change(
        f"POST {PATH}",
        "a parameter that is not text",
        400,
        says(),
        body={**_ORDER, "processorParams": {"p": {"N": 1}}},
    ),
    _START.change(
        f"POST {PATH}", "nobody", 401, says("Unauthorized"), body=_ORDER, asker=Asker.NOBODY
    ),
    _STATUS.change(
        f"PUT {_ONE}/status",
        "an unknown run's state to set",
        404,
        says(),
        body={"status": "STARTED", "timestamp": 1},
    ),
    _STATUS.change(
        f"PUT {_ONE}/processor/p/status",
        "an unknown run's step to set",
        404,
        says(),
        body={"status": "STARTED", "timestamp": 1},
    ),
    _OUTPUTS.change(f"PUT {_ONE}/outputs", "an unknown run's outputs", 404, body={"a": "b"}),
    _CANCEL.change(f"POST {_ONE}/cancel", "an unknown run to cancel", 404, says()),
    _STATUS.change(
        f"PUT {_ONE}/status",
        "a callback token without a run",
        403,
        says("Forbidden"),
        body={"status": "STARTED", "timestamp": 1},
        asker=Asker.DEAD_RUN,
    ),
]
