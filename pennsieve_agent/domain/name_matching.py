"""Finding the one thing a person means by a name, a unique prefix or an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from pennsieve_agent.errors import Ambiguous, UnknownName

T = TypeVar("T")
_SHOWN = 5


def pick(
    wanted: str,
    things: Iterable[T],
    *,
    kind: str,
    keys: Callable[[T], tuple[str, str]],
    list_command: str,
    where: Callable[[T], str] | None = None,
) -> T:
    """The thing whose id or name is ``wanted``; else the only one whose id or name begins with it.

    ``keys`` gives a thing's id and name, ``where`` the place that tells things of one name apart.
    An exact id or name wins over prefixes; names compare without case when no exact one is there.

    Raises:
        UnknownName: none matches.
        Ambiguous: several match; the hint names ``list_command`` or the candidates.

    """
    pool = [(thing, *keys(thing)) for thing in things]
    text, folded = wanted.strip(), wanted.strip().casefold()
    rounds: tuple[Callable[[str, str], bool], ...] = (
        lambda id_, name: text in {id_, name},
        lambda _, name: name.casefold() == folded,
        lambda id_, name: _begins(id_, folded) or name.casefold().startswith(folded),
    )
    for fits in rounds:
        found = [row for row in pool if folded and fits(row[1], row[2])]
        if len(found) == 1:
            return found[0][0]
        if found:
            names = [
                f"{name or '-'} ({id_}{f' on {where(thing)}' if where else ''})"
                for thing, id_, name in found
            ]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            raise Ambiguous(
                f"{len(found)} {kind}s match '{wanted}': {', '.join(names[:_SHOWN])}{more}",
                hint=f"give the full name or the id; list them with: {list_command}",
            )
    none = "" if pool else "; there is none yet"
    raise UnknownName(
        f"no {kind} is called '{wanted}'{none}", hint=f"list them with: {list_command}"
    )


def _begins(id_: str, folded: str) -> bool:
    return id_.casefold().startswith(folded) or id_.rsplit(":", 1)[-1].casefold().startswith(folded)
