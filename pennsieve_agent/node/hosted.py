"""The gateway of a node that Pennsieve runs: the requests that the platform may make.

The protocol is ours. An event ``{"method", "path", "query", "body"}`` is answered ``{"status",
"body"}``, with HTTP's words for both:

========================== ======================================================================
``POST /runs``             ``{"runId", "token", "nodeId", "session", "refresh"}``: start a run; 202,
                           also a second time. ``token`` is the run's own, the others are the
                           access and the refresh token of the person, which may be empty
``POST /runs/ID/cancel``   end it; 202, 404 when it is not known
``GET /runs/ID/status``    ``{"status", "phase", "reason", "steps": [{"id", "status", "reason"}]}``
``GET /runs/ID/logs``      ``?node=&since=&limit=&next=``: ``{"messages": [{"timestamp",
                           "message", "node"}], "next"}``, in order; empty ``next`` is the end
``GET /runs/ID/archive``   ``{"url"}``: the whole log as a zip, when the run has ended
``GET /health``            ``{"status": "HEALTHY"|"WARNING", "issues": [], "resources": {}}``
``GET /secrets``           ``?scope=user|shared&userId=``: ``{"keys": []}``, names alone
``PATCH /secrets``         ``{"secrets": {NAME: value}}``: set some; others stay
``DELETE /secrets``        ``?key=`` or ``?deleteAll=true``
``GET /allowed-processors`` ``{"processors": []}``; empty is all code
``PUT /allowed-processors`` the same: replace the list
========================== ======================================================================

It answers at once: a start and a cancellation are written down, and the reconciler does them.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.node.api.health import health
from pennsieve_agent.node.execution_environment import environment_node
from pennsieve_agent.node.identity.node_secrets import NodeSecrets, scope_of
from pennsieve_agent.node.identity.user_session import keep_tokens
from pennsieve_agent.node.jobs.step_secrets import hidden_of
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_document import status_of
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs import run_logs
from pennsieve_agent.node.runs.log_archive import archive_key, is_archived
from pennsieve_agent.node.runs.transitions import step_states
from pennsieve_agent.node.wake_reconciler import wake

log = logging.getLogger(__name__)

LINK_SECONDS = 900
_ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z-]{0,63}")  # as the names of its jobs begin
_RUN = re.compile(r"/runs/([0-9a-zA-Z-]{1,64})/(cancel|status|logs|archive)")
Answer = dict[str, Any]


class Bad(Exception):  # noqa: N818 - an answer
    """The request cannot be understood."""


def handler(event: Mapping[str, Any], _context: object = None) -> Answer:
    """AWS Lambda's way in."""
    return handle(event, environment_node())


def handle(event: Mapping[str, Any], node: Node) -> Answer:
    """Answer a request."""
    method, path = str(event.get("method") or ""), str(event.get("path") or "")
    query = {str(k): str(v) for k, v in (event.get("query") or {}).items()}
    body = event.get("body")
    if isinstance(body, str):
        body = json.loads(body or "{}")
    hosted_request = _HostedRequest(node, query, body if isinstance(body, Mapping) else {})
    match = _RUN.fullmatch(path)
    route = f"{method} {match[2] if match else path}"
    if (answer := hosted_request.routes.get(route)) is None or bool(match) != (route in _OF_RUN):
        return _said(404, "there is no such request")
    try:
        return answer(match[1] if match else "")
    except Bad as bad:
        return _said(400, str(bad))


_OF_RUN = {"POST cancel", "GET status", "GET logs", "GET archive"}


