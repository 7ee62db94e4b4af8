"""Mails as text files, in the order in which they were sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from pennsieve_agent.sandbox.host.private_files import write_private

FOLDER = "mail"
SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"


@dataclass(slots=True)
class MailFolder:
    """The folder. ``now`` is in unix seconds."""

    path: Path
    now: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, to: str, subject: str, text: str) -> Path:
        """Send a mail."""
        head = (
            f"From: {SENDER}",
            f"To: {to}",
            f"Date: {formatdate(self.now())}",
            f"Subject: {subject}",
        )
        with self._lock:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = 1 + max(
                (int(p.name[:4]) for p in self.path.glob("[0-9]" * 4 + "-*")), default=0
            )
            name = to.replace("/", "_")
            path = self.path / f"{number:04}-{name}.txt"
            write_private(path, "\n".join((*head, "", text, "")))
        return path
