"""Mails that tell the end of runs: which addresses, and whether they want them. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

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
