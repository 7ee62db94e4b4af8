"""Text measured in the columns of a terminal.

Chinese and Japanese letters and emoji take two columns, accents that are written on the letter
before them none (Unicode Standard Annex 11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(r'\s*(?:eval "[^"]*"|(?<=[: ] )pennsieve .*?(?=[;)]|, or|   |$)|\S+)')
"""What is not broken when text is wrapped: a word, or a command to copy, which three spaces end."""
_COLOUR = re.compile("\x1b[\U000f0000-\U000fffff]*\\[[0-9;]*m")
"""A colour of ours, with the seal that it has until it is written."""


def width(text: str) -> int:
    """The columns that a text takes."""
    text = _COLOUR.sub("", text) if "\x1b" in text else text
    return len(text) if text.isascii() else sum(map(_columns, text))


def pad(text: str, columns: int) -> str:
    """The text with spaces up to a number of columns."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int, tail: int = 0) -> str:
    """The text, shortened to a number of columns; ``tail`` of them are for its end."""
    if width(text) <= columns:
        return text
    return f"{_beginning(text, columns - 1 - tail)}…{_end(text, tail)}"


def cut_apart(texts: Sequence[str], columns: int) -> list[str]:
    """Each text cut in its middle; texts that would look alike show where they differ."""
    alike: dict[str, set[str]] = {}
    for text in texts:
        alike.setdefault(cut(text, columns, columns // 2), set()).add(text)
    shown = {
        text: look if len(group) == 1 else _around(text, group, columns)
        for look, group in alike.items()
        for text in group
    }
    return [shown[text] for text in texts]


def wrap(text: str, columns: int, indent: str = "", *, break_long: bool = False) -> list[str]:
    """The text in lines, broken between words; lines after the first begin with ``indent``.

    A word that is longer than a line, such as an address, stays whole unless ``break_long``.
    """
    lines, line = list[str](), ""
    for word in _words(text, columns, break_long=break_long):
        if line.strip() and width(line) + width(word) > columns:
            lines.append(line)
            line = indent + word.lstrip()
        else:
            line += word
    return [*lines, line] if line.strip() else lines


def _words(text: str, columns: int, *, break_long: bool) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word = match[0]
        while break_long and width(word.lstrip()) > columns:
            piece = _beginning(word.lstrip(), columns)
            yield piece
            word = word.lstrip()[len(piece) :]
        yield word


def _around(text: str, alike: set[str], columns: int) -> str:
    """The beginning of a text, where it differs from those that begin and end alike, its end."""
    at = next((i for i, letters in enumerate(zip(*alike, strict=False)) if len({*letters}) > 1), 0)
    third = (columns - 2) // 3
    begin = _beginning(text, third)
    return f"{begin}…{cut(text[at:], columns - width(begin) - 1, third)}"


def _beginning(text: str, columns: int) -> str:
    taken = 0
    for i, letter in enumerate(text):
        taken += _columns(letter)
        if taken > columns:
            return text[:i]
    return text


def _end(text: str, columns: int) -> str:
    taken, begin = 0, len(text)
    for i in range(len(text) - 1, -1, -1):
        wide = _columns(text[i])
        taken += wide
        if taken > columns:
            break
        if wide:  # an accent does not stand without its letter
            begin = i
    return text[begin:]


def _columns(letter: str) -> int:
    import unicodedata  # noqa: PLC0415 - most texts are ASCII

    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
