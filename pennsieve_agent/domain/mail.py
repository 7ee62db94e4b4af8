"""Mails that tell the end of runs: which addresses, and whether they want them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

MOST_ADDRESS = 254
"""Characters of an address that mail servers take (RFC 5321, 4.5.3.1.3, less its brackets)."""
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
_LOCAL = 64


class MailStatus(StrEnum):
    """Whether an address gets mails of a node: it has to confirm, to AWS, that it wants them."""

    NONE = "none"
    PENDING = "pending"
    CONFIRMED = "confirmed"


def address_problem(address: str) -> str:
    """What is wrong with an e-mail address; empty where mails can be sent there."""
    if not address.isascii():
        return "it has characters that AWS does not send mails to (ASCII alone)"
    local = address.partition("@")[0]
    if len(address) > MOST_ADDRESS or len(local) > _LOCAL or not _ADDRESS.fullmatch(address):
        return "it is not an e-mail address"
    return ""


def known_as(address: str) -> str:
    """An address as mails to it are told apart: in small letters, as people type both."""
    return address.lower()


@dataclass(frozen=True, slots=True)
class MailTo:
    """Who is told of the end of a run or a batch.

    ``status`` is None where nobody has said. ``sent`` is when that was, ISO 8601 text, and
    ``reason`` why it was given up; both are empty before.
    """

    to: str
    status: MailStatus | None = None
    sent: str = ""
    reason: str = ""

    @classmethod
    def of(cls, document: object) -> Self | None:
        """As a node tells of it; None where it tells of none."""
        if not isinstance(document, Mapping) or not isinstance(document.get("to"), str):
            return None
        texts = {name: str(document.get(name) or "") for name in ("sent", "reason")}
        return cls(document["to"], status_of(document.get("status")), **texts)


def status_of(word: object) -> MailStatus | None:
    """A status by its word; None for one that is not known."""
    return next((status for status in MailStatus if status.value == word), None)
