"""Delays between polls of something that takes time."""

from __future__ import annotations

from collections.abc import Iterator


def pauses(seconds: float, *, first: float = 0.3, most: float = 3.0) -> Iterator[float]:
    """Pauses in seconds, short ones first, that add up to about ``seconds``.

    What is ready at once is then noticed at once, and what takes long is not asked too often.
    """
    passed, pause = 0.0, first
    while passed < seconds:
        yield pause
        passed += pause
        pause = min(pause * 1.5, most)
