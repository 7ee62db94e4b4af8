"""Looking again for something that shows up a little later.

Lists of the compute and run services are eventually consistent: what was just made may be missing
for some seconds (``contracts/resources.md`` section 6, trap 22).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from pennsieve_agent.domain.backoff import Backoff

T = TypeVar("T")

BACKOFF = Backoff(first=0.2, longest=2.0, repeats=5)
"""Between looks; about five seconds together."""


def look(find: Callable[[], T | None], sleep: Callable[[float], None]) -> T | None:
    """What ``find`` finds, at once or within some seconds; None when it never does."""
    for wait in BACKOFF.waits(random.random):
        if (thing := find()) is not None:
            return thing
        if wait is not None:
            sleep(wait)
    return None
