"""What a role's policy documents mean, in sentences.

Pure, and made from the documents themselves: what can be done comes from their Allow statements;
what cannot be done is asked of :mod:`~pennsieve_agent.account.evaluate` with every condition taken
the wrong way, so that a sentence beginning with "cannot" is never too kind. Actions without words
of ours are named literally.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from pennsieve_agent.account.evaluate import (
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
from pennsieve_agent.account.vocabulary import ACTIONS, FEARS, OWN_RIGHTS, SERVICES

_ANY = re.compile(r"[*?]")
_OWN = re.compile(
    r"arn:[^:*]+:[a-z0-9]+:[^:]*:[^:]*:(stack/|table/|function:|log-group:)?"
    r"(pennsieve-node-|/pennsieve/node/).*"
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
    """Sentences without a full stop: who enters, what it can and cannot do, what ``*`` means."""

    who: tuple[str, ...]
    can: tuple[str, ...]
    cannot: tuple[str, ...]
    wildcards: tuple[str, ...]

    def to_json(self) -> dict[str, list[str]]:
        """The sentences for ``--json``."""
        return {key: list(value) for key, value in asdict(self).items()}


def describe(role: RoleDocuments) -> RoleWords:
    """A role in plain words."""
    allows = [s for s in _all(role) if s.get("Effect") == "Allow"]
    denies = [s for s in _all(role) if s.get("Effect") == "Deny"]
    never = [f"{_list(_verbs(s))}{_resources(s)}{_conditions(s, 'when')}" for s in denies]
    return RoleWords(
        who=tuple(_who(role.trust)),
        can=tuple(f"{_list(_verbs(s))}{_resources(s)}{_conditions(s, 'if')}" for s in allows),
        cannot=(*fears(role), *never),
        wildcards=tuple(dict.fromkeys(w for s in (*allows, *denies) for w in _wildcards(s))),
    )


def summary(role: RoleDocuments) -> tuple[str, str]:
    """Two lines for a plan: what Pennsieve can do by this role, and what it cannot."""
    allows = [s for s in _all(role) if s.get("Effect") == "Allow"]
    verbs = dict.fromkeys(verb for s in allows for verb in _verbs(s))
    every = "*" in {str(r) for s in allows for r in many(s.get("Resource"))}
    where = ", anywhere in the account" if every else ", of its own nodes only"
    can = f"Pennsieve can {_list(list(verbs))}{where}" if verbs else "Pennsieve can do nothing"
    cannot = fears(role)
    return can, f"Pennsieve cannot {_list(list(cannot), 'or')}" if cannot else (
        "There is nothing that the policy reliably keeps from Pennsieve"
    )


def fears(role: RoleDocuments) -> tuple[str, ...]:
    """What people fear and this role can certainly not do, however conditions turn out."""
    found = [words for words, action in FEARS if not _reaches(role, action)]
    words, action = OWN_RIGHTS
    own = Ask(action, f"arn:aws:iam::{_SOME_ACCOUNT}:role/{role.name}")
    documents = [_in_one_account(document) for document in role.permissions]
    if decide(own, documents, fair=False) is not Verdict.ALLOWED and "change rights" not in found:
        found.append(words)
    return tuple(found)


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


def verb(action: str) -> str:
    """An action in words; literally when there are none for it."""
    service, _, name = action.partition(":")
    if action == "*":
        return "do everything in every service"
    if name == "*":
        about = SERVICES.get(service.lower())
        return f"do everything with {about.split(':')[0]} ({action})" if about else f"do {action}"
    return ACTIONS.get(action, f"do {action}")


def _all(role: RoleDocuments) -> Iterator[Statement]:
    for document in role.permissions:
        yield from statements(document)


def _verbs(statement: Statement) -> list[str]:
    if "NotAction" in statement:
        names = ", ".join(str(a) for a in many(statement["NotAction"]))
        return [f"do everything except {names}"]
    return list(dict.fromkeys(verb(str(action)) for action in many(statement.get("Action"))))


def _who(trust: Document) -> Iterator[str]:
    for statement in statements(trust):
        names = [_principal(kind, name) for kind, name in _principals(statement)]
        may = "may enter" if statement.get("Effect") == "Allow" else "may never enter"
        how = _conditions(statement, "if") or ", without any condition"
        others = [str(a) for a in many(statement.get("Action")) if a != "sts:AssumeRole"]
        also = f" ({', '.join(others)})" if others else ""
        yield f"{_list(names) or 'nobody'} {may}{also}{how}"


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    if "NotPrincipal" in statement:
        yield "everybody except", str(statement["NotPrincipal"])
    found = statement.get("Principal")
    if isinstance(found, Mapping):
        for kind, names in found.items():
            yield from ((str(kind), str(name)) for name in many(names))
    else:
        yield from (("AWS", str(name)) for name in many(found))


def _principal(kind: str, name: str) -> str:
    if name == "*":
        return "anybody in the world"
    if kind == "AWS" and (found := re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", name)):
        return f"whoever AWS account {found[1]} lets"
    return {"Service": f"AWS's service {name}"}.get(
        kind, f"{kind} {name}" if kind != "AWS" else name
    )


def _resources(statement: Statement) -> str:
    if "NotResource" in statement:
        spared = ", ".join(str(r) for r in many(statement["NotResource"]))
        return f" on everything except {spared}"
    names = [str(r) for r in many(statement.get("Resource"))]
    if not names:
        return ""
    return " on everything in the account" if "*" in names else f" on {_list(names)}"


def _conditions(statement: Statement, word: str) -> str:
    block = statement.get("Condition")
    if not isinstance(block, Mapping):
        return ""
    parts = [
        _condition(str(operator), str(key), [str(value) for value in many(values)])
        for operator, keys in block.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    ]
    return f", only {word} {_list(parts)}" if word == "if" else f", {word} {_list(parts)}"


def _condition(operator: str, key: str, values: list[str]) -> str:
    if key.lower() == "sts:externalid":
        return "it says the external id"
    if key.lower() == "iam:permissionsboundary" and "Not" in operator:
        return f"the role has no permissions boundary {_list(values, 'or')}"
    relation = "is not" if "Not" in operator else "is"
    known = operator in {"StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool"} or (
        operator in {"StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals"}
    )
    note = "" if known else f" ({operator})"
    return f"{key} {relation} {_list(values, 'or')}{note}"


def _wildcards(statement: Statement) -> Iterator[str]:
    opposites = [key for key in ("NotAction", "NotResource", "NotPrincipal") if key in statement]
    yield from (f"{key}: everything that is not listed, new things included" for key in opposites)
    for action in map(str, many(statement.get("Action"))):
        if _ANY.search(action):
            about = SERVICES.get(action.partition(":")[0].lower(), "whatever AWS adds, too")
            yield (
                f"{action}: every action; {about}"
                if action.endswith(":*")
                else (f"{action}: every action whose name fits")
            )
    for resource in map(str, many(statement.get("Resource"))):
        if _ANY.search(resource):
            yield f"{resource}: {_meaning(resource)}"


def _meaning(resource: str) -> str:
    if resource == "*":
        return "every resource of the account"
    if re.fullmatch(r"arn:[^:]+:cloudformation:[^*]*:stack/[^*/]+/\*", resource):
        return "the stack of this name; AWS adds an id of its own"
    if re.fullmatch(r"arn:[^:]+:logs:[^*]*:log-group:[^*]+:\*", resource):
        return "all streams of this log group"
    fields: list[str] = resource.split(":", 5)
    region = "in every region" if len(fields) > 3 and fields[3] == "*" else ""  # noqa: PLR2004 - arn:p:s:r
    name = "every name that fits" if _ANY.search(fields[-1]) else ""
    account = "in every account" if len(fields) > 4 and fields[4] == "*" else ""  # noqa: PLR2004 - arn:p:s:r:a
    return ", ".join(text for text in (name, region, account) if text) or "whatever fits"


def _list(names: list[str], word: str = "and") -> str:
    if len(names) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
