"""Help pages: as wide as the terminal, no line cut, no word broken."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.tree.entries import Section

_WIDEST, _NARROWEST = 100, 20
_TWO_COLUMNS_FROM = 60
_INDENT, _GAP = 2, 2
_WIDEST_NAME = 26
_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
_PROGRAM = "Run your analysis at scale on Pennsieve, with compute you own."
_TRY = ("pennsieve sandbox start --detach", "try everything without an account")
_SIGN_IN = ("pennsieve login", "or sign in to Pennsieve")
_SIGN_IN_FIRST = ("pennsieve login", "sign in to Pennsieve, with an API key of yours")
_INSTALL_FIRST = (_TRY[0], "or try everything first; says what to install for it")

Rows = Sequence[tuple[str, str]]


def root_page(width: int) -> str:
    """The program's own page. The first of its first steps works also without the sandbox."""
    from pennsieve_agent.cli.extras import sandbox_is_installed

    steps = (_TRY, _SIGN_IN) if sandbox_is_installed() else (_SIGN_IN_FIRST, _INSTALL_FIRST)
    width = _room(width)
    options = [
        ("-h, --help", "Show this page; after a command, that command's."),
        ("--version", "Show the version."),
        ("--debug", "Show a traceback when something fails."),
    ]
    return _joined(
        "Usage: pennsieve COMMAND ...",
        paragraphs(_PROGRAM, width),
        *_commands("", width),
        _section("Options", definitions(options, width)),
        _section("First steps", definitions(steps, width, widest=34)),
    )


def group_page(words: str, width: int) -> str:
    """The page of a group of commands."""
    width, group = _room(width), tree.GROUPS[words]
    return _joined(
        _hanging(f"Usage: pennsieve {words} COMMAND ...", width),
        paragraphs(group.help, width),
        *_commands(words, width),
        _section("Examples", examples(group.examples, width)),
    )


def command_page(
    usage: str,
    text: str,
    sections: Sequence[tuple[str, Rows]],
    lines: Sequence[str],
    width: int,
) -> str:
    """A command's page: ``sections`` are its arguments and options, ``lines`` its examples."""
    width = _room(width)
    listed = [_section(name, definitions(rows, width)) for name, rows in sections if rows]
    copied = _section("Examples", examples(lines, width)) if lines else ""
    return _joined(_hanging(f"Usage: {usage}", width), paragraphs(text, width), *listed, copied)


def _commands(group: str, width: int) -> Iterator[str]:
    """The commands of a level, under the headings of their sections."""
    entries = list(tree.level(group))
    titles = {entry.section for entry in entries}
    for section in Section:
        rows = [(_last(e.words), e.help) for e in entries if e.section is section]
        if rows:
            title = section.value if len(titles) > 1 else "Commands"
            yield _section(title, definitions(rows, width))


def _last(words: str) -> str:
    return words.rpartition(" ")[2]


def paragraphs(text: str, width: int) -> str:
    """Text, wrapped between words; an empty line parts paragraphs."""
    parts = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n\n".join("\n".join(_wrap(part, width)) for part in parts if part)


def definitions(rows: Rows, width: int, *, widest: int = _WIDEST_NAME) -> str:
    """Names with their text beside them; below them where there is no room for two columns."""
    names = [len(name) for name, _ in rows if len(name) <= widest]
    column = max(names, default=0) + _GAP
    lines = []
    for name, text in rows:
        if width < _TWO_COLUMNS_FROM:
            lines += [*_wrap(name, width - _INDENT, hang=4), *_indented(text, 4, width - _INDENT)]
        elif len(name) + _GAP > column:
            lines += [name, *_indented(text, column, width - _INDENT)]
        else:
            wrapped = _indented(text, column, width - _INDENT) or [""]
            lines += [f"{name:{column}}{wrapped[0].lstrip()}".rstrip(), *wrapped[1:]]
    return "\n".join(" " * _INDENT + line for line in lines)


def examples(lines: Sequence[str], width: int) -> str:
    """Commands to copy; one that is too long goes on in the next line, as a shell takes it."""
    return "\n".join(_shell_lines(line, width) for line in lines)


def _shell_lines(line: str, width: int) -> str:
    room = width - _INDENT - 2  # for the backslash
    rows = [""]
    for word in _WORD.findall(line):
        if rows[-1] and len(rows[-1]) + 1 + len(word) > room:
            rows.append(f"  {word}")
        else:
            rows[-1] = f"{rows[-1]} {word}".lstrip() if len(rows) == 1 else f"{rows[-1]} {word}"
    return " \\\n".join(" " * _INDENT + row for row in rows)


def _section(title: str, body: str) -> str:
    return f"{title}:\n{body}"


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _hanging(text: str, width: int) -> str:
    return "\n".join(_wrap(text, width, hang=4))


def _indented(text: str, indent: int, width: int) -> list[str]:
    return [" " * indent + line for line in _wrap(text, width - indent)]


def _wrap(text: str, width: int, hang: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, _NARROWEST),
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _room(width: int) -> int:
    return min(max(width, _NARROWEST), _WIDEST)
