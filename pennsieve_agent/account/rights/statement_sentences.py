"""One statement of a policy document in words: actions, resources and conditions.

Actions without words of ours are named literally.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pennsieve_agent.account.rights.action_words import ACTIONS, SERVICES
from pennsieve_agent.domain.iam_policies import Document, Statement, many, statements

_ANY = re.compile(r"[*?]")


def verb(action: str) -> str:
    """An action in words; literally when there are none for it."""
    service, _, name = action.partition(":")
    if action == "*":
        return "do everything in every service"
    if name == "*":
        about = SERVICES.get(service.lower())
        return f"do everything with {about.split(':')[0]} ({action})" if about else f"do {action}"
    return ACTIONS.get(action, f"do {action}")


def verbs(statement: Statement) -> list[str]:
    """What a statement is about, each thing once."""
    if "NotAction" in statement:
        names = ", ".join(str(a) for a in many(statement["NotAction"]))
        return [f"do everything except {names}"]
    return list(dict.fromkeys(verb(str(action)) for action in many(statement.get("Action"))))


def who(trust: Document) -> Iterator[str]:
    """Who may assume a role, a sentence for each statement of its trust policy."""
    for statement in statements(trust):
        names = [_principal(kind, name) for kind, name in _principals(statement)]
        allowed = statement.get("Effect") == "Allow"
        may = "may assume the role" if allowed else "may never assume the role"
        how = conditions(statement, "if") or ", without any condition"
        others = [str(a) for a in many(statement.get("Action")) if a != "sts:AssumeRole"]
        also = f" ({', '.join(others)})" if others else ""
        yield f"{listing(names) or 'nobody'} {may}{also}{how}"


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    if "NotPrincipal" in statement:
        yield "everybody except", str(statement["NotPrincipal"])
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        for kind, names in principal.items():
            yield from ((str(kind), str(name)) for name in many(names))
    else:
        yield from (("AWS", str(name)) for name in many(principal))


def _principal(kind: str, name: str) -> str:
    if name == "*":
        return "anybody in the world"
    if kind == "AWS" and (account := re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", name)):
        return f"whoever AWS account {account[1]} allows"
    return {"Service": f"the AWS service {name}"}.get(
        kind, f"{kind} {name}" if kind != "AWS" else name
    )


def resources(statement: Statement) -> str:
    """On what: empty, or words that follow a verb."""
    if "NotResource" in statement:
        spared = ", ".join(str(r) for r in many(statement["NotResource"]))
        return f" on everything except {spared}"
    names = [str(r) for r in many(statement.get("Resource"))]
    if not names:
        return ""
    return " on everything in the account" if "*" in names else f" on {listing(names)}"


def conditions(statement: Statement, word: str) -> str:
    """Under which conditions: empty, or words that follow a sentence; ``word`` is if or when."""
    block = statement.get("Condition")
    if not isinstance(block, Mapping):
        return ""
    parts = [
        _condition(str(operator), str(key), [str(value) for value in many(values)])
        for operator, keys in block.items()
        if isinstance(keys, Mapping)
        for key, values in keys.items()
    ]
    return f", only {word} {listing(parts)}" if word == "if" else f", {word} {listing(parts)}"


def _condition(operator: str, key: str, values: list[str]) -> str:
    if key.lower() == "sts:externalid":
        return "it sends the external id"
    if key.lower() == "iam:permissionsboundary" and "Not" in operator:
        return f"the role has no permissions boundary {listing(values, 'or')}"
    if key == "lambda:SourceFunctionArn" and operator == "Null":
        return "AWS Lambda asks for it, not the code of a function"
    relation = "is not" if "Not" in operator else "is"
    known = operator in {"StringEquals", "StringLike", "ArnLike", "ArnEquals", "Bool"} or (
        operator in {"StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals"}
    )
    note = "" if known else f" ({operator})"
    return f"{key} {relation} {listing(values, 'or')}{note}"


def wildcards(statement: Statement) -> Iterator[str]:
    """Each wildcard, and what it means."""
    opposites = [key for key in ("NotAction", "NotResource", "NotPrincipal") if key in statement]
    for key in opposites:
        yield f"{key}: everything that is not listed, including what AWS adds later"
    for action in map(str, many(statement.get("Action"))):
        if _ANY.search(action):
            about = SERVICES.get(action.partition(":")[0].lower(), "including what AWS adds later")
            yield (
                f"{action}: every action; {about}"
                if action.endswith(":*")
                else (f"{action}: every action whose name matches")
            )
    for resource in map(str, many(statement.get("Resource"))):
        if _ANY.search(resource):
            yield f"{resource}: {_meaning(resource)}"


def _meaning(resource: str) -> str:
    if resource == "*":
        return "every resource of the account"
    if re.fullmatch(r"arn:[^:]+:cloudformation:[^*]*:stack/[^*/]+/\*", resource):
        return "the stack of this name; AWS adds an id to it"
    if re.fullmatch(r"arn:[^:]+:logs:[^*]*:log-group:[^*]+:\*", resource):
        return "all log streams of this log group"
    fields: list[str] = resource.split(":", 5)
    region = "in every region" if len(fields) > 3 and fields[3] == "*" else ""  # noqa: PLR2004 - arn:p:s:r
    name = "every name that matches" if _ANY.search(fields[-1]) else ""
    account = "in every account" if len(fields) > 4 and fields[4] == "*" else ""  # noqa: PLR2004 - arn:p:s:r:a
    return ", ".join(text for text in (name, region, account) if text) or "whatever matches"


def listing(names: list[str], word: str = "and") -> str:
    """Some names in a row."""
    if len(names) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
