"""Tables: columns that fit a terminal, tabs in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pennsieve_agent.console import cells
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.name_matching import short_ids

_GAP = 2
_RECORDS_BELOW = 60
_LEAST_TEXT = 20
STATUS_STYLES = {
    "succeeded": "green",
    "enabled": "green",
    "deployed": "green",
    "done": "green",
    "running": "cyan",
    "finalizing": "cyan",
    "pending": "yellow",
    "waiting": "yellow",
    "skipped": "yellow",
    "paused": "yellow",
    "canceling": "yellow",
    "canceled": "yellow",
    "destroying": "yellow",
    "failed": "red",
    "error": "red",
}


class Cut(Enum):
    """What becomes of a column where a terminal is too narrow for all."""

    NEVER = "never"
    MIDDLE = "middle"
    END = "end"
    WRAP = "wrap"
    RUN_ON = "run on"
    """It is to be copied: on a terminal it comes last, and goes on in the terminal's next line."""
    ID = "id"
    """On a terminal it comes first, as short as tells it apart; commands take that as well."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; a ``spare`` one is left out before names are cut too short to be read."""

    name: str
    cut: Cut = Cut.NEVER
    spare: bool = False


ID = Column("ID", Cut.ID)
NAME = Column("NAME", Cut.MIDDLE)
"""Beside an id: a name that is typed in commands, and has no id, is never cut."""
PATH = Column("PATH", Cut.RUN_ON)
_LEAST = {Cut.MIDDLE: 20, Cut.END: 12, Cut.WRAP: _LEAST_TEXT, Cut.RUN_ON: _LEAST_TEXT}
"""The fewest columns of a terminal that a shortened value has."""
_PLACE = {Cut.ID: 0, Cut.RUN_ON: 2}


def table(columns: Sequence[str | Column], rows: Sequence[Sequence[str]], streams: Streams) -> str:
    """Rows under column names, for the place they are shown in; a text is a column never cut.

    In a pipe: a line of names, then one line a row, values parted by tabs. On a terminal: aligned
    columns, shortened to fit; where that cannot be, a block for each row.
    """
    kinds = [Column(column) if isinstance(column, str) else column for column in columns]
    values = [[_one_line(value) for value in row] for row in rows]
    if not streams.out_is_terminal:
        return "\n".join("\t".join(row) for row in [[kind.name for kind in kinds], *values])
    order = sorted(range(len(kinds)), key=lambda i: _PLACE.get(kinds[i].cut, 1))
    kinds = [kinds[i] for i in order]
    texts = [
        short_ids([row[i] for row in values]) if kind.cut is Cut.ID else [row[i] for row in values]
        for i, kind in zip(order, kinds, strict=True)
    ]
    widths = _fitted(kinds, texts, streams.width)
    if widths is None:
        return _records(kinds, list(zip(*texts, strict=True)), streams)
    shown = [_shortened(kinds[i].cut, texts[i], columns_) for i, columns_ in widths.items()]
    lines = [streams.paint(_line([kinds[i].name for i in widths], widths.values()), "bold")]
    for row in zip(*shown, strict=True):
        lines += _lines([kinds[i].cut for i in widths], row, list(widths.values()), streams)
    return "\n".join(lines)


def details(pairs: Sequence[tuple[str, str]], streams: Streams) -> str:
    """Names and values, one a line; empty values are left out."""
    kept = [(name, _one_line(value)) for name, value in pairs if value]
    if not streams.out_is_terminal:
        return "\n".join(f"{name}\t{value}" for name, value in kept)
    width = max((cells.width(name) for name, _ in kept), default=0)
    return "\n".join(_detail(name, value, width, streams) for name, value in kept)


def _detail(name: str, value: str, width: int, streams: Streams) -> str:
    """A name and its value, whose further lines are below its first.

    Where there is no room beside the name, it is below that. A word, such as an id, is never cut.
    """
    begin = f"{streams.paint(cells.pad(name, width), 'bold')}{' ' * _GAP}"
    indent = len(name) - len(name.lstrip()) + _GAP
    room, below = streams.width - width - _GAP, streams.width - indent
    is_text = " " in value
    if cells.width(value) <= room:
        return f"{begin}{_status(value, streams)}"
    if is_text and room >= _LEAST_TEXT:
        return begin + f"\n{' ' * (width + _GAP)}".join(cells.wrap(value, room))
    if is_text or cells.width(value) <= below:
        lines = [streams.paint(name, "bold"), *cells.wrap(value, max(below, _LEAST_TEXT))]
        return f"\n{' ' * indent}".join(lines)
    return f"{begin}{value}"


def _records(kinds: Sequence[Column], rows: Sequence[Sequence[str]], streams: Streams) -> str:
    names = [kind.name for kind in kinds]
    return "\n\n".join(details(list(zip(names, row, strict=True)), streams) for row in rows)


def _fitted(
    kinds: Sequence[Column], texts: Sequence[Sequence[str]], width: int
) -> dict[int, int] | None:
    """The columns that are shown, by number, with their widths; None where they cannot fit."""
    widths = {
        i: max(cells.width(value) for value in (kind.name, *texts[i]))
        for i, kind in enumerate(kinds)
    }
    least = {i: min(w, _LEAST.get(kinds[i].cut, w)) for i, w in widths.items()}
    widths |= {i: least[i] for i, kind in enumerate(kinds) if kind.cut is Cut.RUN_ON}
    if _total(widths) > width and width < _RECORDS_BELOW:
        return None
    spare = [i for i in widths if kinds[i].spare]
    while _total(least) > width:
        if not spare:
            return None
        del least[spare[-1]], widths[spare.pop()]
    for cuts in ({Cut.WRAP}, {Cut.END}, set(Cut)):  # what is read gives way to what is typed
        group = [i for i in widths if kinds[i].cut in cuts]
        while _total(widths) > width and any(widths[i] > least[i] for i in group):
            widths[max(group, key=lambda i: (widths[i] > least[i], widths[i]))] -= 1
    return widths


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _shortened(cut: Cut, values: Sequence[str], width: int) -> Sequence[str]:
    match cut:
        case Cut.MIDDLE:
            return cells.cut_apart(values, width)
        case Cut.END:
            return [cells.cut(value, width) for value in values]
        case _:
            return values


def _lines(
    cuts: Sequence[Cut], row: Sequence[str], widths: Sequence[int], streams: Streams
) -> Iterator[str]:
    """The lines of one row: more than one where a value is wrapped."""
    wrapped = [
        cells.wrap(value, width, break_long=True) if cut is Cut.WRAP else [value]
        for cut, value, width in zip(cuts, row, widths, strict=True)
    ]
    for n in range(max(map(len, wrapped))):
        yield _line([v[n] if n < len(v) else "" for v in wrapped], widths, streams)


def _line(values: Sequence[str], widths: Iterable[int], streams: Streams | None = None) -> str:
    padded = [
        cells.pad(_status(value, streams) if streams else value, width)
        for value, width in zip(values, widths, strict=True)
    ]
    return (" " * _GAP).join(padded).rstrip()


def _status(value: str, streams: Streams) -> str:
    style = STATUS_STYLES.get(value.casefold())
    return streams.paint(value, style) if style else value


def _one_line(value: str) -> str:
    """Control characters from a server must not reach the terminal."""
    return "".join(c if c.isprintable() else " " for c in value).strip()
