"""Calling a compute node of the user's own, or one that was shared: its functions, by AWS.

The owner of a node is answered by ``admin``, everybody else by ``gateway``. The first call proves
who makes it; the next ones carry the ticket that was the answer.
"""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.aws.node_proof import proof_of
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.node_protocol import PROTOCOL, body_of, unqualified, with_body
from pennsieve_agent.domain.own_node import Claimed, OwnNode, functions_log_group
from pennsieve_agent.domain.tickets import Ticket, Tickets
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Conflict,
    Forbidden,
    Invalid,
    NodeError,
    NodeNewer,
    NodeOlder,
    NodeUnreachable,
    NotFound,
    NotPermitted,
    PlatformError,
)

BACKOFF = Backoff(first=0.5, longest=8.0, repeats=5)
"""While the node is too busy."""
TICKET_MARGIN = 20.0
"""A ticket with less time than this left is not used."""
NO_CREDENTIALS = "NoCredentialsError"
CREDENTIALS_HINT = (
    "sign in with: aws sso login --profile NAME, and set AWS_PROFILE=NAME; or keep keys with: "
    "pennsieve aws add NAME; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_BUSY = frozenset(
    {
        *("TooManyRequestsException", "ThrottlingException", "Throttling", "SlowDown"),
        *("RequestLimitExceeded", "EC2ThrottledException", "ServiceException"),
    }
)
_NOT_FOUND = frozenset({"ResourceNotFoundException", "InvalidParameterValueException"})
_HINTS = {
    "not-shared": "ask the owner to share it: pennsieve compute share NODE --aws ARN --workflow W",
    "no-builder": "build it on this machine, with a container engine: --build here",
    "build-quota": "build it on this machine, with a container engine: --build here; or ask AWS "
    "for more: Service Quotas, AWS CodeBuild, 'Concurrently running builds for Linux/Small "
    "environment'",
}
_AGAIN = frozenset({"ticket", "replayed"})
"""Refusals that a fresh proof may turn."""
_KINDS: dict[int, type[PlatformError]] = {
    400: Invalid,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
}
_OK, _UNAUTHORIZED, _UPGRADE, _TOO_MANY, _SERVER = 300, 401, 426, 429, 500
Answer = Mapping[str, Any]


