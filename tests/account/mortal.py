"""A process that can be killed after any effect that it has on the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pennsieve_agent.domain.profile import AwsSettings
from tests.account.conftest import check
from tests.aws.recorder import RecordingAws

_CHANGES = ("create_", "execute_", "delete_", "abort_", "put_", "deregister_", "batch_")


class Killed(BaseException):
    """The process ends here."""


class Killer:
    """Lets so many effects happen, and ends the process right after the next one."""

    def __init__(self, effects: int) -> None:
        self.left = effects

    def __call__(self, _: str) -> None:
        if self.left == 0:
            raise Killed
        self.left -= 1


class MortalAws(RecordingAws):
    """Reports each operation that changes something, once it has taken effect."""

    def __init__(self, settings: AwsSettings, after: Callable[[str], None]) -> None:
        super().__init__(settings, check)
        self._after = after

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer = super().call(service, operation, **parameters)
        if operation.startswith(_CHANGES):
            self._after(operation)
        return answer
