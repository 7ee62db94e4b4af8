"""INI text as Pennsieve's tools write it, changed line by line without loss.

The rules are those of the existing agent's writer (``contracts/core.md`` 2.2): names compare
without case, ``=`` or ``:`` divides, keys before the first header belong to the section
``default``, a later line of the same name wins, a value may stand in quotes. ``configparser`` is
not used: it stumbles over header-less keys and over ``%``, and its errors quote the line, which may
be a secret (``contracts/core.md`` 2.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from pennsieve_agent.errors import SettingsError

TOP = "default"
"""The section of keys that come before the first header."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HEADER = re.compile(r"\s*\[([^\]]*)\]")
_KEY = re.compile(r"\s*([^=:\s][^=:]*?)\s*[=:][ \t]*")
_QUOTED = re.compile(r"([\"'])(.*?)\1\s*(?:[#;].*)?")
_PLAIN = re.compile(r"(.*?)\s*(?:(?<=\s)[#;].*)?")
_NEEDS_QUOTES = re.compile(r"[#;\"'`]|^\s|\s$|\\$")
_BLOCKS = ('"""', "`")


@dataclass(slots=True, eq=False)
class _Line:
    """A line with its end, or the lines of one value in block quotes.

    ``start`` and ``end`` say where in ``text`` the value stands, quotes included.
    """

    text: str
    section: str
    is_header: bool = False  # the value is then the section's name as it is spelled
    key: str = ""
    value: str = ""
    start: int = 0
    end: int = 0


class Ini:
    """The text of an INI file. Values go in and out; everything else is unchanged."""

    def __init__(self, text: str = "", where: str = "") -> None:
        """Read a text. ``where`` names it in errors.

        Raises:
            SettingsError: a line is neither a section, a key nor a comment. It names the line's
                number and nothing of its content.

        """
        self._bom = "\ufeff" if text.startswith("\ufeff") else ""
        self.where = where
        self._lines = _Reader(text.removeprefix("\ufeff"), where, TOP).lines

    @property
    def text(self) -> str:
        """The whole text."""
        return self._bom + "".join(line.text for line in self._lines)

    def sections(self) -> list[str]:
        """Names of sections, as first spelled; ``default`` when keys come before any header."""
        names: dict[str, str] = {}
        for line in self._lines:
            if line.is_header or line.key:
                names.setdefault(line.section, line.value if line.is_header else TOP)
        return list(names.values())

    def items(self, section: str) -> dict[str, str]:
        """Keys, in lower case, and values of a section; empty if there is none of that name."""
        folded = section.casefold()
        return {line.key: line.value for line in self._lines if line.key and line.section == folded}

    def get(self, section: str, key: str) -> str | None:
        """A value, or None."""
        return self.items(section).get(key.casefold())

    def set(self, section: str, key: str, value: str) -> None:
        """Give a key a value: in its line if it has one, else in a new one.

        Raises:
            SettingsError: the value cannot be written in one line.

        """
        written = _written(value, f"{section}.{key}")
        line = self._find(section, key)
        if line is None:
            self._insert(section, f"{key.casefold()}={written}")
        elif line.value != value:
            self._change(line, value, written)

    def remove(self, section: str, key: str) -> None:
        """Take a key out, every line of it; nothing happens when it is not there."""
        name = (section.casefold(), key.casefold())
        self._lines = [line for line in self._lines if (line.section, line.key) != name]

    def remove_section(self, section: str) -> None:
        """Take a section out: header, keys and what stands between them.

        Comments after its last key stay, as they may belong to what follows.
        """
        kept: list[_Line] = []
        for name, group in groupby(self._lines, key=lambda line: line.section):
            lines = list(group)
            marks = [i for i, line in enumerate(lines) if line.is_header or line.key]
            if name != section.casefold() or not marks:
                kept += lines
            else:
                # Comments above the first header-less key head the file, not the section.
                kept += [*lines[: marks[0]], *_comments(lines[marks[-1] + 1 :])]
                at_end = lines[-1] is self._lines[-1]
                while at_end and kept and not kept[-1].text.strip():
                    kept.pop()  # the blank line that divided it from the section before
        self._lines = kept

    def _find(self, section: str, key: str) -> _Line | None:
        name = (section.casefold(), key.casefold())
        lines = [line for line in self._lines if line.key and (line.section, line.key) == name]
        return lines[-1] if lines else None

    def _insert(self, section: str, text: str) -> None:
        end = self._line_end()
        name = section.casefold()
        places = [
            i
            for i, line in enumerate(self._lines)
            if line.section == name and (line.key or line.is_header)
        ]
        at = places[-1] + 1 if places else 0 if name == TOP else len(self._lines)
        if at and not self._lines[at - 1].text.endswith("\n"):
            self._lines[at - 1].text += end
        new, around = f"{text}{end}", name
        if not places and name != TOP:
            new = f"{end if at else ''}[{section}]{end}{new}"
            around = self._lines[-1].section if at else TOP
        self._lines[at:at] = _Reader(new, self.where, around).lines

    def _change(self, line: _Line, value: str, written: str) -> None:
        before, after = line.text[: line.start], line.text[line.end :]
        end = after[len(after.rstrip("\r\n")) :]
        # A comment right behind the old value may become part of the new one: then it goes.
        for text in (before + written + after, before + written + end):
            new = _Reader(text, self.where, line.section).lines[0]
            if new.value == value:
                self._lines[self._lines.index(line)] = new
                return
        raise _unfit(line.key)

    def _line_end(self) -> str:
        first = self._lines[0].text if self._lines else ""
        return "\r\n" if first.endswith("\r\n") else "\n"


