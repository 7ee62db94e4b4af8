"""Evaluating IAM policies: AWS's rules, as far as our documents use them.

An explicit Deny wins, then a permissions boundary bounds, then an Allow allows; everything else is
refused (AWS, "Policy evaluation logic"). Actions are compared without regard to case, resources
with it; in both ``*`` and ``?`` are wildcards. A condition whose operator is not known here is
never met in an Allow and always met in a Deny, which is the careful reading of both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = Mapping[str, Any]
Statement = Mapping[str, Any]


class Verdict(StrEnum):
    """What comes of a request."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. ``context`` maps condition keys, such as ``sts:ExternalId``, to their values."""

    action: str
    resource: str = "*"
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def decide(
    ask: Ask, policies: Iterable[Document], boundary: Document | None = None, *, fair: bool = True
) -> Verdict:
    """What the policies of an identity make of a request.

    With ``fair=False`` it asks for the worst: each Allow's conditions count as met, each Deny's
    as not met. What is not allowed even then can never be done.
    """
    documents = [statement for policy in policies for statement in statements(policy)]
    limits = None if boundary is None else list(statements(boundary))
    for statement in (*documents, *(limits or ())):
        if statement.get("Effect") == "Deny" and _applies(statement, ask, fair=fair):
            return Verdict.DENIED
    for group in (documents, limits):
        if group is not None and not any(
            s.get("Effect") == "Allow" and _applies(s, ask, fair=fair) for s in group
        ):
            return Verdict.NOT_ALLOWED
    return Verdict.ALLOWED


def lets_in(trust: Document, ask: Ask, principal: str) -> bool:
    """Whether a role's trust policy lets a principal do ``ask.action``.

    ``principal`` is an ARN, or the name of a service such as ``lambda.amazonaws.com``.
    """
    rows = [
        (str(s.get("Effect")), s)
        for s in statements(trust)
        if _named(s, principal) and _covers(s, "Action", ask.action, fold=True)
    ]
    if any(effect == "Deny" and _holds(s, ask, otherwise=True) for effect, s in rows):
        return False
    return any(effect == "Allow" and _holds(s, ask, otherwise=False) for effect, s in rows)


def statements(document: Document) -> Iterator[Statement]:
    """The statements of a document; AWS takes a lone one without its list."""
    for statement in many(document.get("Statement")):
        if isinstance(statement, Mapping):
            yield statement


def covers(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action, on whatever resource."""
    return _covers(statement, "Action", action, fold=True)


def many(value: Any) -> list[Any]:
    """A value that may be one or a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def fits(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Whether a text is what a pattern with ``*`` and ``?`` means."""
    return bool(_compiled(pattern, fold).fullmatch(text))


@functools.lru_cache(maxsize=8192)
def _compiled(pattern: str, fold: bool) -> re.Pattern[str]:  # noqa: FBT001 - as the cache has it
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if fold else 0))


def _applies(statement: Statement, ask: Ask, *, fair: bool) -> bool:
    if not _covers(statement, "Action", ask.action, fold=True):
        return False
    if not _covers(statement, "Resource", ask.resource, fold=False):
        return False
    denies = statement.get("Effect") == "Deny"
    if not fair:
        return not (denies and statement.get("Condition"))
    return _holds(statement, ask, otherwise=denies)


def _covers(statement: Statement, kind: str, text: str, *, fold: bool) -> bool:
    """Whether Action or Resource, or their opposites NotAction and NotResource, mean the text."""
    if f"Not{kind}" in statement:
        return not any(fits(str(p), text, fold=fold) for p in many(statement[f"Not{kind}"]))
    return any(fits(str(p), text, fold=fold) for p in many(statement.get(kind)))


def _named(statement: Statement, principal: str) -> bool:
    principals = statement.get("Principal")
    kinds = (
        [principals.get("AWS"), principals.get("Service")]
        if isinstance(principals, Mapping)
        else [principals]
    )
    names = [name for kind in kinds for name in many(kind)]
    account = principal.split(":")[4] if principal.count(":") >= 5 else ""  # noqa: PLR2004 - arn:p:s:r:a
    root = re.sub(r":[^:]*$", ":root", principal)
    same = {"*", principal, account or principal, re.sub(r"^(arn:[^:]+:)sts:", r"\1iam:", root)}
    return any(str(name) in same for name in names)


def _holds(statement: Statement, ask: Ask, *, otherwise: bool) -> bool:
    """Whether all conditions hold; ``otherwise`` is for an operator that is not known here."""
    context = {key.lower(): [str(v) for v in many(value)] for key, value in ask.context.items()}
    block = statement.get("Condition") or {}
    return all(
        _met(str(operator), context.get(str(key).lower()), many(values), otherwise=otherwise)
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _met(operator: str, actual: list[str] | None, expected: list[Any], *, otherwise: bool) -> bool:
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in expected]
    if operator == "Null":
        return (actual is None) == ("true" in texts)
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        if actual is None:
            return True
        name = name.removesuffix("IfExists")
    negated = "Not" in name
    test = _TESTS.get(name.replace("Not", ""))
    if test is None:
        return otherwise
    if actual is None:
        return negated or quantifier == "ForAllValues"
    hits = [any(test(text, value) for text in texts) is not negated for value in actual]
    return any(hits) if quantifier == "ForAnyValue" else all(hits)


def _same(text: str, value: str) -> bool:
    return text.casefold() == value.casefold()


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": _same,
    "StringLike": fits,
    "ArnEquals": fits,
    "ArnLike": fits,
    "Bool": _same,
}
