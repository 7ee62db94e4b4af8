"""What a sign-in to Pennsieve gave, and where it may be kept until it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave. Times are unix seconds of this machine's clock."""

    access: str = field(repr=False)
    workspace_id: str
    expires_at: float
    renew_at: float
    refresh: str = field(default="", repr=False)


class KeptTokens(Protocol):
    """Keeps the tokens of one profile and key between commands; none of it ever fails."""

    def get(self) -> Tokens | None:
        """Tokens of an earlier command, ended or not; None where none are kept."""
        ...

    def put(self, tokens: Tokens) -> None:
        """Keep tokens, or do nothing where none can be kept."""
        ...

    def drop(self) -> None:
        """Forget them."""
        ...


class KeepsNothing:
    """Where tokens live as long as the command."""

    def get(self) -> Tokens | None:
        """None is there."""
        return None

    def put(self, tokens: Tokens) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""
