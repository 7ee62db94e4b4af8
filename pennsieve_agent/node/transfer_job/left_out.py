"""What a delivery leaves out, so that all else is delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pennsieve_agent.node.transfer_job.transfer_error import TransferError, files_word

MOST_SAID = 100
"""Of what was left out, one line of the log each."""
MOST_NAMED = 3
"""In the reason of the failure, which is one sentence."""


@dataclass
class LeftOut:
    """Says in the log what is left out, and fails the delivery when all else is done."""

    say: Callable[[str], None]
    reasons: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything was left out."""
        return bool(self.reasons)

    def note(self, why: str) -> None:
        """Leave one thing out; ``why`` names it."""
        self.reasons.append(why)
        if len(self.reasons) <= MOST_SAID:
            self.say(f"left out: {why}")

    def fail(self, *, delivered: int) -> None:
        """End the delivery as failed, if anything was left out.

        Raises:
            TransferError: with what was left out, and how many files were delivered.

        """
        if not self.reasons:
            return
        count = len(self.reasons)
        if count > MOST_SAID:
            self.say(f"left out: {count - MOST_SAID} more")
        more = f"; and {count - MOST_NAMED} more; the log names all" if count > MOST_NAMED else ""
        named = "; ".join(self.reasons[:MOST_NAMED])
        done = f"{files_word(delivered)} delivered" if delivered else "nothing delivered"
        raise TransferError(f"{done}, {count} left out: {named}{more}")
