"""Looking at one thing after another, where some may not be seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pennsieve_agent.errors import AgentError, NotPermitted

log = logging.getLogger(__name__)

Found = TypeVar("Found")


class Looking:
    """What may not be seen is kept with AWS's reason, and the next thing is looked at.

    With ``strict`` so is whatever else AWS does not tell. Without it that is passed over: an
    emulated AWS does not know every question.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self.unseen: dict[str, str] = {}

    def at(self, about: str, look: Callable[[], Found], otherwise: Found) -> Found:
        """What ``look`` finds, or ``otherwise``."""
        try:
            return look()
        except AgentError as error:
            if self._strict or isinstance(error, NotPermitted):
                self.unseen[about] = error.message
            log.debug("%s cannot be looked at: %s", about, error.message)
        return otherwise
