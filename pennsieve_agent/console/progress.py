"""How far a transfer is: one line on a terminal that is written over, nothing in a pipe."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.words import size

EVERY_SECONDS = 0.2


class ProgressLine:
    """A line such as ``Downloading: 12 of 340 files, 1.2 MB of 3.4 GB``.

    :meth:`show` may be called from many threads, one at a time. ``now`` is in seconds.
    """

    def __init__(self, streams: Streams, verb: str, now: Callable[[], float]) -> None:
        self._streams, self._verb, self._now = streams, verb, now
        self._shown_at = float("-inf")
        self._width = 0

    def show(self, files: int, total_files: int, done: int, total: int) -> None:
        """Say how far it is, a few times a second."""
        if not self._streams.err_is_terminal or self._now() - self._shown_at < EVERY_SECONDS:
            return
        self._shown_at = self._now()
        text = (
            f"{self._verb}: {files} of {total_files} files, {size(max(done, 0))} of {size(total)}"
        )[: self._streams.width - 1]
        self._streams.overwrite(text.ljust(self._width))
        self._width = len(text)

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            self._streams.overwrite(" " * self._width)
            self._streams.overwrite("")
            self._width = 0
