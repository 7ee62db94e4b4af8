"""``{subject}`` and ``{COLUMN}`` in what is typed, replaced for each subject. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pennsieve_agent.domain.globs import literal
from pennsieve_agent.errors import UsageProblem

#: Not ``{a,b}`` and ``{01..12}``, which are patterns.
_NAME = re.compile(r"\{([^{},]+)\}")


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The names that texts ask for."""
    return frozenset(name for text in texts for name in _NAME.findall(text) if ".." not in name)


def check_names(texts: Sequence[str], known: Iterable[str], where: str) -> None:
    """Refuse a name that is not known; ``where`` says what has those that are.

    Raises:
        UsageProblem: there is one.
    """
    columns = sorted(known)
    unknown = sorted(names_in(texts) - set(columns))
    if unknown:
        listed = ", ".join(f"{{{name}}}" for name in columns)
        raise UsageProblem(
            f"{where} has no column '{unknown[0]}', which {{{unknown[0]}}} asks for",
            hint=f"there are: {listed}",
        )


def filled(text: str, values: Mapping[str, str], *, pattern: bool = False) -> str:
    """A text with the values in it; in a ``pattern`` they stand for themselves."""
    return _NAME.sub(
        lambda match: (
            (literal(values[match[1]]) if pattern else values[match[1]])
            if match[1] in values
            else match[0]
        ),
        text,
    )
