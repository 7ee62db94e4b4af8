"""The keys of workflows' own users, in the system's keychain and nowhere else on this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import Keychain, KeychainAway

SERVICE = "pennsieve-workflow"
_PROBE = "probe"


@dataclass(frozen=True, slots=True)
class WorkflowKeys:
    """Keys by the number of their integration, of one workspace at one address of Pennsieve."""

    keychain: Keychain
    place: str

    def check(self) -> bool:
        """Refuse to go on without a usable keychain, so that no new key gets lost.

        Raises:
            SettingsError: there is one, and it refuses: it is locked.

        """
        if not self.keychain.available():
            return False
        self.keychain.set(_PROBE, "it works")
        self.keychain.delete(_PROBE)
        return True

    def reachable(self) -> bool:
        """Whether a keychain can be reached from this session."""
        return self.keychain.available()

    def get(self, integration: int) -> ApiKey | None:
        """The key of an integration; None when it is not here, or no keychain can be reached.

        Raises:
            SettingsError: the keychain is locked, or its entry is not ours.

        """
        try:
            text = self.keychain.get(self._account(integration))
        except KeychainAway:
            return None
        if text is None:
            return None
        try:
            row = json.loads(text)
            return ApiKey(str(row["key"]), str(row["secret"]))
        except (KeyError, TypeError, ValueError):
            raise SettingsError(  # the text may hold a secret
                "what the keychain has for a workflow was not written by this program",
                hint=f"look for '{SERVICE}' / '{self._account(integration)}' in the keychain "
                "and delete it",
            ) from None

    def keep(self, integration: int, key: ApiKey) -> None:
        """Keep a key.

        Raises:
            SettingsError: there is no keychain, or it refused.

        """
        text = json.dumps({"key": key.key, "secret": key.secret})
        self.keychain.set(self._account(integration), text)

    def forget(self, integration: int) -> None:
        """Forget a key; one that is not there is fine.

        Raises:
            SettingsError: the keychain refused.

        """
        self.keychain.delete(self._account(integration))

    def _account(self, integration: int) -> str:
        return f"{self.place}:{integration}"
