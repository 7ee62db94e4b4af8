"""What a role's policy documents mean, in sentences.

Pure, and made from the documents themselves: what can be done comes from their Allow statements;
what cannot be done is asked of :mod:`~pennsieve_agent.domain.iam_policies` with every condition
taken in the worst way, so that a sentence with "cannot" always holds. Actions without words of ours
are named literally.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from pennsieve_agent.account.rights.action_words import OWN_PERMISSIONS, SENSITIVE_ACTIONS
from pennsieve_agent.account.rights.statement_sentences import (
    conditions,
    listing,
    resources,
    verbs,
    who,
    wildcards,
)
from pennsieve_agent.domain.iam_policies import (
    Ask,
    Document,
    Statement,
    Verdict,
    covers,
    decide,
    fits,
    many,
    statements,
)

_OWN = re.compile(
    r"arn:[^:*]+:[a-z0-9]+:[^:]*:[^:]*:"
    r"((stack|table|rule|job-queue|job-definition|compute-environment|file-system|repository)/"
    r"|(function|log-group|secret):|parameter/|role/([^*]*/)?)?"
    r"(pennsieve-node[-/]|/pennsieve/node/).*"
)
_SOME_ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class RoleDocuments:
    """A role's documents. ``boundary`` is None when there is none, or it cannot be seen."""

    name: str
    trust: Document
    permissions: tuple[Document, ...]
    boundary: Document | None = None


@dataclass(frozen=True, slots=True)
class RoleWords:
    """Sentences without a full stop: who may assume it, what it can do, what ``*`` means."""

    who: tuple[str, ...]
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    wildcards: tuple[str, ...]

    def to_json(self) -> dict[str, list[str]]:
        """The sentences for ``--json``."""
        return {key: list(value) for key, value in asdict(self).items()}


def describe(role: RoleDocuments) -> RoleWords:
    """What a role can and cannot do, in sentences."""
    allows = [s for s in _all(role) if s.get("Effect") == "Allow"]
    denies = [s for s in _all(role) if s.get("Effect") == "Deny"]
    never = [f"{listing(verbs(s))}{resources(s)}{conditions(s, 'when')}" for s in denies]
    return RoleWords(
        who=tuple(who(role.trust)),
        can=tuple(f"{listing(verbs(s))}{resources(s)}{conditions(s, 'if')}" for s in allows),
        cannot=(*sensitive_denied(role), *never),
        wildcards=tuple(dict.fromkeys(w for s in (*allows, *denies) for w in wildcards(s))),
    )


def summary(role: RoleDocuments, who: str = "Pennsieve") -> tuple[str, str]:
    """Two lines for a plan: what ``who`` can do by this role, and what it cannot."""
    allows = [s for s in _all(role) if s.get("Effect") == "Allow"]
    parts = [
        f"{listing(_by_name_last(able))}{where}"
        for where in _WHERE
        if (able := list(dict.fromkeys(v for s in allows if _where(s) == where for v in verbs(s))))
    ]
    can = f"{who} can {'; '.join(parts)}" if parts else f"{who} can do nothing"
    cannot = sensitive_denied(role)
    return can, f"{who} cannot {listing(list(cannot), 'or')}" if cannot else (
        f"The policy does not reliably deny anything to {who}"
    )


def _by_name_last(able: list[str]) -> list[str]:
    """The verbs, and after them in one list the actions that have no words of ours."""
    plain = [v for v in able if not v.startswith("do ") or v.startswith("do everything")]
    by_name = [v.removeprefix("do ") for v in able if v not in plain]
    return [*plain, f"use {', '.join(by_name)}"] if by_name else plain


_OWN_ONLY, _ANYWHERE, _AS_SAID = (
    ", on the node's own resources only",
    ", anywhere in the account",
    ", on the resources that the policy names",
)
_WHERE = (_OWN_ONLY, _AS_SAID, _ANYWHERE)


def _where(allow: Statement) -> str:
    patterns = {str(r) for r in many(allow.get("Resource"))}
    if "*" in patterns or "NotResource" in allow:
        return _ANYWHERE
    return _OWN_ONLY if all(_OWN.fullmatch(pattern) for pattern in patterns) else _AS_SAID


def administrator(role: RoleDocuments, who: str = "Pennsieve") -> str:
    """A sentence where a role may pass any role that is there; empty where it may not.

    Whoever may run code with an administrator's role is one (IAM User Guide, "Grant a user
    permissions to pass a role to an AWS service",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    """
    other = f"arn:aws:iam::{_SOME_ACCOUNT}:role/any"
    limits = None if role.boundary is None else _in_one_account(role.boundary)
    documents = [_in_one_account(document) for document in role.permissions]
    services = [
        service
        for service in _RUN_CODE
        if decide(
            Ask("iam:PassRole", other, {"iam:PassedToService": f"{service}.amazonaws.com"}),
            documents,
            limits,
        )
        is Verdict.ALLOWED
    ]
    if not services:
        return ""
    return (
        f"{who} is still an administrator of this AWS account: it can pass any role that is there "
        f"to {listing([*services[:3], *(['others'] if services[3:] else [])])}, and act with it"
    )


_RUN_CODE = ("lambda", "ec2", "ecs-tasks", "states", "events", "glue", "codebuild")
"""Services that run code, or make calls, with a role that they are passed."""


def sensitive_denied(role: RoleDocuments) -> tuple[str, ...]:
    """Which sensitive actions this role certainly cannot do, however conditions turn out."""
    denied = [words for words, action in SENSITIVE_ACTIONS if not _reaches(role, action)]
    words, action = OWN_PERMISSIONS
    own = Ask(action, f"arn:aws:iam::{_SOME_ACCOUNT}:role/{role.name}")
    documents = [_in_one_account(document) for document in role.permissions]
    if (
        decide(own, documents, fair=False) is not Verdict.ALLOWED
        and "change permissions" not in denied
    ):
        denied.append(words)
    return tuple(denied)


def _reaches(role: RoleDocuments, action: str) -> bool:
    """Whether it could do something to what is not a node's own. In doubt, it could."""
    if role.boundary is not None and not _reach([role.boundary], action):
        return False
    return _reach(role.permissions, action)


def _reach(documents: Iterable[Document], action: str) -> bool:
    rows = [s for document in documents for s in statements(document) if covers(s, action)]
    denied = [
        str(r)
        for s in rows
        if s.get("Effect") == "Deny" and not s.get("Condition")
        for r in many(s.get("Resource"))
    ]
    patterns = [
        str(r)
        for s in rows
        if s.get("Effect") == "Allow"
        for r in (["*"] if "NotResource" in s else many(s.get("Resource")))
    ]
    others = [p for p in patterns if not _OWN.fullmatch(p)]
    return any(not any(fits(no, pattern) for no in denied) for pattern in others)


def _in_one_account(document: Document) -> Document:
    text = re.sub(r":\d{12}:", f":{_SOME_ACCOUNT}:", json.dumps(document))
    changed: Document = json.loads(text)
    return changed


def _all(role: RoleDocuments) -> Iterator[Statement]:
    for document in role.permissions:
        yield from statements(document)
