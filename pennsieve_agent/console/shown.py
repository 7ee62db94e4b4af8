"""What a command shows: a document for scripts, text for people; one place writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pennsieve_agent.console import tables
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.tables import Column
from pennsieve_agent.errors import ExitCode


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING = _Nothing.NOTHING
"""No document: null is one."""

Part = str | Callable[[Streams], str]
"""Text, or what makes text for the place where it is shown, as :class:`Table` does."""
Text = Part | Sequence[Part] | None


class Table:
    """Rows under column names; see :func:`pennsieve_agent.console.tables.table`."""

    def __init__(self, columns: Sequence[str | Column], rows: Sequence[Sequence[str]]) -> None:
        self._columns, self._rows = columns, rows

    def __call__(self, streams: Streams) -> str:
        """The table, as wide as the terminal, or with tabs in a pipe."""
        return tables.table(self._columns, self._rows, streams)


class Details:
    """Names and values, one a line; those that are empty are left out."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __call__(self, streams: Streams) -> str:
        """The lines, aligned on a terminal, with tabs in a pipe."""
        return tables.details(self._pairs, streams)


class Prose:
    """Text that is read, not copied: wrapped between words on a terminal."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, streams: Streams) -> str:
        """The text, as wide as the terminal."""
        return streams.wrapped(self.text) if streams.out_is_terminal else self.text


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command answers with, on standard output: ``document`` with --json, else ``text``.

    ``notes`` go with the text, to standard error: counts, and what to type next. A command that
    shows more than one thing yields several of these; with --json, those with a ``document`` are
    shown, and with ``line`` each on a line of its own; ``lines`` are several of those, written at
    once. ``exit_code`` is how the command ends.
    """

    document: Any = NOTHING
    text: Text = None
    notes: Sequence[str] = ()
    exit_code: int = ExitCode.OK
    line: bool = False
    lines: Sequence[Any] = ()


UNCHANGED = Shown(notes=("nothing was changed",))
"""The answer of a command that was told no when it asked."""
NOT_CHANGED = "nothing was changed (--dry-run)"
"""The note below the plan of a dry run."""


def planned(sentence: str, more: Sequence[Part] = ()) -> Shown:
    """What a command would do, such as ``delete dataset 'Mouse EEG'``: the result of a dry run."""
    document = {"would": sentence, "changed": False}
    return Shown(document, [f"Would {sentence}", *more], [NOT_CHANGED])


def show(shown: Shown, streams: Streams, *, as_json: bool) -> None:
    """Write what a command shows."""
    if as_json:
        if shown.document is not NOTHING:
            streams.document(shown.document, one_line=shown.line)
        if shown.lines:
            streams.documents(shown.lines)
        return
    for part in _parts(shown.text):
        streams.result(part if isinstance(part, str) else part(streams))
    for note in shown.notes:
        streams.note(note)


def _parts(text: Text) -> Sequence[Part]:
    if text is None:
        return ()
    return (text,) if isinstance(text, str) or callable(text) else text
