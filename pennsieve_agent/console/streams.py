"""The terminal, or whatever stands in its place."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from pennsieve_agent.console import cells
from pennsieve_agent.errors import UsageProblem

_WIDTH, _LEAST = 80, 20
_YES = "add --yes to go on without being asked"
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = 1, 2, 31, 32, 33, 36
_COLOURS = {
    "bold": _BOLD,
    "dim": _DIM,
    "red": _RED,
    "green": _GREEN,
    "yellow": _YELLOW,
    "cyan": _CYAN,
}


@dataclass
class Streams:
    """Where results, messages and answers go. ``width`` is in columns."""

    out: TextIO
    err: TextIO
    stdin: TextIO
    out_is_terminal: bool = False
    err_is_terminal: bool = False
    can_ask: bool = False
    colour: bool = False
    width: int = _WIDTH

    @classmethod
    def of_process(cls, environ: Mapping[str, str]) -> Streams:
        """The process's own streams; ``NO_COLOR`` and ``TERM=dumb`` are honoured."""
        out_tty, err_tty = sys.stdout.isatty(), sys.stderr.isatty()
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace", line_buffering=True)
        return cls(
            sys.stdout,
            sys.stderr,
            sys.stdin,
            out_is_terminal=out_tty,
            err_is_terminal=err_tty,
            can_ask=sys.stdin.isatty() and err_tty,
            colour=out_tty and not plain,
            width=_columns(environ),
        )

    @classmethod
    def for_test(cls, answers: str = "", *, terminal: bool = False, width: int = _WIDTH) -> Streams:
        """Streams kept in memory; ``answers`` is what the user types."""
        return cls(
            io.StringIO(),
            io.StringIO(),
            io.StringIO(answers),
            out_is_terminal=terminal,
            err_is_terminal=terminal,
            can_ask=terminal,
            width=width,
        )

    def result(self, text: str) -> None:
        """Write a result to standard output."""
        self.out.write(text if text.endswith("\n") else f"{text}\n")
        self.out.flush()

    def document(self, value: Any, *, one_line: bool = False) -> None:
        """Write one JSON document to standard output; on a terminal with line breaks."""
        import json  # noqa: PLC0415 - most commands do not need it

        indent = 2 if self.out_is_terminal and not one_line else None
        self.result(json.dumps(value, indent=indent, ensure_ascii=False))

    def note(self, text: str) -> None:
        """Say something that is not a result, on standard error; wrapped on a terminal."""
        self.err.write(f"{self.wrapped(text) if self.err_is_terminal else text}\n")
        self.err.flush()

    def wrapped(self, text: str) -> str:
        """Text with line breaks between words; lines that are indented stay so.

        A command to copy stays whole: one that is broken cannot be pasted.
        """
        lines = list[str]()
        for line in text.split("\n"):
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            lines += cells.wrap(line, max(self.width - 1, _LEAST), indent) or [""]
        return "\n".join(lines)

    def paint(self, text: str, *styles: str) -> str:
        """The text in colour, where there is colour."""
        if not self.colour or not styles:
            return text
        codes = ";".join(str(_COLOURS[style]) for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def ask(self, question: str, *, instead: str) -> str:
        """Ask for a line of text.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        self._must_ask(question, instead)
        self.err.write(f"{question}: ")
        self.err.flush()
        return self._line().strip()

    def ask_secret(self, question: str, *, instead: str) -> str:
        """Ask for a line that is not shown while it is typed.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        self._must_ask(question, instead)
        if self.stdin is sys.stdin:
            import getpass  # noqa: PLC0415 - only login needs it

            return getpass.getpass(f"{question}: ", stream=self.err).strip()
        self.err.write(f"{question}: \n")
        return self._line().strip()

    def confirm(self, question: str, *, assume: bool, instead: str = _YES) -> bool:
        """Ask yes or no; ``assume`` (``--yes`` was given) answers yes without asking.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        if assume:
            return True
        self._must_ask(question, instead)
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return self._line().strip().casefold() in {"y", "yes"}

    def _must_ask(self, question: str, instead: str) -> None:
        if not self.can_ask:
            raise UsageProblem(f"cannot ask, as this is not a terminal: {question}", hint=instead)

    def _line(self) -> str:
        line = self.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        return line


def _columns(environ: Mapping[str, str]) -> int:
    """The terminal's width; ``COLUMNS`` wins, as elsewhere."""
    if (columns := environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH
    except (OSError, ValueError):
        return _WIDTH


def silence_broken_pipe() -> None:
    """Let the process end quietly after a reader such as ``head`` went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
