"""The words of a Dockerfile's line, with the quotes and variables of its reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

_NAME = re.compile(r"\w+")
_OPERATOR = re.compile(r"\}|:?[-+?]|##?|%%?|//?")


def words(text: str, escape: str) -> list[str]:
    """Words as they are written, quotes and all: blanks in quotes or escaped do not divide."""
    complete: list[str] = []
    word, quote, skip = "", "", False
    for char in text:
        if skip:
            word, skip = word + char, False
            continue
        skip = char == escape and quote != "'"
        if char in "\"'" and quote in {"", char}:
            quote = "" if quote else char
        if char.isspace() and not quote:
            if word:
                complete.append(word)
            word = ""
        else:
            word += char
    return [*complete, word] if word else complete


def expand(text: str, known: Mapping[str, str], escape: str) -> str:
    """A word as it is meant: quotes and escapes resolved, variables put in.

    Single quotes keep everything unchanged. A variable nobody set is empty.
    """
    return _Expansion(text, known, escape).until("")


@dataclass(slots=True)
class _Expansion:
    """Goes through a text once; a word inside ``${...}`` is gone through in the same way."""

    text: str
    known: Mapping[str, str]
    escape: str
    at: int = 0

    def until(self, stop: str) -> str:
        """What is meant by the text up to a character outside quotes, or up to the end."""
        out: list[str] = []
        quote = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == stop and not quote:
                break
            self.at += 1
            if char in "\"'" and quote in {"", char}:
                quote = "" if quote else char
            elif char == self.escape and quote != "'" and self.at < len(self.text):
                out.append(_escaped(self.text[self.at], quote, self.escape))
                self.at += 1
            elif char == "$" and quote != "'":
                out.append(self._variable())
            else:
                out.append(char)
        return "".join(out)

    def _variable(self) -> str:
        """The value of a variable whose ``$`` was just passed; what is none stays as written."""
        start = self.at
        in_braces = self.text.startswith("{", start)
        name = _NAME.match(self.text, start + in_braces)
        if name is None:
            return "$"
        self.at = name.end()
        if not in_braces:
            return self.known.get(name[0], "")
        value = self._in_braces(self.known.get(name[0]))
        if value is None:
            self.at = start
            return "$"
        return value

    def _in_braces(self, value: str | None) -> str | None:
        """What ``${NAME...}`` makes of a value; None where the braces have no end."""
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            return None
        self.at = operator.end()
        if operator[0] == "}":
            return value or ""
        replaces = operator[0].startswith("/")
        word = self.until("/" if replaces else "}")
        replacement = ""
        if replaces and self._passed("/"):
            replacement = self.until("}")
        return _operated(operator[0], value, word, replacement) if self._passed("}") else None

    def _passed(self, char: str) -> bool:
        is_there = self.text.startswith(char, self.at)
        self.at += is_there
        return is_there


def _escaped(char: str, quote: str, escape: str) -> str:
    return char if not quote or char in {'"', "$", escape} else escape + char


def _operated(operator: str, value: str | None, word: str, replacement: str) -> str:
    """The operators of the Dockerfile reference, "Environment replacement"."""
    text = value or ""
    is_set = bool(value) if operator.startswith(":") else value is not None
    match operator[-1]:
        case "-":
            return text if is_set else word
        case "+":
            return word if is_set else ""
        case "#" | "%":
            return _trimmed(text, word, at_end="%" in operator, most=len(operator) > 1)
        case "/":
            pattern = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in word)
            count = 0 if operator == "//" else 1
            return re.sub(pattern, lambda _: replacement, text, count=count) if word else text
        case _:  # "?": a build ends where it is not set, and an image has it set
            return text


def _trimmed(value: str, pattern: str, *, at_end: bool, most: bool) -> str:
    """A value without the shortest part at an end that fits a pattern, or without the longest."""
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if most else lengths:
        cut = len(value) - length if at_end else length
        part = value[cut:] if at_end else value[:cut]
        if fnmatchcase(part, pattern):
            return value[:cut] if at_end else value[cut:]
    return value
