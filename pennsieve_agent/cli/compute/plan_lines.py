"""What a registration will do, in lines: on one screen of 80 columns by 24, or with all details.

The short form answers what is made, what it costs, what Pennsieve can do, and how it is undone. It
never leaves out that AWS would replace something, which loses its contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.rights.statement_sentences import listing
from pennsieve_agent.account.served.served_plan import ServedPlan
from pennsieve_agent.account.stack.explain import by_group
from pennsieve_agent.account.world.steps import AlreadyDone, Step
from pennsieve_agent.console.words import plural

NOTHING_TO_DO = ("nothing to do: the node is as it should be",)
_REST = "Add --details to see every resource and every permission"
_DENIED = 3
"""How many of the sensitive actions that no role can do are named in the short form."""


def own_lines(plan: AccountPlan, *, details: bool) -> Sequence[str]:
    """What the registration of an own node, or an update of one, will do."""
    if plan.nothing_to_do:
        return NOTHING_TO_DO
    return tuple(_own_details(plan) if details else _own_brief(plan))


def served_lines(plan: ServedPlan, *, details: bool) -> Sequence[str]:
    """What the registration of a node that Pennsieve runs will do."""
    if plan.nothing_to_do:
        return NOTHING_TO_DO
    return tuple(_served(plan, details=details))


def wildcard_lines(services: Sequence[str]) -> list[str]:
    """A warning about services of which a role may do everything."""
    if not services:
        return []
    return [f"everything is allowed, unless denied, of: {', '.join(services)}"]


def _own_details(plan: AccountPlan) -> Iterator[str]:
    yield from _changed(plan)
    for line, step in _numbered(plan.steps):
        yield line
        yield from (f"     {line}" for line in getattr(step, "lines", ()))
    if _makes_roles(plan):
        yield "Permissions this grants:"
        yield from (f"  {words}" for words in plan.words)
    yield "Its network:"
    yield from (f"  {words}" for words in plan.network)
    yield "What it stores:"
    yield from (f"  {words}" for words in plan.storage)
    yield from plan.costs.lines


def _own_brief(plan: AccountPlan) -> Iterator[str]:
    yield from _changed(plan)
    for line, step in _numbered(plan.steps):
        changes = getattr(step, "changes", ())
        yield f"{line} ({_counts(changes)})" if changes else line
        yield from (f"     {text}" for text in _replaced(changes))
    yield plan.network[0]
    yield plan.costs.brief
    if _makes_roles(plan):
        yield plan.words[0]
        if plan.never:
            first, rest = plan.never[:_DENIED], plan.never[_DENIED:]
            words = f"{', '.join(first)}, …" if rest else listing(first, "or")
            yield f"None of these roles can {words}"
    if plan.before is None:
        yield f"Undo it with: {undo(plan.name)}"
    yield _REST


def _served(plan: ServedPlan, *, details: bool) -> Iterator[str]:
    if plan.administrator:
        yield plan.administrator
    yield from (line for line, _ in _numbered(plan.steps))
    if details:
        yield "Permissions this grants:"
        yield from (f"  {words}" for words in plan.words)
        yield from wildcard_lines(plan.wildcards)
    else:
        everything = ", ".join(plan.wildcards)
        some = ", ".join(plan.partly)
        yield f"Pennsieve can do everything, unless denied, of: {everything}; and some of: {some}"
        yield from plan.words[2 if plan.administrator else 1 :]
    if not plan.role.hardened:
        yield "nothing is denied (--as-served): these are the rights of an administrator"
    yield (
        "Pennsieve decides what it creates with it, and the cost is not known before; a node of "
        "your own has neither problem: --provisioner own"
    )
    yield f"Undo it with: {undo(plan.name)}"
    if not details:
        yield _REST


def _numbered(steps: Sequence[Any]) -> Iterator[tuple[str, Step | None]]:
    yield "This will be done:", None
    for number, step in enumerate(steps, 1):
        yield f"  {number}. {step.sentence}", step


def _changed(plan: AccountPlan) -> Iterator[str]:
    if plan.changed:
        yield "What you chose will be:"
        yield from (f"  {change.line}" for change in plan.changed)


def _counts(changes: Sequence[Any]) -> str:
    groups = [f"{len(lines)} {group.lower()}" for group, lines in by_group(changes)]
    total = plural(len(changes), "resource")
    return f"{total}: {', '.join(groups)}" if len(groups) > 1 else total


def _replaced(changes: Sequence[Any]) -> Iterator[str]:
    lossy = [change for change in changes if change.replacement in {"True", "Conditional"}]
    return (line for _, lines in by_group(lossy) for line in lines)


def _makes_roles(plan: AccountPlan) -> bool:
    return not isinstance(plan.steps[0], AlreadyDone)


def undo(name: str) -> str:
    """The command that takes back all that a registration makes."""
    return f"pennsieve compute delete '{name}'"