class _Reader:
    """Divides a text into lines that know their section, key and value."""

    def __init__(self, text: str, where: str, section: str) -> None:
        self.where = where
        self._section = section
        self.lines: list[_Line] = []
        rest = re.findall(r"[^\n]*\n|[^\n]+", text)
        number = 0
        while number < len(rest):
            number += self._take(rest, number)

    def _take(self, rest: list[str], number: int) -> int:
        """Read the line at ``number``; answers how many lines it took."""
        text = rest[number]
        content = text.rstrip("\r\n")
        bare = content.strip()
        if _CONTROL.search(content):
            raise self._problem(number, "holds control characters")
        if not bare or bare[0] in "#;":
            self.lines.append(_Line(text, self._section))
            return 1
        if bare[0] == "[":
            return self._take_header(text, number)
        match = _KEY.match(text)
        if not match:
            raise self._problem(number, "is neither a section, a key nor a comment")
        taken = 1
        for block in _BLOCKS:
            if content.startswith(block, match.end()):
                taken = self._block_size(rest, number, match.end(), block)
                text = "".join(rest[number : number + taken])
        key = match[1].casefold()
        value, end = _value(text, match.end())
        self.lines.append(
            _Line(text, self._section, key=key, value=value, start=match.end(), end=end)
        )
        return taken

    def _take_header(self, text: str, number: int) -> int:
        match = _HEADER.match(text)
        name = match[1].strip() if match else ""
        if not name:
            raise self._problem(number, "begins a section that has no name")
        self._section = name.casefold()
        self.lines.append(_Line(text, self._section, is_header=True, value=name))
        return 1

    def _block_size(self, rest: list[str], number: int, start: int, block: str) -> int:
        """How many lines a value in block quotes takes."""
        if rest[number].find(block, start + len(block)) >= 0:
            return 1
        for i in range(number + 1, len(rest)):
            if block in rest[i]:
                return i - number + 1
        raise self._problem(number, "opens a quotation that is never closed")

    def _problem(self, number: int, what: str) -> SettingsError:
        return SettingsError(
            f"line {number + 1} of the settings file {what}",
            where=self.where,
            hint="correct or remove that line, or move the file away and sign in again with: "
            "pennsieve login",
        )


def _value(text: str, start: int) -> tuple[str, int]:
    """The value that begins at ``start``, and where it ends, quotes included."""
    for block in _BLOCKS:
        if text.startswith(block, start):
            close = text.index(block, start + len(block))
            return text[start + len(block) : close], close + len(block)
    rest = text[start:].rstrip("\r\n")
    if quoted := _QUOTED.fullmatch(rest):
        return quoted[2], start + quoted.end(2) + 1
    plain = _PLAIN.fullmatch(rest)
    value = plain[1].rstrip() if plain else rest.strip()
    return value, start + len(value)


def _written(value: str, name: str) -> str:
    """A value as it is written, in quotes where the agent's reader would need them."""
    if "\n" in value or _CONTROL.search(value):
        raise _unfit(name)
    if not _NEEDS_QUOTES.search(value):
        return value
    if "`" not in value:
        return f"`{value}`"
    if '"""' in value or value.endswith('"'):
        raise _unfit(name)
    return f'"""{value}"""'


def _unfit(name: str) -> SettingsError:
    return SettingsError(
        f"the value of {name} cannot be kept in a settings file",
        hint="use a value of one line, without quotation marks and backticks",
    )


def _comments(lines: list[_Line]) -> list[_Line]:
    """The lines, unless all are blank."""
    return lines if any(line.text.strip() for line in lines) else []
