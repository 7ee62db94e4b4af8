"""Inputs and results of a run, with their checksums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.html import Html, code, quoted, section, tag
from pennsieve_agent.domain.receipt.page.html import table as table_of
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.words import count, size

_OPEN = 12
"""So many files are shown at once; more of them are opened by who wants them."""
ROOM = 1_300_000
"""Bytes that lists of files take in a page at most."""
FILE_STATES = {
    "there": "in the dataset",
    "importing": "being imported",
    "missing": "missing",
    "untold": "unknown",
}


@dataclass(slots=True)
class Room:
    """What is left of the bytes that lists may take."""

    left: int

    def take(self, lines: Iterable[Html]) -> list[Html]:
        """The first lines, as many as there is room for."""
        kept = []
        for line in lines:
            needed = len(line.encode())
            if needed > self.left:
                break
            self.left -= needed
            kept.append(line)
        return kept


def files(receipt: Receipt) -> Html:
    """The section of what a run read and what came of it."""
    room = Room(ROOM)
    return section(
        "files",
        "Inputs and results",
        _inputs(part(receipt, "inputs"), room),
        _outputs(part(receipt, "outputs"), room),
        note="Checksums of inputs are those of their upload; those of results are SHA-256.",
    )


def _inputs(side: Json, room: Room) -> Html:
    is_known = bool(side.get("recorded")) or side.get("files") is None
    when = "" if is_known else " These are what its packages hold now."
    if missing := number(side, "packages_missing"):
        when += f" {count(missing, 'package')} of them are not in the dataset any more."
    lines = (_input(row) for row in rows(side, "files"))
    columns = ("File", "Size", "Checksum")
    return _side("Inputs", side, when, columns, room.take(lines))


def _outputs(side: Json, room: Room) -> Html:
    lines = (_output(row) for row in rows(side, "files"))
    columns = ("File", "Size", "Where it is", "SHA-256")
    return _side("Results", side, "", columns, room.take(lines))


def _side(title: str, side: Json, more: str, columns: Sequence[str], lines: list[Html]) -> Html:
    number_of = number(side, "count")
    amount = number(side, "size")
    words = count(number_of, "file")
    words += f", {size(amount)}" if amount is not None else ""
    listed = table_of(title, columns, lines, "files") if lines else None
    if listed and len(lines) > _OPEN:
        listed = tag("details", tag("summary", f"Show {count(len(lines), 'file')}"), listed)
    return tag(
        "div",
        tag("h3", title, tag("small", f" {words}")),
        tag("p", more.strip(), class_="quiet") if more else None,
        listed,
        _rest(side, len(lines)),
        class_="side",
    )


def _rest(side: Json, shown: int) -> Html | None:
    if side.get("files") is None:
        return tag("p", "It is not known which files these are.", class_="quiet")
    missing = len(rows(side, "files")) - shown
    if not missing:
        return None
    return tag("p", f"{count(missing, 'more file')}: receipt.json lists them.", class_="quiet")


def _input(row: Json) -> Html:
    return tag("tr", _path(row), _size(row), tag("td", _sum(text(row, "checksum"))))


def _output(row: Json) -> Html:
    state = text(row, "status")
    why = text(row, "why")
    words = tag("span", FILE_STATES.get(state, "unknown"), class_=f"mark file-{_class(state)}")
    reason = tag("small", quoted(why, 300)) if why else None
    return tag(
        "tr", _path(row), _size(row), tag("td", words, reason), tag("td", _sum(text(row, "sha256")))
    )


def _class(state: str) -> str:
    return state if state in FILE_STATES else "untold"


def _path(row: Json) -> Html:
    return tag("th", quoted(text(row, "path")), scope="row")


def _size(row: Json) -> Html:
    return tag("td", size(number(row, "size")), class_="figure")


def _sum(digest: str) -> Html:
    return code(digest, 200) if digest else tag("span", "none was recorded", class_="quiet")
