"""How far a transfer is, how long an outage lasts: one line on a terminal, written over."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.words import plural, size, span

EVERY_SECONDS = 0.2


class _Line:
    """A line of the terminal that is written over, and taken away at the end."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._width = 0

    def put(self, text: str) -> None:
        """Write over what the line says."""
        text = text[: self._streams.width - 1]
        self._streams.overwrite(text.ljust(self._width))
        self._width = len(text)

    def clear(self) -> None:
        """Take it away, if it is there."""
        if self._width:
            self._streams.overwrite(" " * self._width)
            self._streams.overwrite("")
            self._width = 0


class ProgressLine:
    """A line such as ``Downloading: 12 of 340 files, 1.2 MB of 3.4 GB``.

    :meth:`show` may be called from many threads, one at a time. ``now`` is in seconds.
    """

    def __init__(self, streams: Streams, verb: str, now: Callable[[], float]) -> None:
        self._streams, self._verb, self._now = streams, verb, now
        self._line = _Line(streams)
        self._shown_at = float("-inf")

    def show(self, files: int, total_files: int, done: int, total: int) -> None:
        """Say how far it is, a few times a second."""
        if not self._streams.err_is_terminal or self._now() - self._shown_at < EVERY_SECONDS:
            return
        self._shown_at = self._now()
        self._line.put(
            f"{self._verb}: {files} of {total_files} files, {size(max(done, 0))} of {size(total)}"
        )

    def end(self) -> None:
        """Take the line away."""
        self._line.clear()


class ImportLine:
    """One line that says that Pennsieve's import is waited for; it counts down on a terminal."""

    def __init__(self, streams: Streams) -> None:
        self._streams, self._line = streams, _Line(streams)
        self._is_said = False

    def show(self, files: int) -> None:
        """Say how many files are not imported yet; 0 ends it."""
        if not files:
            self._line.clear()
            return
        text = f"waiting until Pennsieve has imported {plural(files, 'file')}, at most 10 min"
        if self._streams.err_is_terminal:
            self._line.put(text)
        elif not self._is_said:
            self._streams.note(text)
        self._is_said = True


class OutageLine:
    """One line that tells how long there was no answer; it counts on a terminal.

    Elsewhere it is written when the outage begins, and again when it is ten times as long.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams, self._line = streams, _Line(streams)
        self._next = 0.0
        self._longest = 0.0

    def show(self, seconds: float | None, why: str) -> None:
        """Say that there was no answer for ``seconds``; None: there is one again."""
        if seconds is None:
            self._line.clear()
            self._streams.note(f"answered again after {_counted(self._longest)}; no line was lost")
            self._next, self._longest = 0.0, 0.0
            return
        self._longest = seconds
        text = f"no answer for {_counted(seconds)}, waiting; the run goes on ({why})"
        if self._streams.err_is_terminal:
            self._line.put(text)
        elif seconds >= self._next:
            self._streams.note(text)
            self._next = max(seconds * 10, 60.0)


def _counted(seconds: float) -> str:
    """A length of time that still grows: ``40 s``, ``3 min``."""
    return f"{int(seconds // 60)} min" if 60 <= seconds < 3600 else span(seconds)  # noqa: PLR2004


class CountLine:
    """A line such as ``Sending: 12 of 340 runs``, on a terminal alone."""

    def __init__(self, streams: Streams, verb: str, noun: str) -> None:
        self._streams, self._verb, self._noun = streams, verb, noun
        self._line = _Line(streams)

    def show(self, number: int, count: int) -> None:
        """Say how far it is."""
        if self._streams.err_is_terminal:
            self._line.put(f"{self._verb}: {number} of {count} {self._noun}")

    def end(self) -> None:
        """Take the line away."""
        self._line.clear()
