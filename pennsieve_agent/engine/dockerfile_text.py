"""The text of a Dockerfile: its instructions, here-documents and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pennsieve_agent.engine.dockerfile_words import expand, words
from pennsieve_agent.errors import SourceError

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=.*")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_FLAGS = re.compile(r"(?:--\S+\s+)*")
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
    # Of all that Python takes for the end of a line, Docker takes this alone.
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
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
        heredocs = _heredocs(name, rest.strip())
        instruction = Instruction(name, rest.strip(), start + 1, escape, bool(heredocs))
        for end, strip_tabs in heredocs:
            number = _after(lines, number, end, strip_tabs=strip_tabs)
            if not number:
                raise instruction.problem("has a here-document without an end")
        yield instruction


def _heredocs(name: str, rest: str) -> list[tuple[str, bool]]:
    """The here-documents that a line begins: their last lines, and whether tabs are taken off.

    As in BuildKit: each is a word of its own, whose name may have quotes; a list in JSON has none.
    """
    if name == "ONBUILD":
        name, _, rest = rest.partition(" ")
        name, rest = name.upper(), rest.strip()
    if name not in _WITH_HEREDOC or string_list(rest[_flags_end(rest) :]) is not None:
        return []
    return [
        (expand(begin[2], {}, "\\"), bool(begin[1]))
        for word in words(rest, "\\")
        if (begin := _HEREDOC.fullmatch(word))
    ]


def _flags_end(rest: str) -> int:
    """Where the flags of an instruction end and its words begin."""
    flags = _FLAGS.match(rest)
    return flags.end() if flags else 0


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
        is_comment = line.lstrip().startswith("#")
        if is_comment and not parts:
            break  # the next line is the first of an instruction
        if is_comment or (parts and not line):
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
