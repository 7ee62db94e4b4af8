"""What requests to AWS are signed with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """What a request to AWS is signed with: secrets. ``token`` is empty for lasting keys."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)

    def as_words(self) -> dict[str, str]:
        """The keys as :func:`pennsieve_agent.transfer.sigv4.signed` takes them."""
        return {"key": self.key_id, "secret": self.secret, "token": self.token}
