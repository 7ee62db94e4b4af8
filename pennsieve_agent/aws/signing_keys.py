"""What requests to AWS are signed with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """What a request to AWS is signed with: secrets. ``token`` is empty for lasting keys."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
