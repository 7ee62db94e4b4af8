"""The node's code, as the account's plans name it."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.account.spec.node_spec import Code
from pennsieve_agent.node import bundle as zipped


@dataclass(frozen=True, slots=True)
class Bundle(zipped.Bundle):
    """The zip, the SHA-256 of it in hex, and the version of what is in it."""

    @property
    def code(self) -> Code:
        """What it is called where it is installed."""
        return Code(self.digest, self.version)


def bundle() -> Bundle:
    """The zip of this program's version."""
    archive = zipped.bundle()
    return Bundle(archive.data, archive.digest, archive.version)
