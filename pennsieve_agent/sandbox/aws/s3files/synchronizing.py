"""Synchronises all file systems of an account, time and again, in the background."""

from __future__ import annotations

import logging
import threading

from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.s3files.synchronize import Synchronizer

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


class Synchronizing:
    """The thread that does it."""

    def __init__(self, files: Synchronizer, lock: Lock, account: str) -> None:
        self._files = files
        self._lock = lock
        self._account = account
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="S3 Files", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        from pennsieve_agent.sandbox.aws.s3files.file_systems import (  # noqa: PLC0415 - slow
            s3files_backends,
        )

        while not self._stop.wait(EVERY_SECONDS):
            try:
                with self._lock:
                    for backend in list(s3files_backends[self._account].values()):
                        for system in list(backend.file_systems.values()):
                            self._files.tick(system, self._account)
            except Exception:  # the next time may do
                log.exception("files cannot be synchronised")
