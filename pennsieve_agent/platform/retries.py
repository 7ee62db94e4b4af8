"""When to try again, and after how long: pure decisions."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum

PATIENCE_SECONDS = 5.0
"""How long we go on when nothing answers at all."""

LOOPBACK_PATIENCE_SECONDS = 1.5
"""The same for this machine before its first answer: there, nobody listening means not started."""

LONGEST_WAIT_SECONDS = 30.0
MOST_REPEATS = 4


class Trouble(Enum):
    """Why a call has no usable answer."""

    NO_CONNECTION = "does not answer"
    NO_ANSWER = "took too long"
    BROKEN_OFF = "broke off its answer"
    BUSY = "is busy"
    SLOW_DOWN = "asked to slow down"


_FIRST_WAIT_SECONDS = {
    Trouble.NO_CONNECTION: 0.25,
    Trouble.NO_ANSWER: 0.25,
    Trouble.BROKEN_OFF: 0.25,
    Trouble.BUSY: 0.5,
    Trouble.SLOW_DOWN: 1.0,
}


def wait_before_repeat(
    trouble: Trouble,
    repeats: int,
    *,
    elapsed: float,
    patience: float = PATIENCE_SECONDS,
    asked: float | None = None,
    jitter: float = 0.5,
) -> float | None:
    """Seconds to wait before the next try; None to give up.

    ``repeats`` tries were repeated so far, ``elapsed`` seconds went by since the first began,
    ``asked`` is what the server's Retry-After says, ``jitter`` a random number from 0 to 1 that
    keeps many clients from coming back at the same moment.
    """
    if repeats >= (1 if trouble is Trouble.NO_ANSWER else MOST_REPEATS):
        return None
    wait = _FIRST_WAIT_SECONDS[trouble] * 2.0**repeats * (0.75 + jitter / 2)
    if trouble in {Trouble.BUSY, Trouble.SLOW_DOWN}:
        return min(wait if asked is None else asked, LONGEST_WAIT_SECONDS)
    if trouble is not Trouble.NO_ANSWER and elapsed + wait > patience:
        return None
    return wait


def retry_after(header: str | None, now: float) -> float | None:
    """What a Retry-After header asks for, in seconds; None when it says nothing readable.

    It holds seconds or a date (RFC 9110, 10.2.3).
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
