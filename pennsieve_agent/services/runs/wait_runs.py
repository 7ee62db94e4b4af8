"""Waiting for several runs at once, wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.errors import StillRunning
from pennsieve_agent.services.runs.follow_run import HERE_SECONDS, next_pause

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import RunState
    from pennsieve_agent.services.runs.follow_run import Follower

SECONDS_A_RUN = 0.25
"""The pause grows with the runs that are looked at, so that many do not ask too often."""
MOST_NAMED = 5


def ends(
    followers: Sequence[Follower],
    now: Callable[[], float],
    sleep: Callable[[float], None],
    deadline: float | None = None,
) -> Iterator[tuple[Follower, RunState]]:
    """Each run when it has ended, with its state. ``deadline`` is in unix seconds.

    Raises:
        StillRunning: the deadline came first.
    """
    waiting, began, pause = list(followers), now(), 0.0
    while True:
        for follower in list(waiting):
            state = follower.look()
            if state.status.is_final:
                waiting.remove(follower)
                pause = 0.0
                yield follower, state
        if not waiting:
            return
        if deadline is not None and now() >= deadline:
            raise _still(waiting)
        pause = max(next_pause(pause, now() - began), SECONDS_A_RUN * len(waiting))
        sleep(HERE_SECONDS if all(follower.here for follower in waiting) else pause)


def _still(waiting: Sequence[Follower]) -> StillRunning:
    names = [follower.run.label for follower in waiting[:MOST_NAMED]]
    more = f" and {len(waiting) - MOST_NAMED} more" if len(waiting) > MOST_NAMED else ""
    typed = " ".join(follower.run.typed for follower in waiting[:MOST_NAMED])
    return StillRunning(
        f"{len(waiting)} of the runs have not ended: {', '.join(names)}{more}",
        hint=f"keep waiting with: pennsieve run wait {typed}",
    )
