"""EventBridge: events of Batch and schedules, delivered to the functions that rules name."""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pennsieve_agent.domain import iam_policies
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock

log = logging.getLogger(__name__)

SERVICE = "events.amazonaws.com"
TICK_SECONDS = 1.0
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


class Functions(Protocol):
    """Receives events for functions."""

    def send(self, account: str, region: str, name: str, payload: bytes) -> None:
        """Queue an event for a function."""
        ...


@dataclass(frozen=True, slots=True)
class _Target:
    account: str
    region: str
    function: str
    payload: bytes


class Events:
    """Delivers events in the order in which they were put. ``now`` is in unix seconds."""

    def __init__(
        self,
        functions: Functions,
        lock: Lock,
        now: Callable[[], float],
        tick: float = TICK_SECONDS,
    ) -> None:
        self._functions = functions
        self._lock = lock
        self._now = now
        self._tick = tick
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._due: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start delivering."""
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Deliver what was put, and end."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def put(self, source: str, kind: str, arn: str, detail: Mapping[str, Any]) -> None:
        """Queue an event about a resource."""
        _, _, _, region, account, _ = arn.split(":", 5)
        event = _event(kind, source, account, region, self._now())
        self._queue.put({**event, "resources": [arn], "detail": dict(detail)})

    def tick(self) -> None:
        """Deliver what schedules have due by now. A rule is first due its period after it is on."""
        now = self._now()
        with self._lock:
            due = list(self._scheduled(now))
        self._send(due)

    def _work(self) -> None:
        while True:
            try:
                event = self._queue.get(timeout=self._tick)
            except queue.Empty:
                self.tick()
                continue
            if event is None:
                return
            with self._lock:
                targets = list(self._matching(event))
            self._send(targets)

    def _send(self, targets: list[_Target]) -> None:
        for target in targets:
            self._functions.send(target.account, target.region, target.function, target.payload)

    def _matching(self, event: Mapping[str, Any]) -> Iterator[_Target]:
        for rule in _rules(event["account"], event["region"]):
            if not rule.scheduled_expression and rule.event_pattern.matches_event(event):
                yield from _targets(rule, event)

    def _scheduled(self, now: float) -> Iterator[_Target]:
        on = {}
        for account, region in _places():
            for rule in _rules(account, region):
                match = _RATE.fullmatch(rule.scheduled_expression or "")
                if match is None:
                    continue
                period = int(match[1]) * _UNITS[match[2]]
                due = self._due.get(rule.arn, now + period)
                if due <= now:
                    due = now + period
                    event = _event("Scheduled Event", "aws.events", account, region, now)
                    yield from _targets(rule, {**event, "resources": [rule.arn], "detail": {}})
                on[rule.arn] = due
        self._due = on


def _event(kind: str, source: str, account: str, region: str, now: float) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
    }


def _places() -> list[tuple[str, str]]:
    from moto.events.models import events_backends  # noqa: PLC0415 - slow

    return [(account, region) for account, regions in events_backends.items() for region in regions]


def _rules(account: str, region: str) -> list[Any]:
    """The rules of the default bus that are on."""
    from moto.events.models import events_backends  # noqa: PLC0415 - slow

    bus = events_backends[account][region].event_buses["default"]
    return [rule for rule in bus.rules.values() if rule.state == "ENABLED"]


def _targets(rule: Any, event: Mapping[str, Any]) -> Iterator[_Target]:
    """The functions that a rule names and may invoke, with what each gets."""
    for target in rule.targets:
        arn = str(target["Arn"])
        _, _, service, region, account, resource = arn.split(":", 5)
        if service != "lambda":
            continue
        name = resource.removeprefix("function:")
        if not _lets_in(account, region, name, arn, rule.arn):
            log.warning("rule %s may not invoke %s", rule.name, name)
            continue
        text = target.get("Input")
        yield _Target(account, region, name, (text or json.dumps(event)).encode())


def _lets_in(account: str, region: str, name: str, arn: str, rule: str) -> bool:
    """Whether a function's resource policy allows a rule to invoke it."""
    context = {"aws:SourceArn": rule, "aws:SourceAccount": account}
    return _policy_lets(
        account, region, name, iam_policies.Ask("lambda:InvokeFunction", arn, context), SERVICE
    )


def function_lets_in(arn: str, who: str) -> bool:
    """Whether a function's resource policy allows a principal of another account to call it."""
    _, _, _, region, account, resource = arn.split(":", 5)
    name = resource.removeprefix("function:").partition(":")[0]
    return _policy_lets(account, region, name, iam_policies.Ask("lambda:InvokeFunction", arn), who)


def _policy_lets(account: str, region: str, name: str, ask: iam_policies.Ask, who: str) -> bool:
    from moto.awslambda.exceptions import UnknownFunctionException  # noqa: PLC0415 - slow
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

    try:
        function = lambda_backends[account][region].get_function(name)
    except UnknownFunctionException:
        return False
    return iam_policies.lets_in({"Statement": function.policy.statements}, ask, who)
