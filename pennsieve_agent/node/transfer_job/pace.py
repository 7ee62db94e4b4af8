"""How long a task may take where it is, and whether it is to go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pennsieve_agent.node.transfer_job.transfer_error import TransferError

LOOK_SECONDS = 2.0
"""Between two looks at whether the run is to end."""


class TooLarge(TransferError):  # noqa: N818 - says what happened
    """It does not fit into a call of a function; a job of the same code goes on with it."""


class RunStopped(TransferError):  # noqa: N818 - says what happened
    """The run ends."""


@dataclass
class Pace:
    """What a task asks while it moves files. A job on AWS Batch has no limits of its own.

    ``now`` is in seconds. ``ends_at`` is when a function has to leave the rest to a job; ``stop``
    says whether the run is to end. ``bytes`` and ``files`` are the most that a function begins.
    """

    now: Callable[[], float]
    ends_at: float = 0.0
    bytes: int = 0
    files: int = 0
    stop: Callable[[], bool] = lambda: False
    _looked: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, files: int, size: int) -> None:
        """Say how much is to be moved.

        Raises:
            TooLarge: it is more than fits here.

        """
        if (self.bytes and size > self.bytes) or (self.files and files > self.files):
            raise TooLarge("it is more than fits into a call")

    def check(self, _: int = 0) -> None:
        """Go on, or not.

        Raises:
            TooLarge: the time is over.
            RunStopped: the run is to end.

        """
        now = self.now()
        with self._lock:
            if now - self._looked < LOOK_SECONDS:
                return
            self._looked = now
        if self.ends_at and now >= self.ends_at:
            raise TooLarge("the time of a call is over")
        if self.stop():
            raise RunStopped("the run was ended")
