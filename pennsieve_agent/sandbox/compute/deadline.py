"""A run's time limit, where the sandbox itself executes the run."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self


class Deadline:
    """Halts a run when its time is up; 0 seconds is no limit. To be entered while the run runs."""

    def __init__(self, seconds: float, halt: threading.Event) -> None:
        self.seconds = seconds
        self.passed = False
        self._halt = halt
        self._timer = threading.Timer(seconds, self._end) if seconds else None

    def __enter__(self) -> Self:
        """Begin to count."""
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        if not self._halt.is_set():  # a run that is being cancelled did not run out of time
            self.passed = True
            self._halt.set()