class _HostedRequest:
    """One request."""

    def __init__(self, node: Node, query: Mapping[str, str], body: Mapping[str, Any]) -> None:
        self._node, self._query, self._body = node, query, body
        self._journal = RunStore(node)
        self.routes: dict[str, Callable[[str], Answer]] = {
            "POST /runs": self._start,
            "POST cancel": self._cancel,
            "GET status": self._status,
            "GET logs": self._logs,
            "GET archive": self._archive,
            "GET /health": lambda _: _ok(health(node)),
            "GET /secrets": self._names,
            "PATCH /secrets": self._set,
            "DELETE /secrets": self._remove,
            "GET /allowed-processors": lambda _: _ok({"processors": self._journal.allowed()}),
            "PUT /allowed-processors": self._allow,
        }

    def _start(self, _: str) -> Answer:
        run, token = str(self._body.get("runId") or ""), str(self._body.get("token") or "")
        if not _ID.fullmatch(run) or not token:
            raise Bad("a run needs an id and a token")
        record = self._journal.read(run)
        if record is None or record.phase is not Phase.DONE:
            session, refresh = (str(self._body.get(name) or "") for name in ("session", "refresh"))
            keep_tokens(self._node, run, session, refresh)
            self._journal.begin(record or RunRecord(run, self._node.now()), token)
        wake(self._node, (run,))
        return {"status": 202, "body": {"runId": run}}

    def _cancel(self, run: str) -> Answer:
        if not self._journal.ask_cancel(run):
            return _said(404, "this node has no such run")
        wake(self._node, (run,))
        return {"status": 202, "body": {"runId": run}}

    def _status(self, run: str) -> Answer:
        record = self._journal.read(run)
        if record is None:
            return _said(404, "this node has no such run")
        waits = record.waiting
        steps = [
            {"id": step, "status": state, "reason": reason or waits.get(step, "")}
            for step, (state, reason) in step_states(record).items()
        ]
        body = {"status": status_of(record), "phase": record.phase.value, "reason": record.reason}
        return _ok({**body, "steps": steps})

    def _logs(self, run: str) -> Answer:
        record = self._journal.read(run)
        if record is None:
            return _said(404, "this node has no such run")
        hidden = hidden_of(self._node, record)
        limit, since = self._number("limit", run_logs.MOST_LINES), self._number("since", 0)
        step, token = self._query.get("node", ""), self._query.get("next", "")
        try:
            page = run_logs.LogReading(self._node, record, step, since).page(limit, token, hidden)
        except ValueError:
            raise Bad("next is not a token of this log") from None
        rows = [{"node": row.pop("step"), **row} for row in page["messages"]]
        return _ok({**page, "messages": rows})

    def _archive(self, run: str) -> Answer:
        record = self._journal.read(run)
        if record is None or record.phase not in {Phase.CLEANING, Phase.REPORTING, Phase.DONE}:
            return _said(404, "the log is available when the run has ended")
        if not is_archived(record):
            return _said(404, "the archive of this log is not ready yet")
        where = {"Bucket": self._node.settings.bucket, "Key": archive_key(run)}
        url = self._node.client("s3").generate_presigned_url(
            "get_object", Params=where, ExpiresIn=LINK_SECONDS
        )
        return _ok({"url": url})

    def _number(self, name: str, default: int) -> int:
        text = self._query.get(name, "")
        if text and not (text.isascii() and text.isdigit()):
            raise Bad(f"{name} must be a number")
        return int(text) if text else default

    def _scope(self) -> str:
        scope, user = self._query.get("scope", "user"), self._query.get("userId", "")
        if scope not in {"user", "shared"} or (scope == "user" and not user):
            raise Bad("scope must be shared, or user with a userId")
        return scope_of(scope, user)

    def _names(self, _: str) -> Answer:
        return _ok({"keys": sorted(NodeSecrets(self._node).names(self._scope()))})

    def _set(self, _: str) -> Answer:
        secrets = self._body.get("secrets")
        if not isinstance(secrets, Mapping) or not secrets:
            raise Bad("there are no secrets")
        try:
            NodeSecrets(self._node).merge(
                self._scope(), {str(k): str(v) for k, v in secrets.items()}
            )
        except ValueError as error:
            raise Bad(str(error)) from None
        return _ok({"message": "secrets updated"})

    def _remove(self, _: str) -> Answer:
        key, every = self._query.get("key", ""), self._query.get("deleteAll") == "true"
        if not key and not every:
            raise Bad("say which: key, or deleteAll=true")
        NodeSecrets(self._node).remove(self._scope(), "" if every else key)
        return _ok({"message": "secrets removed"})

    def _allow(self, _: str) -> Answer:
        processors = self._body.get("processors") or []
        if not isinstance(processors, list) or not all(
            isinstance(processor, str) for processor in processors
        ):
            raise Bad("processors must be a list of texts")
        self._journal.allow(processors)
        return _ok({"message": "allowed processors updated"})


def _ok(body: Mapping[str, Any]) -> Answer:
    return {"status": 200, "body": dict(body)}


def _said(status: int, text: str) -> Answer:
    return {"status": status, "body": {"message": text}}
