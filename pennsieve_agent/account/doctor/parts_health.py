"""Whether the parts of a node are healthy, as pure decisions: functions, queues, quotas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.account.register.preflight_problems import Finding, Weight
from pennsieve_agent.account.spec.node_spec import Code
from pennsieve_agent.account.world.check_result import Check
from pennsieve_agent.account.world.own_node_state import issues_of
from pennsieve_agent.aws.deployed import Deployed
from pennsieve_agent.aws.queues import Part
from pennsieve_agent.domain.prices import GB, S3_GB_MONTH

_HEALTHY = {"HEALTHY", "OK"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What was read of a node that is turned on.

    ``functions`` are by the names they should have; ``code`` is what this program would upload;
    ``expected`` are the names of the queues; ``answer`` is what the node says of itself, None when
    it does not answer.
    """

    functions: Mapping[str, Deployed | None] = field(default_factory=dict)
    code: Code | None = None
    answer: Mapping[str, Any] | None = None
    expected: Sequence[str] = ()
    queues: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()


def part_checks(parts: Parts, again: str) -> tuple[Check, ...]:
    """The checks, in the order in which one would fix things. ``again`` is the remedy of most."""
    return (
        _functions(parts, again),
        _code(parts, again),
        _answer(parts, again),
        _queues(parts, again),
        *_kept(parts, again),
        *_limits(parts),
    )


def _functions(parts: Parts, again: str) -> Check:
    missing = [name for name, function in parts.functions.items() if function is None]
    broken = [
        f"{name} is {function.state}{_because(function.reason)}"
        for name, function in parts.functions.items()
        if function is not None and function.state not in {"Active", "Inactive"}
    ]
    finding = ", ".join([*(f"{name} does not exist" for name in missing), *broken])
    why = "no run starts without them"
    return Check("functions", not finding, finding or "they exist", why, again)


def _code(parts: Parts, again: str) -> Check:
    digests = {function.digest for function in parts.functions.values() if function is not None}
    why = "another version of the code may not do what this program asks of it"
    if parts.code is None:
        return Check("code", passed=True, finding="not compared", why=why, remedy=again)
    if not digests:
        return Check("code", passed=False, finding="there is none", why=why, remedy=again)
    well = digests == {parts.code.digest}
    finding = f"version {parts.code.version}" if well else (
        f"it is not the code of this program, version {parts.code.version}"
    )  # fmt: skip
    return Check("code", well, finding, why, again)


def _answer(parts: Parts, again: str) -> Check:
    name = "node's answer"
    why = "the node reports whether it reaches Pennsieve, and what is missing"
    if parts.answer is None:
        return Check(name, passed=False, finding="it does not answer", why=why, remedy=again)
    issues = issues_of(parts.answer)
    state = str(parts.answer.get("status", ""))
    well = state.upper() in _HEALTHY and not issues
    finding = "; ".join([state.lower() or "it reports no status", *issues])
    return Check(name, well, finding, why, again)


def _queues(parts: Parts, again: str) -> Check:
    kinds = ("compute environment", "queue")
    there = {(part.kind, part.name) for part in parts.queues}
    missing = [
        f"{kind} {name} does not exist"
        for name in parts.expected
        for kind in kinds
        if (kind, name) not in there
    ]
    broken = [
        f"{part.kind} {part.name} is {_state(part)}{_because(part.reason)}"
        for part in parts.queues
        if not part.well
    ]
    finding = "; ".join([*missing, *broken])
    why = "jobs in a queue that cannot run them never start"
    return Check("queues", not finding, finding or "all can run jobs", why, again)


def _kept(parts: Parts, again: str) -> Iterator[Check]:
    """What steps made that is kept after their runs; nothing is said where there is none.

    An older node does not tell.
    """
    kept = (parts.answer or {}).get("kept")
    if not isinstance(kept, Mapping) or not kept.get("runs"):
        return
    runs, amount, overdue = kept["runs"], int(kept.get("bytes") or 0), int(kept.get("overdue") or 0)
    least = "at least " if kept.get("unmeasured") else ""
    finding = (
        f"{least}{_least(amount / GB, 1)} GB of {_runs(runs)}, until "
        f"{str(kept.get('until'))[:10]} at the latest; "
        f"{_least(amount / GB * S3_GB_MONTH, 2)} USD a month"
    )
    if overdue:
        finding += f"; the days of {_runs(overdue)} are over, and it is still there"
    why = "it is paid for as long as it is in the node's bucket"
    yield Check("kept step files", not overdue, finding, why, again)


def _least(value: float, digits: int) -> str:
    """A figure; of one that would be 0, what it is less than."""
    text = f"{value:.{digits}f}"
    return text if float(text) else f"less than {10**-digits:.{digits}f}"


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def _state(part: Part) -> str:
    return part.status or "without a status" if part.enabled else "disabled"


def _because(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _limits(parts: Parts) -> tuple[Check, ...]:
    """Quotas, and the network where it is not the node's own."""
    limits = [problem for problem in parts.findings if problem.about.startswith("quota")]
    others = [problem for problem in parts.findings if problem not in limits]
    return (
        _of("quotas", limits, "quotas of the AWS account limit how much can run at once"),
        _of(
            "network", others, "jobs must reach the file system and AWS, and must not be reachable"
        ),
    )


def _of(name: str, problems: Sequence[Finding], why: str) -> Check:
    grave = [f for f in problems if f.weight is Weight.ERROR]
    shown = "; ".join(f.sentence for f in (*grave, *(f for f in problems if f not in grave)))
    remedy = next((f.remedy for f in (*grave, *problems)), "")
    return Check(name, not problems, shown or "no problems", why, remedy or "-")
