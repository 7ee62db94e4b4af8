"""When to try again, and after how long: pure decisions."""

from __future__ import annotations

from enum import Enum

from pennsieve_agent.domain.backoff import Backoff

PATIENCE_SECONDS = 5.0
"""How long we go on when nothing answers at all."""

LOOPBACK_PATIENCE_SECONDS = 1.5
"""The same for this machine before its first answer: there, nobody listening means not started."""


class Trouble(Enum):
    """Why a call has no usable answer."""

    NO_CONNECTION = "does not answer"
    NO_ANSWER = "took too long"
    BROKEN_OFF = "broke off its answer"
    BUSY = "is busy"
    FAILED = "failed"
    SLOW_DOWN = "asked to slow down"


_BACKOFFS = {
    Trouble.NO_CONNECTION: Backoff(first=0.25),
    Trouble.NO_ANSWER: Backoff(first=0.25, repeats=1),
    Trouble.BROKEN_OFF: Backoff(first=0.25),
    Trouble.BUSY: Backoff(first=0.5),
    # Some refusals are a 500, too: those are not waited for as long.
    Trouble.FAILED: Backoff(first=0.5, repeats=2),
    Trouble.SLOW_DOWN: Backoff(first=1.0),
}
_SERVER_SAYS = {Trouble.BUSY, Trouble.FAILED, Trouble.SLOW_DOWN}


def wait_before_repeat(
    trouble: Trouble,
    repeats: int,
    *,
    elapsed: float,
    patience: float = PATIENCE_SECONDS,
    retry_after: float | None = None,
    jitter: float = 0.5,
) -> float | None:
    """Seconds to wait before the next try; None to give up.

    ``repeats`` tries were repeated so far, ``elapsed`` seconds went by since the first began,
    ``retry_after`` is what the server's Retry-After says, ``jitter`` a random number from 0 to 1
    that keeps many clients from coming back at the same moment.
    """
    said = retry_after if trouble in _SERVER_SAYS else None
    wait = _BACKOFFS[trouble].wait(repeats, retry_after=said, jitter=jitter)
    is_silence = trouble in {Trouble.NO_CONNECTION, Trouble.BROKEN_OFF}
    if wait is not None and is_silence and elapsed + wait > patience:
        return None
    return wait
