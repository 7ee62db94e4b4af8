"""Steps and the resources they make, as they happen: lines that stay, and below what still runs.

On a terminal the part that still runs is drawn anew a few times a second; elsewhere there are only
the lines that stay.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pennsieve_agent.console.printable import printable
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.words import span

if TYPE_CHECKING:
    from rich.text import Text

_MARKS = {
    "done": ("✓", "green"),
    "already done": ("✓", "green"),
    "problem": ("!", "yellow"),
}
_ENDED = {"CREATE": "created", "UPDATE": "changed", "DELETE": "deleted"}
_GOING = {"CREATE": "creating", "UPDATE": "changing", "DELETE": "deleting"}
REFRESHES = 4
"""How often the running part is drawn anew, per second."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to a step, or to one resource of it (``item``), whose ``status`` is AWS's.

    ``state`` is started, event, done, already done or problem; ``at`` is in unix seconds,
    None for now.
    """

    state: str
    sentence: str
    hint: str = ""
    item: str = ""
    status: str = ""
    at: float | None = None


class StepTree:
    """Shows what happens, between entering and leaving it. ``now`` is in unix seconds."""

    def __init__(self, streams: Streams, now: Callable[[], float]) -> None:
        self._streams, self._now = streams, now
        self._step, self._begun = "", 0.0
        self._header = ""
        self._running: dict[str, tuple[str, float]] = {}
        self._live: Any = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Begin."""
        if self._streams.err_is_terminal:
            self._live = self._open.enter_context(self._drawn())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the running part away; the lines stay."""
        self._step, self._running = "", {}
        self._open.close()
        self._live = None

    def show(self, what: Happening) -> None:
        """Tell about something that happened."""
        if what.state == "started":
            self._step, self._begun, self._running = what.sentence, self._now(), {}
            self._header = what.sentence
        elif what.state == "event":
            self._event(what)
        else:
            self._end(what)

    def _event(self, what: Happening) -> None:
        action, _, state = what.status.partition("_")
        at = what.at if what.at is not None else self._now()
        if not what.item or action not in _GOING:
            return
        if state == "IN_PROGRESS":
            self._running.setdefault(what.item, (_GOING[action], at))
            return
        _, begun = self._running.pop(what.item, ("", at))
        if state == "COMPLETE":
            self._stay(f"{what.item} {_ENDED[action]}{_took(at - begun)}", ("✓", "green"))
        elif state == "FAILED":
            self._stay(what.sentence, ("✗", "red"))

    def _stay(self, text: str, mark: tuple[str, str]) -> None:
        if self._header:
            self._line(f"… {self._header}")
            self._header = ""
        self._line(f"  {self._streams.paint(*mark)} {text}")

    def _end(self, what: Happening) -> None:
        mark, style = _MARKS[what.state]
        took = _took(self._now() - self._begun) if self._step and what.state == "done" else ""
        self._step, self._running = "", {}
        self._line(f"{self._streams.paint(mark, style)} {what.sentence}{took}")
        if what.hint:
            self._line(f"    hint: {what.hint}")

    def _line(self, text: str) -> None:
        """A line that stays."""
        if self._live is None:
            self._streams.note(text)
            return
        with self._hidden():
            self._streams.note(text)

    def _hidden(self) -> ExitStack:
        """A time in which the running part is not on the screen."""
        stack = ExitStack()
        self._live.stop()
        stack.callback(self._live.start, refresh=True)
        return stack

    def _drawn(self) -> Any:
        from rich.console import Console  # noqa: PLC0415 - only slow commands draw
        from rich.live import Live  # noqa: PLC0415 - as above

        console = Console(
            file=self._streams.err,
            width=self._streams.width,
            force_terminal=True,
            no_color=not self._streams.colour,
            highlight=False,
        )
        return Live(
            get_renderable=self._picture,
            console=console,
            transient=True,
            refresh_per_second=REFRESHES,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _picture(self) -> Text:
        """What still runs; cut to the terminal's width and to a few lines."""
        from rich.text import Text  # noqa: PLC0415 - only slow commands draw

        rows = []
        if self._step:
            rows.append(f"… {self._step}{_took(self._now() - self._begun)}")
        items = list(self._running.items())
        rows += [
            f"  … {item} {doing}{_took(self._now() - begun)}" for item, (doing, begun) in items[:8]
        ]
        if len(items) > 8:  # noqa: PLR2004 - as above
            rows.append(f"  … and {len(items) - 8} more")
        return Text(printable("\n".join(rows)), no_wrap=True, overflow="ellipsis", style="dim")


def _took(seconds: float) -> str:
    """A duration in parentheses; nothing for what took no time to speak of."""
    return f" ({span(seconds)})" if seconds >= 1 else ""
