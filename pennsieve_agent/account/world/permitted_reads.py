"""Reading one thing after another from AWS, where some may not be permitted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pennsieve_agent.errors import AgentError, NotPermitted

log = logging.getLogger(__name__)

T = TypeVar("T")


class PermittedReads:
    """Reads that go on where one is refused; ``unseen`` keeps AWS's reason by what it was about.

    With ``strict`` other errors of AWS are kept, too. Without it they are passed over: an emulated
    AWS does not implement every operation.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self.unseen: dict[str, str] = {}

    def attempt(self, about: str, read: Callable[[], T], otherwise: T) -> T:
        """What ``read`` returns, or ``otherwise`` where it is refused."""
        try:
            return read()
        except AgentError as error:
            if self._strict or isinstance(error, NotPermitted):
                self.unseen[about] = error.message
            log.debug("%s cannot be read: %s", about, error.message)
        return otherwise
