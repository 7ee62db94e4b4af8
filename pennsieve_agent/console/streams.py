"""The terminal, or whatever stands in its place.

All that is written passes here, and is cleaned here: of what other people wrote, nothing reaches
a terminal that acts on it (see :mod:`~pennsieve_agent.console.printable`).
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from pennsieve_agent.console import cells, descriptors
from pennsieve_agent.console.printable import escaped_json, printable
from pennsieve_agent.errors import AgentError, OutputFailed, UsageProblem

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


class ReaderLeft(Exception):  # noqa: N818 - no error: ``| head -1`` has what it wanted
    """Who read standard output reads no more."""


def _seal() -> str:
    """Three characters that nobody can guess; as few as that keep lines wrapped where they were."""
    numbers = os.urandom(6)
    return "".join(chr(0xF0000 + 256 * numbers[i] + numbers[i + 1]) for i in (0, 2, 4))


@dataclass
class Streams:
    """Where results, messages and answers go. ``width`` is in columns.

    ``seal`` follows the first character of our own colours until they are written, as other
    people's texts may hold colours, too.
    """

    out: TextIO
    err: TextIO
    stdin: TextIO
    out_is_terminal: bool = False
    err_is_terminal: bool = False
    can_ask: bool = False
    colour: bool = False
    width: int = _WIDTH
    seal: str = field(default_factory=_seal, repr=False)

    @classmethod
    def of_process(cls, environ: Mapping[str, str]) -> Streams:
        """The process's own streams; ``NO_COLOR`` and ``TERM=dumb`` are honoured."""
        out, err, stdin = descriptors.stdout(), descriptors.stderr(), descriptors.stdin()
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        return cls(
            out,
            err,
            stdin,
            out_is_terminal=out.isatty(),
            err_is_terminal=err.isatty(),
            can_ask=stdin.isatty() and err.isatty(),
            colour=out.isatty() and not plain,
            width=_columns(environ, out),
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
        """Write a result to standard output.

        Raises:
            OutputFailed: it cannot be written.
            ReaderLeft: nobody reads it.
        """
        with _written():
            self.out.write(self._cleaned(text if text.endswith("\n") else f"{text}\n"))
            self.out.flush()

    def document(self, value: Any, *, one_line: bool = False) -> None:
        """Write one JSON document to standard output; on a terminal with line breaks.

        Raises:
            OutputFailed, ReaderLeft: as for :meth:`result`.
        """
        import json  # noqa: PLC0415 - most commands do not need it

        indent = 2 if self.out_is_terminal and not one_line else None
        self.result(escaped_json(json.dumps(value, indent=indent, ensure_ascii=False)))

    def documents(self, values: Iterable[Any]) -> None:
        """Write JSON documents to standard output, each on a line of its own.

        Raises:
            OutputFailed, ReaderLeft: as for :meth:`result`.
        """
        import json  # noqa: PLC0415 - most commands do not need it

        lines = (escaped_json(json.dumps(value, ensure_ascii=False)) for value in values)
        self.result("\n".join(lines))

    def note(self, text: str) -> None:
        """Say something that is not a result, on standard error; wrapped on a terminal."""
        self._say(f"{self.wrapped(text) if self.err_is_terminal else text}\n")

    def overwrite(self, text: str) -> None:
        """Write over the line of the terminal that standard error is at."""
        self._say(text, before="\r")

    def announce(self, title: str) -> None:
        """Ring the terminal's bell, and name its window: something has ended."""
        # OSC 2 and ST (xterm, "Control Sequences"), then BEL.
        with _written():
            self.out.write(f"\x1b]2;{printable(title)}\x1b\\\a")
            self.out.flush()

    def _say(self, text: str, *, before: str = "") -> None:
        self.err.write(before + self._cleaned(text))
        self.err.flush()

    def _cleaned(self, text: str) -> str:
        """The text with our own colours, and with nothing of others' that acts on a terminal."""
        parts = text.split(f"\x1b{self.seal}")
        return "\x1b".join(printable(part) for part in parts)

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
        escape = f"\x1b{self.seal}"
        return f"{escape}[{codes}m{text}{escape}[0m"

    def ask(self, question: str, *, instead: str) -> str:
        """Ask for a line of text.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        self._must_ask(question, instead)
        self._say(f"{question}: ")
        return self._line().strip()

    def ask_secret(self, question: str, *, instead: str) -> str:
        """Ask for a line that is not shown while it is typed.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        self._must_ask(question, instead)
        if self.stdin.isatty():
            import getpass  # noqa: PLC0415 - only login needs it

            return getpass.getpass(printable(f"{question}: "), stream=self.err).strip()
        self._say(f"{question}: \n")
        return self._line().strip()

    def confirm(self, question: str, *, assume: bool, instead: str = _YES) -> bool:
        """Ask yes or no; ``assume`` (``--yes`` was given) answers yes without asking.

        Raises:
            UsageProblem: nobody is there to answer; the hint is ``instead``.
        """
        if assume:
            return True
        self._must_ask(question, instead)
        self._say(f"{question} [y/N] ")
        return self._line().strip().casefold() in {"y", "yes"}

    def _must_ask(self, question: str, instead: str) -> None:
        if not self.can_ask:
            raise UsageProblem(
                f"cannot ask because this is not a terminal: {question}", hint=instead
            )

    def _line(self) -> str:
        line = self.read_line()
        if not line:
            raise KeyboardInterrupt
        return line

    def read_line(self) -> str:
        """The next line of standard input, with its end; empty at the end of the input.

        Raises:
            AgentError: it cannot be read, or is not text.
        """
        with _read():
            return self.stdin.readline()

    def read_all(self) -> bytes:
        """All of standard input, with its line ends as they are.

        Raises:
            AgentError: as for :meth:`read_line`.
        """
        with _read():
            raw = getattr(self.stdin, "buffer", None)
            return raw.read() if raw is not None else self.stdin.read().encode()


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderLeft from None
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise OutputFailed(f"standard output cannot be written: {why}") from None


@contextmanager
def _read() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise UsageProblem(
            f"standard input is not text in {error.encoding.upper()}",
            hint="check what is written to it",
        ) from None
    except OSError as error:
        raise AgentError(
            f"standard input cannot be read: {error.strerror}", hint="check what is written to it"
        ) from None


def _columns(environ: Mapping[str, str], out: TextIO) -> int:
    """The terminal's width; ``COLUMNS`` wins, as elsewhere."""
    if (columns := environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(out.fileno()).columns or _WIDTH
    except (OSError, ValueError):
        return _WIDTH
