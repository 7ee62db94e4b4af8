"""Other people's texts, without the characters that act on a terminal instead of being shown."""

from __future__ import annotations

import re

_ACTING = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line end, DEL, C1: escape sequences begin so
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the order in which text is read
    "\u2028\u2029"  # line ends in some terminals
    "\ud800-\udfff"  # no characters: bytes of a file name that are no text
    "]"
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_SHOWN = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """The text with a mark in place of each such character, so that it is as long as before."""
    return _ACTING.sub(_SHOWN, text.replace("\r\n", "\n"))


def without_colours(line: str) -> str:
    """A line that a program printed, without its colours and what else could garble it."""
    return "".join(c for c in _COLOUR.sub("", line) if c.isprintable() or c == "\t")


def escaped_json(text: str) -> str:
    """A JSON document with those characters escaped, which changes no value in it."""
    return _ACTING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
