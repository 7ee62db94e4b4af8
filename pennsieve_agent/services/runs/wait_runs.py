"""Waiting for several runs and batches at once, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from pennsieve_agent.errors import StillRunning
from pennsieve_agent.services.runs.follow_run import HERE_SECONDS, next_pause

SECONDS_A_RUN = 0.25
"""The pause grows with what is looked at, so that many do not ask too often."""
MOST_NAMED = 5


class Waited(Protocol):
    """A run or a batch that is waited for. ``here``: it is on this machine."""

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        ...

    @property
    def typed(self) -> str:
        """What it is called on a command line."""
        ...

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        ...

    def look(self) -> bool:
        """Ask once how far it is: whether it has ended."""
        ...


T = TypeVar("T", bound=Waited)


def ends(
    waited: Sequence[T],
    now: Callable[[], float],
    sleep: Callable[[float], None],
    deadline: float | None = None,
) -> Iterator[T]:
    """Each of them when it has ended. ``deadline`` is in unix seconds.

    Raises:
        StillRunning: the deadline came first.
    """
    waiting, began, pause = list(waited), now(), 0.0
    while True:
        for one in list(waiting):
            if one.look():
                waiting.remove(one)
                pause = 0.0
                yield one
        if not waiting:
            return
        if deadline is not None and now() >= deadline:
            raise _still(waiting)
        pause = max(next_pause(pause, now() - began), SECONDS_A_RUN * len(waiting))
        sleep(HERE_SECONDS if all(one.here for one in waiting) else pause)


def _still(waiting: Sequence[Waited]) -> StillRunning:
    names = [one.label for one in waiting[:MOST_NAMED]]
    more = f" and {len(waiting) - MOST_NAMED} more" if len(waiting) > MOST_NAMED else ""
    typed = " ".join(one.typed for one in waiting[:MOST_NAMED])
    count = f"{len(waiting)} of those have" if len(waiting) > 1 else "one has"
    return StillRunning(
        f"{count} not ended: {', '.join(names)}{more}",
        hint=f"keep waiting with: pennsieve run wait {typed}",
    )