class NodeClient:
    """One node. ``now`` is in unix seconds, ``person`` is what the node is told as a claim."""

    def __init__(
        self,
        node: OwnNode,
        session: Aws,
        tickets: Tickets,
        person: Claimed,
        now: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,  # noqa: TID251 - the function itself
    ) -> None:
        self.node = node
        self._aws = session.at(node.region)
        self._tickets = tickets
        self._person = person
        self._now = now
        self._sleep = sleep

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        """The document that a node answers.

        ``admin`` says that only its owner may ask this.

        Raises:
            NotPermitted: AWS does not let these credentials call the function.
            Forbidden: the node refuses who calls, or what he asks.
            NotFound, Conflict, Invalid: the node refuses the request.
            NodeOlder, NodeNewer: node and program do not speak one protocol.
            NodeUnreachable: the node is gone, or stays too busy.
            AwsError: there are no usable AWS credentials, or AWS refused something else.

        """
        if admin and not self.node.is_owned:
            raise Forbidden(
                f"only the owner of compute node '{self.node.name}' can do this",
                where=self.node.gateway,
                hint="ask the owner; the node was shared with you",
            )
        event = self._event(method, path, query or {}, body)
        function = unqualified(self.node.admin or self.node.gateway)
        return self._document(self._patiently(function, event))

    def _event(
        self, method: str, path: str, query: Mapping[str, str], body: Any
    ) -> Mapping[str, Any]:
        """The request as the node's function reads it."""
        event = {
            "protocol": PROTOCOL,
            "method": method,
            "path": path,
            "query": {name: str(value) for name, value in query.items()},
            "person": {"name": self._person.name, "email": self._person.email},
        }
        if body is None:
            return event
        try:
            return with_body(event, body)
        except ValueError as error:
            raise Invalid(f"the request is too large for the node: {error}") from None

    def _patiently(self, function: str, event: Mapping[str, Any]) -> Answer:
        """The node's answer, asked for again while the node is too busy."""
        for pause in BACKOFF.waits(random.random):
            try:
                answer = self._proven(function, event)
            except AwsError as error:
                if error.aws_code not in _BUSY or pause is None:
                    raise self._translated(error, function) from error
            else:
                if answer.get("status") != _TOO_MANY or pause is None:
                    return answer
            self._sleep(pause)
        raise AssertionError  # the last try either answers or raises

    def _proven(self, function: str, event: Mapping[str, Any]) -> Answer:
        """The answer to a request with a ticket; with a proof where there is none, or it ended."""
        keys = self._keys()
        place = f"{function}#{hashlib.sha256(keys.key_id.encode()).hexdigest()[:16]}"
        ticket = self._tickets.get(place)
        if ticket is not None and ticket.until - self._now() > TICKET_MARGIN:
            answer = self._call(function, _with_id(event) | {"ticket": ticket.value})
            if not _is_worth_a_proof(answer):
                return answer
            self._tickets.drop(place)
        answer = self._prove(function, event, keys)
        if _is_worth_a_proof(answer):  # the way to AWS made it twice, and the first answer was lost
            answer = self._prove(function, event, keys)
        if isinstance(new_ticket := answer.get("ticket"), Mapping):
            self._tickets.put(place, Ticket(str(new_ticket["value"]), float(new_ticket["until"])))
        return answer

    def _prove(self, function: str, event: Mapping[str, Any], keys: SigningKeys) -> Answer:
        request = _with_id(event)
        proof = proof_of(keys, function, request, self._aws.endpoint, self._now())
        return self._call(function, request | {"proof": proof})

    def _keys(self) -> SigningKeys:
        try:
            return self._aws.signing_keys()
        except AwsError as error:
            if error.aws_code != NO_CREDENTIALS:
                raise
            raise AwsError(
                f"no AWS credentials on this machine: compute node '{self.node.name}' is called "
                "with an AWS identity",
                where=self.node.aws_profile or None,
                hint=CREDENTIALS_HINT,
                aws_code=NO_CREDENTIALS,
            ) from error

    def _call(self, function: str, event: Mapping[str, Any]) -> Answer:
        result = self._aws.invoke(function, json.dumps(event).encode())
        try:
            answer = json.loads(result.payload or b"null")
        except ValueError:
            answer = None
        if result.error or not isinstance(answer, dict):
            words = answer.get("errorMessage") if isinstance(answer, dict) else None
            raise NodeError(
                f"compute node '{self.node.name}' failed: {words or 'it gave no usable answer'}",
                where=function,
                hint="its owner reads its log with: aws logs tail "
                f"{functions_log_group(self.node.token)} --since 1h --region {self.node.region}",
            )
        return answer

    def _document(self, answer: Answer) -> Mapping[str, Any]:
        """The body of a good answer; any other raises what it means."""
        status = answer.get("status")
        if answer.get("protocol") is None or not isinstance(status, int):
            raise self._older("")
        body = body_of(answer)
        document: Mapping[str, Any] = body if isinstance(body, Mapping) else {"": body}
        if status < _OK:
            return document
        raise self._refusal(status, document, str(answer.get("version") or ""))

    def _refusal(self, status: int, body: Mapping[str, Any], version: str) -> AgentError:
        code, text = str(body.get("code") or ""), str(body.get("message") or f"status {status}")
        if status == _UPGRADE:
            spoken = body.get("protocol") or {}
            is_newer = int(spoken.get("least") or 0) > PROTOCOL
            return self._newer(version) if is_newer else self._older(version)
        if code == "no-such-request":
            return self._older(version)
        if code == "clock":
            return self._clock(body)
        if status == _TOO_MANY or status >= _SERVER:
            return NodeUnreachable(
                f"compute node '{self.node.name}' cannot answer now: {text}",
                where=self.node.gateway,
                hint="wait a minute, then try again; look at it with: pennsieve compute doctor",
            )
        kind = _KINDS.get(status, PlatformError)
        hint = _HINTS.get(code)
        error = kind(f"compute node '{self.node.name}': {text}", hint=hint, status=status)
        error.answer = dict(body)
        return error

    def _clock(self, body: Mapping[str, Any]) -> AgentError:
        away = self._now() - float(body.get("now") or self._now())
        which = "ahead" if away > 0 else "behind"
        return Forbidden(
            f"this machine's clock is {abs(away):.0f} seconds {which}; the compute node refuses "
            "what is signed more than 5 minutes off",
            hint="set the clock right, then run the command again",
            status=_UNAUTHORIZED,
        )

    def _older(self, version: str) -> NodeOlder:
        return NodeOlder(
            f"compute node '{self.node.name}' is older than this program{_of_version(version)} and "
            "does not know this request",
            where=self.node.gateway,
            hint=f"update it with: pennsieve compute update {self.node.name}"
            if self.node.is_owned
            else "ask its owner to type: pennsieve compute update NODE",
        )

    def _newer(self, version: str) -> NodeNewer:
        return NodeNewer(
            f"compute node '{self.node.name}' is newer than this program{_of_version(version)}",
            where=self.node.gateway,
            hint="update this program: get its newest version and install that as you did before",
        )

    def _translated(self, error: AwsError, function: str) -> AgentError:
        """What a refusal of AWS's means for a node."""
        name = self.node.name
        if isinstance(error, NotPermitted):
            return NotPermitted(
                f"AWS does not let you call compute node '{name}': lambda:InvokeFunction on "
                f"{function} is missing",
                where=function,
                hint="use other credentials: set AWS_PROFILE=NAME"
                if self.node.is_owned
                else "the owner lets you in with: pennsieve compute share; in an AWS account of "
                "your own, its administrator must allow this action, too",
                aws_code=error.aws_code,
            )
        if error.aws_code in _NOT_FOUND:
            return NodeUnreachable(
                f"compute node '{name}' is gone: AWS has no function {function}",
                where=function,
                hint="see which there are with: pennsieve compute list",
            )
        if error.aws_code in _BUSY:
            return NodeUnreachable(
                f"compute node '{name}' is too busy to answer",
                where=function,
                hint="wait a minute, then try again",
            )
        return error


def _of_version(version: str) -> str:
    return f" (it has version {version})" if version else ""


def _with_id(event: Mapping[str, Any]) -> dict[str, Any]:
    """A request with a random id of its own, which is never used again."""
    return {**event, "id": secrets.token_hex(16)}


def _is_worth_a_proof(answer: Answer) -> bool:
    if answer.get("status") != _UNAUTHORIZED:
        return False
    body = answer.get("body")
    return isinstance(body, Mapping) and body.get("code") in _AGAIN
