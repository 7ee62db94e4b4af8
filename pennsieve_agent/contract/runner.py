"""Sends the requests of checks, and compares the answers with what the contract says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pennsieve_agent.contract.check import Asker, Check, Json, Nothing, Text
from pennsieve_agent.contract.secrecy import HIDDEN, excerpt, is_secret, masked_text
from pennsieve_agent.contract.session import Known, UnknownValue
from pennsieve_agent.contract.shapes import mismatches
from pennsieve_agent.contract.stage import Workshop, hosted, staged
from pennsieve_agent.contract.suite import all_checks
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.errors import Unreachable
from pennsieve_agent.platform.http.raw import RawAnswer, RawClient


class Verdict(Enum):
    """The result of a check."""

    PASSED = "passed"
    FAILED = "failed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check after it was asked. ``problems`` say what was expected; ``got`` what came."""

    check: Check
    verdict: Verdict
    problems: tuple[str, ...] = ()
    got: str = ""

    @property
    def failed(self) -> bool:
        """Whether the answer was wrong."""
        return self.verdict is Verdict.FAILED

    @property
    def line(self) -> str:
        """What a person reads when it failed."""
        request = f"{self.check.method} {self.check.surface.value} {self.check.path}"
        by = "" if self.check.asker is Asker.OWNER else f", asked by {self.check.asker.value}"
        return f"{self.check.name}: {request}{by}: {'; '.join(self.problems)} (got {self.got})"


def check_all(client: RawClient, hosts: Hosts, key: ApiKey, workshop: Workshop) -> list[Outcome]:
    """Ask every check, on things made for it; only for a sandbox.

    Raises:
        NotSignedIn, PlatformError, Unreachable: the checks could not begin.

    """
    with staged(client, hosts, key, workshop) as known:
        return list(run(all_checks(), client, known))


def check_reading(client: RawClient, hosts: Hosts, key: ApiKey) -> list[Outcome]:
    """Ask the checks that change nothing and need no second key; raises as :func:`check_all`."""
    known = hosted(client, hosts, key)
    return list(
        run((check for check in all_checks() if check.reads and check.hosted), client, known)
    )


def run(checks: Iterable[Check], client: RawClient, known: Known) -> Iterator[Outcome]:
    """Ask the checks, one after another; values they keep are added to ``known``."""
    for check in checks:
        yield ask(check, client, known)


def ask(check: Check, client: RawClient, known: Known) -> Outcome:
    """Ask one check. No answer is a failure; a check that needs an unknown value is skipped."""
    try:
        request = known.request(check)
    except UnknownValue as missing:
        return Outcome(check, Verdict.LEFT_OUT, (f"there is no {missing} to ask with",))
    try:
        answer = client.send(request)
    except Unreachable as error:
        return Outcome(check, Verdict.FAILED, ("an answer was expected",), error.message)
    problems = tuple(judge(check, answer, known))
    keep(check, answer, known)
    if not problems:
        return Outcome(check, Verdict.PASSED)
    return Outcome(check, Verdict.FAILED, problems, f"{answer.status}, {excerpt(answer.body)}")


def judge(check: Check, answer: RawAnswer, known: Known) -> Iterator[str]:
    """The differences between an answer and what the check expects."""
    if answer.status not in check.status:
        expected = " or ".join(str(status) for status in sorted(check.status))
        yield f"expected status {expected}"
    for name, pattern in check.headers.items():
        value = answer.headers.get(name.lower(), "")
        if not re.fullmatch(pattern, value):
            yield f"expected the header {name} to be like {pattern}"
    yield from _judge_body(check, answer.body, known)


def _judge_body(check: Check, body: bytes, known: Known) -> Iterator[str]:
    match check.answer:
        case Json():
            yield from _json(check.answer, body, known)
        case Text():
            if _parses(body):
                yield "expected a text that is not JSON"
            if not re.fullmatch(check.answer.pattern, body.decode(errors="replace"), re.DOTALL):
                yield f"expected a text like {check.answer.pattern}"
        case Nothing():
            if body:
                yield "expected an empty body"
        case None:
            pass


def keep(check: Check, answer: RawAnswer, known: Known) -> None:
    """Take the values out of an answer that a check keeps; what is not there stays unknown."""
    for name, path in check.keep.items():
        value = _at(answer.body, path)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            known.values[name] = str(value)


def _json(expected: Json, body: bytes, known: Known) -> Iterator[str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield "expected JSON"
        return
    for problem in mismatches(known.filled_all(expected.shape), value):
        place, _, rest = problem.partition(" ")
        hidden = " is " in problem and is_secret(place.rpartition(".")[2])
        yield (
            f"expected {place} otherwise: it is {HIDDEN}"
            if hidden
            else masked_text(f"{place} {rest}")
        )


def _parses(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _at(body: bytes, path: str) -> Any:
    """The value at a dotted path of a JSON body; ``0`` is the first of a list, ``-1`` the last."""
    try:
        value = json.loads(body)
        for part in path.split(".") if path else ():
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return value
