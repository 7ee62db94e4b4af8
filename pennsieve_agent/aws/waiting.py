"""How long to wait between two looks at something slow."""

from __future__ import annotations

from collections.abc import Iterator

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 3.0


def waits(seconds: float) -> Iterator[float]:
    """Pauses that begin short and grow, until they add up to ``seconds``."""
    pause, spent = FIRST_SECONDS, 0.0
    while spent < seconds:
        yield pause
        spent += pause
        pause = min(pause * 2, LONGEST_SECONDS)
