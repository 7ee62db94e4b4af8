"""How long to wait before trying again, wherever something is tried again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER_SECONDS = 30.0
"""How long a server's Retry-After is obeyed at most."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits before trying again: ``first`` seconds, then twice as long, ``longest`` at most.

    After ``repeats`` of them it is given up; None never gives up.
    """

    first: float
    longest: float = LONGEST_RETRY_AFTER_SECONDS
    repeats: int | None = 4

    def wait(
        self, repeats: int, *, retry_after: float | None = None, jitter: float = 0.5
    ) -> float | None:
        """Seconds to wait after so many repeats; None to give up.

        ``retry_after`` is what the server's Retry-After says, in seconds. ``jitter``, a random
        number from 0 to 1, keeps many clients from coming back at the same moment: the wait is a
        quarter shorter or longer.
        """
        if self.repeats is not None and repeats >= self.repeats:
            return None
        if retry_after is not None:
            return min(retry_after, LONGEST_RETRY_AFTER_SECONDS)
        # Beyond 2**60 a float multiplies no further than any limit does.
        return min(self.first * 2.0 ** min(repeats, 60), self.longest) * (0.75 + jitter / 2)

    def waits(self, jitter: Callable[[], float]) -> Iterator[float | None]:
        """The waits one after the other; None at the end, which is: give up."""
        repeats = 0
        while (seconds := self.wait(repeats, jitter=jitter())) is not None:
            yield seconds
            repeats += 1
        yield None


def read_retry_after(header: str | None, now: float) -> float | None:
    """What a Retry-After header asks for, in seconds; None when it says nothing readable.

    It holds seconds or a date (RFC 9110, 10.2.3). ``now`` is in unix seconds.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
            # A date without a zone is UTC in HTTP.
            seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
