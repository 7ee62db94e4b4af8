"""What the commands on a workflow's own identity work with: connections and stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pennsieve_agent.domain.node_calls import NodeAdmin
from pennsieve_agent.domain.profile import ApiKey, User
from pennsieve_agent.domain.workflow_identity import Kind, NewIntegration, WorkflowUser

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform


class Identities(Protocol):
    """What this machine remembers of a person's identities of workflows; no keys.

    Each method raises SettingsError when that cannot be read or written down.
    """

    def alone(self, note: Callable[[str], None]) -> AbstractContextManager[None]:
        """Let one command at a time make identities, as two would each make one."""
        ...

    def begin(self, new: NewIntegration, now: float) -> None:
        """Write down that an integration is about to be made."""
        ...

    def pending(self) -> dict[str, float]:
        """The marks of integrations whose keys may be lost, and when they were to be made."""
        ...

    def settle(self, mark: str) -> None:
        """Cross a mark out."""
        ...

    def users(self, workflow: str) -> dict[Kind, WorkflowUser]:
        """The users of a workflow that were made here."""
        ...

    def keep(self, workflow: str, kind: Kind, user: WorkflowUser) -> None:
        """Remember a user, in place of the one of its kind."""
        ...

    def forget(self, workflow: str, kind: Kind) -> None:
        """Forget a user; one that is not known is fine."""
        ...

    def note_end(self, workflow: str, dataset: str, until: float) -> None:
        """Remember when a grant ends, in unix seconds; 0 forgets it."""
        ...

    def ended(self, now: float) -> list[tuple[str, str]]:
        """The grants that have ended, by workflow and dataset, and were not swept yet."""
        ...


class Keys(Protocol):
    """The keys of workflows' users in the system's keychain, by the number of the integration.

    Each method raises SettingsError when the keychain is locked or refuses.
    """

    def check(self) -> bool:
        """Refuse to go on without a usable keychain; a test entry is written."""
        ...

    def reachable(self) -> bool:
        """Whether a keychain can be reached from this session."""
        ...

    def get(self, integration: int) -> ApiKey | None:
        """The key of an integration; None when it is not here."""
        ...

    def keep(self, integration: int, key: ApiKey) -> None:
        """Keep a key."""
        ...

    def forget(self, integration: int) -> None:
        """Forget a key; one that is not there is fine."""
        ...


@dataclass(frozen=True, slots=True)
class IdentityContext:
    """The connections and stores that identities need.

    ``connect`` is a session of a key, which whoever made this closes.
    """

    platform: Platform
    me: User
    nodes: Sequence[NodeAdmin]
    store: Identities
    keys: Keys
    connect: Callable[[ApiKey], Platform]
    note: Callable[[str], None]
    now: Callable[[], float]
    sleep: Callable[[float], None]

    @property
    def by(self) -> dict[str, str]:
        """Who this is, as nodes write it down."""
        return {"name": self.me.name, "email": self.me.email}
