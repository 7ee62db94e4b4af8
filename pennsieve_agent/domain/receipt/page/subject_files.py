"""The files of each subject of a batch, with its run and the command that repeats it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.files import FILE_STATES, ROOM, Room
from pennsieve_agent.domain.receipt.page.html import Html, code, join, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.words import count, mark, size

_MOST = 100
"""Files of a subject on either side at most."""
_AT_ONCE = 60
"""So many subjects are shown at once; more of them are opened by who wants them."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The section, and the places of the subjects that are in it."""

    html: Html
    places: frozenset[int]


def subject_files(receipt: Receipt) -> Listing:
    """What was read and what came of it, as many subjects as there is room for."""
    room = Room(ROOM)
    numbered = [row for row in enumerate(rows(receipt, "subjects")) if text(row[1], "run_id")]
    lines = {
        place: line
        for place, row in numbered
        for line in room.take([_subject(row, f"subject-{place}")])
    }
    missing = len(numbered) - len(lines)
    rest = f"{count(missing, 'more subject')}: receipt.json has their files." if missing else None
    listed: Html = tag("div", *lines.values(), class_="subject-files")
    if len(lines) > _AT_ONCE:
        listed = tag("details", tag("summary", f"Show {count(len(lines), 'subject')}"), listed)
    if not numbered:
        listed = tag("p", "No subject has a run, so there are no files.", class_="quiet")
    html = section(
        "files",
        "Inputs and results",
        listed,
        tag("p", rest, class_="quiet") if rest else None,
        note="Checksums of inputs are those of their upload; those of results are SHA-256.",
    )
    return Listing(html, frozenset(lines))


def _subject(row: Json, id_: str) -> Html:
    read, results = part(row, "inputs"), part(row, "outputs")
    words = f"{_words(read, 'read')}, {_words(results, 'delivered')}"
    if read.get("files") is None and results.get("files") is None:
        words = "its files were not listed"
    name = quoted(text(row, "subject"), 120)
    head = tag("summary", tag("strong", name), tag("small", words), mark(text(row, "status")))
    again = text(row, "repeat")
    return tag(
        "details",
        head,
        tag(
            "div",
            tag("p", "Run ", code(text(row, "run_id"))),
            tag("p", "To repeat it: ", code(again)) if again else None,
            _list("Inputs", rows(read, "files"), _input),
            _list("Results", rows(results, "files"), _result),
            id=id_,
        ),
    )


def _words(side: Json, verb: str) -> str:
    return f"{count(number(side, 'count'), 'file')} {verb}"


def _list(title: str, files: list[Json], line: Callable[[Json], Html]) -> Html | None:
    if not files:
        return None
    lines = [line(row) for row in files[:_MOST]]
    if len(files) > _MOST:
        lines.append(tag("li", f"{count(len(files) - _MOST, 'more file')}: in receipt.json"))
    return join((tag("h3", title), tag("ul", *lines)))


def _input(row: Json) -> Html:
    return _file(row, text(row, "checksum"), None)


def _result(row: Json) -> Html:
    state, why = text(row, "status"), text(row, "why")
    words = None
    if state != "there":
        kind = state if state in FILE_STATES else "untold"
        sign = tag("span", FILE_STATES[kind], class_=f"mark file-{kind}")
        words = join((sign, tag("small", quoted(why, 200)) if why else None))
    return _file(row, text(row, "sha256"), words)


def _file(row: Json, digest: str, words: Html | None) -> Html:
    amount = tag("small", f" {size(number(row, 'size'))} ")
    return tag(
        "li", quoted(text(row, "path"), 300), amount, words, code(digest, 200) if digest else None
    )
