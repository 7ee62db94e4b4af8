"""Looking again for something that shows up a little later.

Lists of the compute and run services are eventually consistent: what was just made may be missing
for some seconds (``contracts/resources.md`` section 6, trap 22).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WAITS_SECONDS = (0.2, 0.4, 0.8, 1.6, 2.0)
"""The waits between looks; five seconds together."""


def look(find: Callable[[], T | None], sleep: Callable[[float], None]) -> T | None:
    """What ``find`` finds, at once or within some seconds; None when it never does."""
    for wait in (*WAITS_SECONDS, None):
        if (item := find()) is not None:
            return item
        if wait is not None:
            sleep(wait)
    return None
