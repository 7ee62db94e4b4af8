"""Answering a call of one of the node's functions: protocol, proof, permissions, log.

Two functions share this. ``admin`` is for the node's owner and answers everything, for all runs;
``gateway`` is for users, who need a share and see what is theirs. Who may call which function is a
right in AWS, and no check of this code.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.node_protocol import LEAST, MOST, PROTOCOL, body_of, with_body
from pennsieve_agent.node.api.proof import NoAnswer, Prover, Unproven
from pennsieve_agent.node.api.tickets import Tickets
from pennsieve_agent.node.execution_environment import environment_node
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

Answer = dict[str, Any]
_BUSY = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
_MOST_CLAIMED = 200
_ABOUT = ("id", "workflow", "version", "dataset", "access", "arn", "scope", "user", "sha256")
"""Fields that say what a call is about, and are never secret."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OK = 300


class Problem(Exception):  # noqa: N818 - an answer
    """A refusal: HTTP's status, a word for programs, a sentence for people."""

    def __init__(self, status: int, code: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.status, self.code, self.more = status, code, more


@dataclass(frozen=True, slots=True)
class Request:
    """A call that was let in. ``shared`` are the workflows of a user; None is all of them."""

    node: Node
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    caller: Caller
    person: Mapping[str, str]
    shared: frozenset[str] | None = None

    @property
    def is_owner(self) -> bool:
        """Whether it came through ``admin``."""
        return self.shared is None

    def may_use(self, workflow: str) -> bool:
        """Whether the caller may ask for a workflow."""
        return self.shared is None or workflow in self.shared

    def may_see(self, record: RunRecord) -> bool:
        """Whether a run is the caller's to see."""
        return record.is_own and (self.is_owner or record.person == self.caller.owner)

    def may_see_batch(self, person: str) -> bool:
        """Whether a batch is the caller's to see; ``person`` is whose it is."""
        return self.is_owner or person == self.caller.owner

    def document(self) -> Mapping[str, Any]:
        """The body, which must be a JSON object.

        Raises:
            Problem: it is something else.

        """
        if not isinstance(self.body, Mapping):
            raise Problem(400, "no-body", "the request has no JSON document")
        return self.body

    def number(self, name: str, default: int, most: int) -> int:
        """A number of the query, from 0 to ``most``.

        Raises:
            Problem: it is something else.

        """
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - enough
            raise Problem(400, "bad-query", f"{name} must be a number")
        return min(int(text), most)

    @property
    def store(self) -> RunStore:
        """What is written down of runs."""
        return RunStore(self.node)

    @property
    def registry(self) -> Registry:
        """What may run."""
        return Registry(self.node)


Reply = tuple[int, Any]
Action = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A request that is known; groups of ``path`` are handed to ``action``."""

    method: str
    path: re.Pattern[str]
    action: Action


def route(method: str, path: str, action: Action) -> Route:
    """A route; ``{}`` in its path is one name, ``{*}`` the rest."""
    pattern = re.escape(path).replace(r"\{\}", "([^/]{1,128})").replace(r"\{\*\}", "(.{1,128})")
    return Route(method, re.compile(pattern), action)


@dataclass(slots=True)
class RequestHandler:
    """One function of the node. ``is_owners`` is for ``admin``."""

    routes: Sequence[Route]
    is_owners: bool

    def handler(self, event: Mapping[str, Any], _context: object = None) -> Answer:
        """AWS Lambda's way in."""
        return self.handle(event, environment_node())

    def handle(self, event: Any, node: Node) -> Answer:
        """Answer a call."""
        call = _Call(self, node, event)
        try:
            status, body = call.answer()
        except Problem as problem:
            status = problem.status
            body = {"code": problem.code, "message": str(problem), **problem.more}
        except Exception as error:
            # Only AWS's refusals are answers; a fault of this code must show as one in Lambda.
            if not (code := aws_code(error)):
                call.note(500)
                raise
            log.exception("AWS refused what a call needs")
            status = 429 if code in _BUSY else 502
            body = {"code": "aws", "message": f"AWS refuses what the node needs: {code}"}
        call.note(status)
        return call.packed(status, body)


class _Call:
    """One call, and what is known of it so far."""

    def __init__(self, handler: RequestHandler, node: Node, event: Any) -> None:
        self._handler, self._node = handler, node
        self._event: Mapping[str, Any] = event if isinstance(event, Mapping) else {}
        self._caller: Caller | None = None
        self._ticket: Mapping[str, Any] | None = None
        self._began = node.now()

    def answer(self) -> Reply:
        event = self._event
        spoken = event.get("protocol")
        if not isinstance(spoken, int) or not LEAST <= spoken <= MOST:
            raise Problem(
                426,
                "protocol",
                f"this node speaks protocol {LEAST} to {MOST}",
                protocol={"least": LEAST, "most": MOST},
            )
        self._caller = caller = self._who()
        method, path = str(event.get("method") or ""), str(event.get("path") or "")
        request = Request(
            self._node,
            method,
            path,
            {str(k): str(v) for k, v in (event.get("query") or {}).items()},
            _body(event),
            caller,
            claimed(event.get("person")),
            self._shared(caller),
        )
        for known in self._handler.routes:
            matched = known.path.fullmatch(path) if known.method == method else None
            if matched:
                return known.action(request, *matched.groups())
        raise Problem(404, "no-such-request", "there is no such request on this function")

    def _who(self) -> Caller:
        tickets = Tickets(self._node, self._function)
        if isinstance(ticket := self._event.get("ticket"), str):
            caller = tickets.caller(ticket)
            if caller is None:
                raise Problem(401, "ticket", "the ticket has ended, or is not one of this function")
            return caller
        if self._event.get("proof") is None:
            raise Problem(401, "no-proof", "the request does not prove who calls")
        try:
            caller = Prover(self._node, self._function).caller(self._event)
        except Unproven as unproven:
            now = int(self._node.now())
            raise Problem(401, unproven.code, str(unproven), now=now) from None
        except NoAnswer as unknown:
            raise Problem(503, "no-sts", str(unknown)) from None
        self._ticket = tickets.give(caller)
        return caller

    def _shared(self, caller: Caller) -> frozenset[str] | None:
        if self._handler.is_owners:
            return None
        shared = Registry(self._node).shared_with(caller)
        if not shared:
            raise Problem(403, "not-shared", f"this node is not shared with {caller.arn}")
        return frozenset(shared)

    def packed(self, status: int, body: Any) -> Answer:
        """The answer as it is sent."""
        settings = self._node.settings
        head = {"protocol": PROTOCOL, "version": settings.version}
        if self._ticket is not None:
            head["ticket"] = self._ticket
        try:
            return with_body({**head, "status": status}, body)
        except ValueError:
            problem = {"code": "too-large", "message": "the answer is too large; ask for less"}
            return {**head, "status": 413, "body": problem}

    def note(self, status: int) -> None:
        """Log who did what, and how it was answered; never bodies, proofs or tickets."""
        event = self._event
        entry = {
            "at": round(self._began, 3),
            "function": self._function,
            "who": self._caller.arn if self._caller else "",
            "claimed": claimed(event.get("person")),
            "method": str(event.get("method"))[:16],
            "path": str(event.get("path"))[:300],
            "about": _about(event),
            "status": status,
        }
        (log.info if status < _OK else log.warning)("call %s", json.dumps(entry, sort_keys=True))

    @property
    def _function(self) -> str:
        settings = self._node.settings
        return settings.admin if self._handler.is_owners else settings.gateway


def claimed(person: Any) -> dict[str, str]:
    """The name and e-mail address that a caller says are his, on one line each."""
    rows = person if isinstance(person, Mapping) else {}
    texts = {name: str(rows.get(name) or "") for name in ("name", "email")}
    return {name: _CONTROL.sub(" ", text)[:_MOST_CLAIMED] for name, text in texts.items()}


def _about(event: Mapping[str, Any]) -> dict[str, str]:
    """What a call is about: ids in its query and body, and nothing else of these."""
    body = event.get("body")
    rows = (event.get("query"), body if isinstance(body, Mapping) else {})
    return {
        name: str(row[name])[:_MOST_CLAIMED]
        for row in rows
        if isinstance(row, Mapping)
        for name in _ABOUT
        if isinstance(row.get(name), str)
    }


def _body(event: Mapping[str, Any]) -> Any:
    try:
        return body_of(event)
    except OverflowError as error:
        raise Problem(413, "too-large", str(error)) from None
    except ValueError as error:
        raise Problem(400, "bad-body", str(error)) from None
