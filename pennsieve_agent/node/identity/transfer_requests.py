"""Requests to Pennsieve on behalf of a transfer job, which has no token itself.

Input of a run that Pennsieve started is read as the person who started it, and results are written
with the run's own token (``contracts/workflows.md`` 5.6, 5.7). A run of this node alone is asked
for with the key of its workflow: to read input with one user, to write results with the other, and
for datasets that are granted alone. A refusal of the node itself has a ``reason``, which
the job ends with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.identity.pennsieve_api import RUNS, Down, PennsieveApi
from pennsieve_agent.node.identity.user_session import as_person
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE, Registry
from pennsieve_agent.node.identity.workflow_session import NoKey, Signed
from pennsieve_agent.node.jobs.tasks import RelayRequest, relay_allows
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore

_WORKS = {Phase.SUBMITTING, Phase.RUNNING}
_READS = {"/packages/download-manifest", "/datasets/manifest"}
_REFUSED = {401, 403}
_DENIED, _DOWN = 403, 503
_OVER = "the run is ending, so its files are not transferred any more"
Answer = dict[str, Any]


def relay(node: Node, message: Mapping[str, Any]) -> Answer:
    """The platform's answer, ``{status, body}``; 403 for what a job may not ask."""
    store = RunStore(node)
    request = RelayRequest(
        str(message.get("run") or ""),
        str(message.get("method") or ""),
        str(message.get("path") or ""),
        {str(k): str(v) for k, v in (message.get("query") or {}).items()},
        message.get("body"),
    )
    record = store.read(request.run)
    if record is not None and record.phase not in _WORKS:
        return _refusal(_OVER)
    if record is None or not relay_allows(request, record.dataset):
        return {"status": _DENIED, "body": {"message": "a transfer job may not ask for this"}}
    if record.is_own:
        return _as_workflow(node, record, request)
    if request.path in _READS:
        return _sent(as_person(node, store, request.run), request)
    return _sent(PennsieveApi(node, request.run, store.token(request.run)), request)


def _as_workflow(node: Node, record: RunRecord, request: RelayRequest) -> Answer:
    """Ask as one of the workflow's own users."""
    if request.path.startswith(RUNS):  # Pennsieve does not know the run; the node keeps its outputs
        return {"status": 200, "body": {}}
    kind = Kind.READ if request.path in _READS else Kind.WRITE
    name, workflow = record.workflow.get("name", ""), record.workflow["id"]
    access = READ if kind is Kind.READ else WRITE
    registry = Registry(node)
    if not registry.allows(workflow, record.dataset, access):
        may = "no longer use" if kind is Kind.READ else "not change"
        return _refusal(
            f"workflow '{name}' may {may} dataset {record.dataset}: "
            f"{registry.why_not(workflow, record.dataset)}; "
            f"grant it again with: {_grant_command(record)}"
        )
    signed = Signed(node, workflow, kind, name)
    try:
        token = signed.token()
        answer = _sent(PennsieveApi(node, request.run, bearer=token), request)
        if answer["status"] in _REFUSED:
            # The platform remembers denials of a token for minutes (contracts/core.md 1.9).
            token = signed.renewed(token)
            answer = _sent(PennsieveApi(node, request.run, bearer=token), request)
    except NoKey as error:
        return _refusal(str(error))
    except Down as error:
        return {"status": _DOWN, "body": {"message": str(error)}}
    if answer["status"] in _REFUSED:
        return _refusal(
            f"Pennsieve does not let workflow '{name}' use dataset {record.dataset}: the dataset "
            "was deleted, or the workflow's user was removed from it; grant it again with: "
            f"{_grant_command(record)}"
        )
    return answer


def _grant_command(record: RunRecord) -> str:
    name = record.workflow.get("name", "")
    return f"pennsieve dataset grant '{name}' --dataset {record.dataset}"


def _refusal(reason: str) -> Answer:
    return {"status": _DENIED, "body": {"message": reason}, "reason": reason}


def _sent(web: PennsieveApi, request: RelayRequest) -> Answer:
    status, text = web.send(request.method, request.path, request.query, request.body)
    return {"status": status or _DOWN, "body": _body(text)}


def _body(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return {"message": text}
