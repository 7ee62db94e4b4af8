"""Faults on purpose: errors of networks and of the hosted platform, repeatable by a seed.

Off unless ``pennsieve sandbox start --faults SPEC`` or ``--fault-seed N`` asks for it. A spec is a
comma-separated list of kinds, each with an optional rate between 0 and 1 and an optional pattern of
paths: ``429``, ``reset=0.2``, ``500=0.1@/datasets*``. ``all`` is every kind but ``cache``,
``unsafe`` and ``foreign``.

=========== ======================================================================================
latency     the answer comes up to half a second later
429         refused, with ``Retry-After``
500         the gateway's ``Internal Server Error``; the request may have been done before
503         refused after 30 seconds, as a gateway does that has waited long enough
reset       the connection ends after a part of the body
stale       a list is answered as it was a few requests ago
skew        the clock that dates tokens is minutes wrong; decided once, not for each request
cache       v2 remembers for 300 seconds who may do what, as the hosted gateway does
unsafe      the dangerous imperfections of the hosted platform (:func:`unsafe`)
foreign     workflows may name code that is in no App Store (:func:`takes_foreign`)
=========== ======================================================================================

What happens to a request depends on the seed, its method and path, and how many like it there were;
not on time and not on other requests, so that a failing test can be repeated.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.host.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KINDS = ("latency", "429", "500", "503", "reset", "stale")
"""Those that befall single requests, in the order in which they are considered."""
RATE = 0.05
MAX_LATENCY_SECONDS = 0.5
GATEWAY_SECONDS = 30.0
RETRY_AFTER_SECONDS = 1
MAX_SKEW_SECONDS = 600
STALE_REQUESTS = 3
MAX_REMEMBERED = 1000
_UNSAFE = "unsafe"
_CACHE = "cache"
_FOREIGN = "foreign"
_LISTS = re.compile(
    r"/(datasets(/paginated)?|datasets/[^/]+/packages|webhooks|repositories|upload/manifest"
    r"|applications(/store)?|compute/(resources|workflows)/[a-z-]+)/?"
)
"""Routes that answer a list, and may lag behind."""

Sleep = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of fault, how often it happens, and to which paths."""

    kind: str
    rate: float = RATE
    paths: str = "*"


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go wrong. ``rules`` hold no kind twice for the same paths."""

    seed: int
    rules: tuple[Rule, ...]

    @property
    def caches(self) -> bool:
        """Whether the gateway of v2 remembers its decisions (``contracts/core.md`` 1.9)."""
        return any(rule.kind == _CACHE for rule in self.rules)

    @property
    def skew_seconds(self) -> float:
        """How far the clock that dates tokens is from the right one."""
        if not any(rule.kind == "skew" for rule in self.rules):
            return 0.0
        return self._random("skew").uniform(-MAX_SKEW_SECONDS, MAX_SKEW_SECONDS)

    def strike(self, method: str, path: str, number: int) -> tuple[str, float] | None:
        """The fault of the ``number``-th such request: its kind, and how severe it is (0 to 1)."""
        for rule in self.rules:
            if rule.kind in KINDS and fnmatchcase(path, rule.paths):
                drawn = self._random(f"{rule.kind} {method} {path} {number}")
                if drawn.random() < rule.rate:
                    return rule.kind, drawn.random()
        return None

    def _random(self, about: str) -> random.Random:
        return random.Random(f"{self.seed} {about}")  # noqa: S311 - to be repeated, not secret


def parse(spec: str | None, seed: int | None) -> Plan | None:
    """The plan of ``--faults`` and ``--fault-seed``; None when neither is given.

    Raises:
        UsageProblem: the spec has a word in it that is not a fault, or a rate that is none.

    """
    if spec is None and seed is None:
        return None
    rules: list[Rule] = []
    for part in (spec or "all").split(","):
        match = re.fullmatch(r"([a-z0-9]+)(?:=([0-9.]+))?(?:@(\S+))?", part.strip())
        kind = match[1] if match else part
        if not match or kind not in {*KINDS, "skew", _CACHE, _UNSAFE, _FOREIGN, "all"}:
            raise UsageProblem(
                f"there is no fault '{part.strip()}'",
                hint=f"faults: {', '.join((*KINDS, 'skew', _CACHE, _UNSAFE, _FOREIGN, 'all'))}",
            )
        rate, paths = _rate(match[2]), match[3] or "*"
        kinds = (*KINDS, "skew") if kind == "all" else (kind,)
        rules += [Rule(fault, rate, paths) for fault in kinds]
    return Plan(seed or 0, tuple(rules))


def remember(store: Store, plan: Plan | None) -> None:
    """Store for the other parts which behaviours of the hosted platform are switched on."""
    kinds = {rule.kind for rule in plan.rules} if plan is not None else set()
    for kind in (_UNSAFE, _FOREIGN):
        value = "1" if kind in kinds else "0"
        store.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (kind, value))


def unsafe(store: Store) -> bool:
    """Whether to behave as dangerously as the hosted platform does where the contract says so."""
    return _is_noted(store, _UNSAFE)


def takes_foreign(store: Store) -> bool:
    """Whether workflows may name code that is not in the App Store.

    Whether the hosted platform takes them is not public; unless asked otherwise it does not.
    """
    return _is_noted(store, _FOREIGN)


def _is_noted(store: Store, kind: str) -> bool:
    row = store.row("SELECT value FROM settings WHERE name = ?", (kind,))
    return row is not None and row["value"] == "1"


class Faults:
    """A WSGI application in front of another that injects faults."""

    def __init__(self, app: WSGIApplication, plan: Plan, sleep: Sleep | None = None) -> None:
        self._app = app
        self._plan = plan
        self._sleep = sleep or threading.Event().wait
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._past: dict[tuple[str, str, str], deque[_Answer]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request, with or without a fault."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        kind, strength = self._plan.strike(method, path, self._count(method, path)) or ("", 0.0)
        match kind:
            case "429":
                wait = str(RETRY_AFTER_SECONDS)
                return _refuse(start_response, "429 Too Many Requests", [("Retry-After", wait)])
            case "503":
                self._sleep(GATEWAY_SECONDS)
                return _refuse(start_response, "503 Service Unavailable", [])
            case "latency":
                self._sleep(strength * MAX_LATENCY_SECONDS)
            case _:
                pass
        if kind == "500" and strength < 1 / 2:  # lost before it was done; else after
            return _refuse(start_response, "500 Internal Server Error", [])
        if not (kind in ("500", "reset") or _is_list(method, path)):
            return self._app(environ, start_response)
        answer = _Answer.of(self._app, environ)
        if kind == "500":
            return _refuse(start_response, "500 Internal Server Error", [])
        if _is_list(method, path):
            answer = self._aged(environ, answer, stale=kind == "stale")
        start_response(answer.status, answer.headers)
        return answer.torn(strength) if kind == "reset" else [answer.body]

    def _count(self, method: str, path: str) -> int:
        with self._lock:
            if len(self._counts) >= MAX_REMEMBERED:
                self._counts.clear()
            self._counts[method, path] = number = self._counts.get((method, path), 0) + 1
            return number

    def _aged(self, environ: WSGIEnvironment, answer: _Answer, *, stale: bool) -> _Answer:
        """The answer, or an older answer to the same request if it is to be stale."""
        credential = environ.get("HTTP_AUTHORIZATION", "")
        key = (credential, environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""))
        if not answer.status.startswith("200"):
            return answer
        with self._lock:
            if len(self._past) >= MAX_REMEMBERED:
                self._past.clear()
            past = self._past.setdefault(key, deque(maxlen=STALE_REQUESTS))
            past.append(answer)
            return past[0] if stale else answer


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, app: WSGIApplication, environ: WSGIEnvironment) -> _Answer:
        responses: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Any:
            del exc_info
            responses.append((status, headers))

        chunks = app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if (close := getattr(chunks, "close", None)) is not None:
                close()
        return cls(*responses[-1], body)

    def torn(self, strength: float) -> Iterator[bytes]:
        """A part of the body, and then the end of the connection."""
        yield self.body[: int(len(self.body) * strength)]
        raise ConnectionResetError("on purpose")


def _is_list(method: str, path: str) -> bool:
    return method == "GET" and _LISTS.fullmatch(path) is not None


def _rate(text: str | None) -> float:
    try:
        rate = RATE if text is None else float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise UsageProblem(f"'{text}' is not a rate", hint="a rate is between 0 and 1")
    return rate


def _refuse(
    start_response: StartResponse, status: str, headers: list[tuple[str, str]]
) -> list[bytes]:
    content = json.dumps({"message": status.partition(" ")[2]}).encode()
    length = ("Content-Length", str(len(content)))
    start_response(status, [("Content-Type", "application/json"), length, *headers])
    return [content]
