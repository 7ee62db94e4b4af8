"""Keychains for tests."""

from __future__ import annotations

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import KeychainAway


class MemoryKeychain:
    """A keychain that works, until it is locked or taken away."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.locked = False
        self.missing = False
        self.asked = 0

    def available(self) -> bool:
        return not self.missing

    def get(self, account: str) -> str | None:
        self._check()
        return self.secrets.get(account)

    def set(self, account: str, secret: str) -> None:
        self._check()
        self.secrets[account] = secret

    def delete(self, account: str) -> None:
        self._check()
        self.secrets.pop(account, None)

    def _check(self) -> None:
        self.asked += 1
        if self.locked:
            raise SettingsError("the system's keychain is locked")
        if self.missing:
            raise KeychainAway("the system's keychain cannot be reached from here")
