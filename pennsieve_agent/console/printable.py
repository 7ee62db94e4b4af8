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
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: parameters, intermediates, final
    # OSC, DCS, SOS, PM and APC: a text up to its end, or to the end of the line
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"  # the other sequences of two characters and more
)
"""Control sequences (ECMA-48, 5.4 and 5.6; xterm, "Control Sequences")."""
_SHOWN = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """The text with a mark in place of each such character, so that it is as long as before."""
    return _ACTING.sub(_SHOWN, text.replace("\r\n", "\n"))


def program_line(line: str) -> str:
    """A line that a program printed, without colours and other sequences, which could garble it.

    Of a line that was drawn again and again, such as a progress bar, its last state.
    """
    if line.isprintable():
        return line
    states = [text for state in line.split("\r") if (text := _SEQUENCE.sub("", state)).strip()]
    return "".join(c for c in (states[-1] if states else "") if c.isprintable() or c == "\t")


def escaped_json(text: str) -> str:
    """A JSON document with those characters escaped, which changes no value in it."""
    return _ACTING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
