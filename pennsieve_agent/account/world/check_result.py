"""The result of one check of ``doctor``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from pennsieve_agent.account.rights.right import INSTALLER_HINT


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. ``why`` and ``remedy`` are for a check that did not pass."""

    name: str
    passed: bool
    finding: str
    why: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """The check for ``--json``."""
        return asdict(self)

    def unless(self, unseen: Mapping[str, str]) -> Check:
        """This check; not passed, whatever it says, where AWS could not be read."""
        if self.name not in unseen:
            return self
        finding = f"could not be checked: {unseen[self.name]}"
        return replace(self, passed=False, finding=finding, remedy=INSTALLER_HINT)
