"""The text of a Dockerfile: its instructions, words, variables and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pennsieve_agent.errors import SourceError

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=.*")
_HEREDOC = re.compile(r"(?<!\S)\d*<<(-?)([\"']?)(\w+)\2(?!\w)")
_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?::(?P<op>[-+])(?P<word>[^}]*))?\})")
_WITH_HEREDOC = {"RUN", "COPY", "ADD"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, what follows it, and the line it begins on."""

    name: str
    rest: str
    line: int
    escape: str = "\\"
    has_heredoc: bool = False

    def problem(self, what: str) -> SourceError:
        """An error about this instruction; it quotes no content."""
        return SourceError(
            f"line {self.line} of the Dockerfile: {self.name} {what}",
            where="Dockerfile",
            hint="correct the line, commit, and add the new commit",
        )


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, with continued lines joined and comments left out."""
    lines = text.removeprefix("\ufeff").splitlines()
    escape = _escape(lines)
    number = 0
    while number < len(lines):
        start = number
        number, joined = _joined(lines, number, escape)
        if not joined.strip():
            continue
        name, _, rest = joined.strip().partition(" ")
        if "\t" in name:
            name, _, rest = joined.strip().partition("\t")
        name = name.upper()
        heredocs = _HEREDOC.findall(rest) if name in _WITH_HEREDOC else []
        instruction = Instruction(name, rest.strip(), start + 1, escape, bool(heredocs))
        for dash, _, word in heredocs:
            number = _after(lines, number, word, strip_tabs=bool(dash))
            if not number:
                raise instruction.problem("has a here-document without an end")
        yield instruction


def _escape(lines: list[str]) -> str:
    for line in lines:
        if directive := _ESCAPE.fullmatch(line.strip()):
            return directive[1]
        if not _DIRECTIVE.fullmatch(line.strip()):
            break
    return "\\"


def _joined(lines: list[str], number: int, escape: str) -> tuple[int, str]:
    """The logical line that begins at ``number``, and the number after it."""
    parts: list[str] = []
    while number < len(lines):
        line = lines[number].rstrip()
        number += 1
        if line.lstrip().startswith("#") or (parts and not line):
            continue  # comments and empty lines do not end a continued line
        if not line.endswith(escape):
            parts.append(line)
            break
        parts.append(line[:-1])
    return number, "".join(parts)


def _after(lines: list[str], number: int, word: str, *, strip_tabs: bool) -> int:
    """The number of the line after a here-document's last; 0 if it has none."""
    while number < len(lines):
        line = lines[number].lstrip("\t") if strip_tabs else lines[number]
        number += 1
        if line == word:
            return number
    return 0


def string_list(text: str) -> tuple[str, ...] | None:
    """A JSON list of texts; None for anything else, which is then the shell form."""
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return None
    return tuple(items)


def makes_executable(mode: str) -> bool:
    """Whether a mode of ``chmod``, such as ``+x`` or ``755``, lets a file be executed."""
    if mode.isdigit():
        return set(mode) <= set("01234567") and bool(int(mode, 8) & 0o111)
    return any("x" in part.replace("=", "+").partition("+")[2] for part in mode.split(","))


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
    out: list[str] = []
    i, quote = 0, ""
    while i < len(text):
        char = text[i]
        if char in "\"'" and quote in {"", char}:
            quote = "" if quote else char
        elif char == escape and quote != "'" and i + 1 < len(text):
            i += 1
            out.append(_escaped(text[i], quote, escape))
        elif char == "$" and quote != "'" and (variable := _VARIABLE.match(text, i)):
            out.append(_value(variable, known, escape))
            i = variable.end() - 1
        else:
            out.append(char)
        i += 1
    return "".join(out)


def _escaped(char: str, quote: str, escape: str) -> str:
    return char if not quote or char in {'"', "$", escape} else escape + char


def _value(variable: re.Match[str], known: Mapping[str, str], escape: str) -> str:
    value = known.get(variable["plain"] or variable["name"], "")
    if variable["op"] == "-":
        return value or expand(variable["word"], known, escape)
    if variable["op"] == "+":
        return expand(variable["word"], known, escape) if value else ""
    return value
