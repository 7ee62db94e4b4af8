"""Tables: columns that fit a terminal, tabs in a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pennsieve_agent.console.streams import Streams

_GAP = 2
_RECORDS_BELOW = 60
_LEAST = 8
_LEAST_TEXT = 20
STATUS_STYLES = {
    "succeeded": "green",
    "enabled": "green",
    "deployed": "green",
    "running": "cyan",
    "finalizing": "cyan",
    "pending": "yellow",
    "paused": "yellow",
    "canceling": "yellow",
    "canceled": "yellow",
    "destroying": "yellow",
    "failed": "red",
    "error": "red",
}


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    streams: Streams,
    *,
    wrap_last: bool = False,
) -> str:
    """Rows under column names, for the place they are shown in.

    In a pipe: a line of names, then one line a row, values parted by tabs. On a terminal: aligned
    columns, the widest cut to fit, or with ``wrap_last`` the last one wrapped; on a narrow one, a
    block for each row.
    """
    cells = [[_one_line(value) for value in row] for row in rows]
    if not streams.out_is_terminal:
        return "\n".join("\t".join(row) for row in [list(columns), *cells])
    widths = [max(len(row[i]) for row in [list(columns), *cells]) for i in range(len(columns))]
    if sum(widths) + _GAP * (len(widths) - 1) > streams.width:
        if streams.width < _RECORDS_BELOW:
            return _records(columns, cells, streams)
        if wrap_last:
            widths[-1] = max(streams.width - sum(widths[:-1]) - _GAP * (len(widths) - 1), 0)
        if not wrap_last or widths[-1] < _LEAST_TEXT:
            widths, wrap_last = _fit(widths, streams.width), False
    head = streams.paint(_row(columns, widths), "bold")
    lines = [head]
    for row in cells:
        text = textwrap.wrap(row[-1], widths[-1]) if wrap_last else []
        first = [*row[:-1], text[0]] if text else row
        lines.append(_styled(_row(first, widths), row, streams))
        lines += [_row([*[""] * (len(row) - 1), more], widths) for more in text[1:]]
    return "\n".join(lines)


def details(pairs: Sequence[tuple[str, str]], streams: Streams) -> str:
    """Names and values, one a line; empty values are left out."""
    kept = [(name, _one_line(value)) for name, value in pairs if value]
    if not streams.out_is_terminal:
        return "\n".join(f"{name}\t{value}" for name, value in kept)
    width = max((len(name) for name, _ in kept), default=0)
    return "\n".join(
        f"{streams.paint(name.ljust(width), 'bold')}  {_hanging(value, width + _GAP, streams)}"
        for name, value in kept
    )


def _hanging(value: str, indent: int, streams: Streams) -> str:
    """A value, its further lines below its first. A word, such as an id, is never cut."""
    room = streams.width - indent
    if len(value) <= room or room < _LEAST_TEXT or " " not in value:
        return _status(value, streams)
    lines = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]], streams: Streams) -> str:
    blocks = [details(list(zip(columns, row, strict=True)), streams) for row in rows]
    return "\n\n".join(blocks)


def _fit(widths: Sequence[int], width: int) -> list[int]:
    fitted = list(widths)
    room = width - _GAP * (len(fitted) - 1)
    while sum(fitted) > room and max(fitted) > _LEAST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _row(values: Sequence[str], widths: Sequence[int]) -> str:
    cut = [
        value if len(value) <= width else f"{value[: width - 1]}…"
        for value, width in zip(values, widths, strict=True)
    ]
    return (" " * _GAP).join(v.ljust(w) for v, w in zip(cut, widths, strict=True)).rstrip()


def _styled(line: str, row: Sequence[str], streams: Streams) -> str:
    for value in row:
        if value.casefold() in STATUS_STYLES:
            return line.replace(value, _status(value, streams), 1)
    return line


def _status(value: str, streams: Streams) -> str:
    style = STATUS_STYLES.get(value.casefold())
    return streams.paint(value, style) if style else value


def _one_line(value: str) -> str:
    """Control characters from a server must not reach the terminal."""
    return "".join(c if c.isprintable() else " " for c in value).strip()
