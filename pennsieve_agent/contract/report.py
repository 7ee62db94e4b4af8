"""The results of the checks, as lines and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pennsieve_agent.contract.runner import Outcome, Verdict


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each check that failed, and one that sums up."""
    yield from (outcome.line for outcome in outcomes if outcome.failed)
    counts = _counts(outcomes)
    text = f"{counts['passed']} of {len(outcomes)} checks passed, {counts['failed']} failed"
    if counts["left_out"]:
        text += f"; {counts['left_out']} left out: there is nothing to ask them about"
    yield text


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The counts, and every check that did not pass."""
    return {
        **_counts(outcomes),
        "checks": [_one(outcome) for outcome in outcomes if outcome.verdict is not Verdict.PASSED],
    }


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return {
        verdict.name.lower(): sum(outcome.verdict is verdict for outcome in outcomes)
        for verdict in Verdict
    }


def _one(outcome: Outcome) -> dict[str, Any]:
    check = outcome.check
    return {
        "name": check.name,
        "verdict": outcome.verdict.name.lower(),
        "method": check.method,
        "surface": check.surface.value,
        "path": check.path,
        "asker": check.asker.value,
        "problems": list(outcome.problems),
        "got": outcome.got,
    }
