"""A picture of the whole terminal that is drawn again and again, and leaves nothing behind.

It is drawn on the terminal's second screen, as an editor is: a change of the window's size is
followed at the next drawing, and afterwards the screen is as before.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.console.printable import printable
from pennsieve_agent.console.streams import Streams

if TYPE_CHECKING:
    from rich.text import Text

REFRESHES = 4
"""Drawings a second."""


class DrawnLine(Protocol):
    """A line: parts of text, each with a style, such as ``green`` or ``dim``, or none."""

    @property
    def parts(self) -> Sequence[tuple[str, str]]:
        """Texts and styles."""
        ...


Picture = Callable[[int, int], Sequence[DrawnLine]]
"""The lines for so many columns and lines of a terminal."""


@contextmanager
def shown_live(streams: Streams, picture: Picture) -> Iterator[None]:
    """Draw the picture on the terminal that standard output is, until the block is left."""
    from rich.console import Console  # noqa: PLC0415 - only slow commands draw
    from rich.live import Live  # noqa: PLC0415 - as above

    console = Console(
        file=streams.out, force_terminal=True, no_color=not streams.colour, highlight=False
    )
    live = Live(
        get_renderable=lambda: drawn(picture(console.width, console.height)),
        console=console,
        screen=True,
        refresh_per_second=REFRESHES,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    try:
        with live, _ended_by_a_signal():
            live.refresh()
            yield
    finally:
        streams.width = console.width


@contextmanager
def _ended_by_a_signal() -> Iterator[None]:
    """Let the block be left when the process is told to end, so that the screen is as before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    former = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def as_text(lines: Sequence[DrawnLine], streams: Streams) -> str:
    """Lines as text that stays on the terminal."""
    return "\n".join(
        "".join(streams.paint(text, style) if style else text for text, style in line.parts)
        for line in lines
    )


def drawn(lines: Sequence[DrawnLine]) -> Text:
    """Lines as they are drawn; of other people's texts nothing acts on the terminal."""
    from rich.text import Text  # noqa: PLC0415 - as above

    text = Text(no_wrap=True, overflow="crop", end="")
    for number, line in enumerate(lines):
        text.append("\n" if number else "")
        for part, style in line.parts:
            text.append(printable(part).replace("\n", " "), style or None)
    return text
