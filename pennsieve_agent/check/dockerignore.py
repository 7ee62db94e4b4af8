"""``.dockerignore``: what does not reach the build.

The rules are Docker's (Docker documentation, "Build context", "Syntax" of .dockerignore files): a
pattern counts from the top, ``**`` stands for any number of folders, a line with ``!`` takes files
back, the last line that fits decides, and a folder takes what lies in it along.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ignored:
    """The lines of the file: patterns, and whether each takes back."""

    lines: tuple[tuple[re.Pattern[str], bool], ...] = ()

    @classmethod
    def of(cls, text: str) -> Ignored:
        """What a file's text says. A pattern that Docker would refuse is left out."""
        return cls(tuple(_patterns(text)))

    def covers(self, path: str) -> bool:
        """Whether a file or folder is kept from the build."""
        covered = False
        for pattern, takes_back in self.lines:
            if covered == takes_back and pattern.match(path):
                covered = not takes_back
        return covered


def _patterns(text: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    for line in text.splitlines():
        word = line.strip()
        if not word or line.startswith("#"):
            continue
        takes_back = word.startswith("!")
        word = posixpath.normpath(word.removeprefix("!").strip()).lstrip("/")
        if word not in {"", "."}:
            try:
                yield re.compile(_expression(word)), takes_back
            except re.error:
                continue


def _expression(pattern: str) -> str:
    """A regular expression for a path that fits, or lies in a folder that does."""
    out, place = "", 0
    while place < len(pattern):
        if pattern.startswith("**", place):
            place += 2
            if pattern.startswith("/", place):
                place += 1
                out += "(?:.*/)?"
            else:
                out += ".*"
            continue
        char = pattern[place]
        end = pattern.find("]", place + 1)
        if char == "[" and end > 0:
            out += pattern[place : end + 1]
            place = end
        elif char == "\\" and place + 1 < len(pattern):
            place += 1
            out += re.escape(pattern[place])
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char))
        place += 1
    return f"{out}(?:/.*)?$"
