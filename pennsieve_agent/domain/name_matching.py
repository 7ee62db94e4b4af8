"""Finding the one thing a person means by a name, a unique prefix or an id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from shlex import quote
from typing import TypeVar

from pennsieve_agent.errors import Ambiguous, UnknownName, UsageProblem

T = TypeVar("T")
_SHOWN = 5
_SHORT = 8
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pick(
    reference: str,
    things: Iterable[T],
    *,
    kind: str,
    keys: Callable[[T], tuple[str, str]],
    list_command: str,
    where: Callable[[T], str] | None = None,
) -> T:
    """The item whose id or name is ``reference``; else the only one that begins with it.

    ``keys`` gives a thing's id and name, ``where`` the place that tells things of one name apart.
    An exact id or name wins over prefixes; names compare without case when no exact one is there.

    Raises:
        UnknownName: none matches.
        Ambiguous: several match; the hint names ``list_command`` or the candidates.

    """
    pool = [(thing, *keys(thing)) for thing in things]
    text, folded = reference.strip(), reference.strip().casefold()
    rounds: tuple[Callable[[str, str], bool], ...] = (
        lambda id_, name: text in {id_, name},
        lambda _, name: name.casefold() == folded,
        lambda id_, name: _begins(id_, folded) or name.casefold().startswith(folded),
    )
    for fits in rounds:
        matches = [row for row in pool if folded and fits(row[1], row[2])]
        if len(matches) == 1:
            return matches[0][0]
        if matches:
            names = [
                f"{name or '-'} ({id_}{f' on {where(thing)}' if where else ''})"
                for thing, id_, name in matches
            ]
            raise _ambiguous(reference, kind, names, list_command)
    none = "" if pool else "; there is none yet"
    raise UnknownName(
        f"no {kind} is called '{reference}'{none}",
        hint=f"{_near(text, [name for _, _, name in pool])}list them with: {list_command}",
    )


def need_whole(reference: str, id_: str, name: str, kind: str) -> None:
    """Refuse a prefix for what cannot be undone: the full name or the id must be typed.

    Raises:
        UsageProblem: it is only the beginning of one, or in other letters.
    """
    if reference.strip() not in {id_, name}:
        raise UsageProblem(
            f"'{reference}' is not the full name of {kind} '{name or id_}'; a command that cannot "
            "be undone needs the full name or the id",
            hint=f"type: {quote(name or id_)}, or its id: {id_}",
        )


def short_ids(ids: Sequence[str]) -> list[str]:
    """Each id as short as tells it apart from the others, eight characters at least.

    Of ``N:dataset:1c20…`` it is the part after the colons. What is not a UUID stays whole.
    """
    tails = [id_.rpartition(":")[2] for id_ in ids]
    length = _SHORT
    while len({tail[:length] for tail in tails}) < len(set(tails)):
        length += 1
    return [
        tail[:length] if _UUID.fullmatch(tail.casefold()) else id_
        for id_, tail in zip(ids, tails, strict=True)
    ]


def _near(text: str, names: Sequence[str]) -> str:
    """The name that was perhaps meant, as a question."""
    from difflib import get_close_matches  # noqa: PLC0415 - only what is misspelt needs it

    (near, *_) = [*get_close_matches(text, names, 1), ""]
    return f"did you mean '{near}'? " if near else ""


def _ambiguous(reference: str, kind: str, names: list[str], list_command: str) -> Ambiguous:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Ambiguous(
        f"{len(names)} {kind}s match '{reference}': {', '.join(names[:_SHOWN])}{more}",
        hint=f"give the full name or the id; list them with: {list_command}",
    )


def _begins(id_: str, folded: str) -> bool:
    return id_.casefold().startswith(folded) or id_.rsplit(":", 1)[-1].casefold().startswith(folded)
