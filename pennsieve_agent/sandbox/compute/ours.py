"""What hosted Pennsieve has not, and nodes of one's own still ask of the sandbox.

The question what the platform can do, a stack that is told with a new node, limits of a run, and a
grant that a run must have and its node may read; reasons and receipts of runs are in
:mod:`.run_reports`. The contract has none of it. It goes, with this module, when no node of one's
own is called by the platform any more; ``tests/recording/known.py`` has the commands that ask it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.compute import answers
from pennsieve_agent.sandbox.compute.bodies import BadBody, Body
from pennsieve_agent.sandbox.compute.dag import fills_dataset
from pennsieve_agent.sandbox.compute.seams import Neighbours
from pennsieve_agent.sandbox.http import Request, Response, Route, Scheme
from pennsieve_agent.sandbox.store import Row
from pennsieve_agent.sandbox.world import PLATFORM_ACCOUNT_ID

MOST_RETRIES = 9
"""AWS Batch makes ten attempts at most."""


def routes() -> list[Route]:
    """The routes."""
    return [Route("GET", "/compute/resources/capabilities", Scheme.USER, _capabilities)]


def _capabilities(_request: Request) -> Response:
    """Ours: what this platform does beyond the hosted one."""
    return Response(200, {"selfManagedNodes": True, "platformAccountId": PLATFORM_ACCOUNT_ID})


def stack_of(body: Body) -> str:
    """The stack of a node that the account's owner made, as JSON; empty when there is none."""
    stack = body.object("selfManaged")
    if stack is None:
        return ""
    named = {name: stack.text(name) for name in ("stackName", "region", "gateway")}
    if not named["stackName"] or not named["region"]:
        raise answers.message(400, "selfManaged needs stackName and region")
    return json.dumps({name: value for name, value in named.items() if value})


def stack_json(node: Row) -> dict[str, Any]:
    """What a node's answer has more."""
    return {"selfManaged": json.loads(node["self_managed"])} if node["self_managed"] else {}


def limits_of(body: Body) -> dict[str, Any]:
    """The limits in a run's body; what is not asked for is not there.

    Raises:
        BadBody: a limit has the wrong type, or is less than nothing.

    """
    given = body.object("limits") or Body({})
    cost = given.raw("maxCostUsd") or 0
    if isinstance(cost, bool) or not isinstance(cost, int | float) or cost < 0:
        raise BadBody
    found = {
        "maxCostUsd": cost,
        "timeoutSeconds": max(given.number("timeoutSeconds", 0), 0),
        "spot": given.flag("spot"),
        "retries": min(max(given.number("retries", 0), 0), MOST_RETRIES),
    }
    return {name: value for name, value in found.items() if value}


def limits_json(limits: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's answer has more."""
    return {"limits": dict(limits)} if limits else {}


def check_limits(limits: Mapping[str, Any], node: Row) -> None:
    """See that a node keeps limits.

    Raises:
        Refusal: it is none of the account owner's own, and keeps none.

    """
    if limits and not node["self_managed"]:
        raise answers.message(400, f"compute node {node['name']} keeps no limits of runs")


def grant_json(neighbours: Neighbours, request: Request, run: Row) -> dict[str, Any]:
    """What a run's answer has more for the node that asks with the run's token."""
    if request.caller.run_id is None:
        return {}
    found = neighbours.grants(run["dataset_id"]) if run["dataset_id"] else []
    granted = [access for uuid, access in found if uuid == run["workflow_uuid"]]
    best = next((a.value for a in sorted(granted, key=lambda a: not a.writes)), "")
    return {"grant": {"access": best}}


def missing_grant(
    neighbours: Neighbours, workflow_uuid: str, dataset: str, dag: list[dict[str, Any]]
) -> str:
    """What a workflow lacks to run on a dataset, after its name; empty if nothing."""
    granted = [access for uuid, access in neighbours.grants(dataset) if uuid == workflow_uuid]
    if not granted:
        return f"has no grant on dataset {dataset}"
    writes = any(map(fills_dataset, dag))
    if writes and not any(access.writes for access in granted):
        return f"has no grant to write on dataset {dataset}, only to read"
    return ""
