"""Keys of an AWS user, for people without an AWS profile."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An access key. ``token`` belongs to temporary keys alone. Its text shows no secret."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """What may be shown of keys that are kept: their name, and whose they were when verified."""

    name: str
    account_id: str
    arn: str
