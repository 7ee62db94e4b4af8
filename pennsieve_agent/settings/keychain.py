"""The system's keychain: macOS Keychain, Secret Service or KWallet, by way of ``keyring``."""

from __future__ import annotations

import os
from typing import Protocol

from pennsieve_agent.errors import SettingsError

SERVICE = "pennsieve"
_BACKEND = "PYTHON_KEYRING_BACKEND"


class KeychainAway(SettingsError):  # noqa: N818 - as in errors.py
    """No keychain can be reached from this session; whether one has the secret is not known."""


class Keychain(Protocol):
    """Keeps secrets by account name."""

    def available(self) -> bool:
        """Whether a keychain can be reached from this session."""
        ...

    def get(self, account: str) -> str | None:
        """The secret, or None if there is none.

        Raises:
            KeychainAway: no keychain can be reached.
            SettingsError: the keychain is locked or broken.

        """
        ...

    def set(self, account: str, secret: str) -> None:
        """Keep a secret.

        Raises:
            SettingsError: there is no keychain, or it refused.

        """
        ...

    def delete(self, account: str) -> None:
        """Forget a secret; nothing happens when there is none.

        Raises:
            KeychainAway: no keychain can be reached.
            SettingsError: the keychain is locked or broken.

        """
        ...


class SystemKeychain:
    """The keychain of the desktop session, under a service name, as a rule ``pennsieve``.

    Nothing that ``keyring`` or a backend of it raises gets out: backends raise their own libraries'
    errors (D-Bus, Keychain Services), and their texts are not ours to vouch for.
    """

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service

    def available(self) -> bool:
        """Whether a backend that really keeps secrets is there."""
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            # The backends that fail on purpose and that forget at once rank at or below zero.
            return keyring.get_keyring().priority > 0
        except Exception:  # noqa: BLE001 - see the class
            return False

    def get(self, account: str) -> str | None:
        """See :meth:`Keychain.get`."""
        if not self.available():
            raise _away()
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            return keyring.get_password(self._service, account)
        except Exception as error:  # noqa: BLE001 - see the class
            raise _trouble("read", error) from None

    def set(self, account: str, secret: str) -> None:
        """See :meth:`Keychain.set`."""
        if not self.available():
            raise no_keychain()
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            keyring.set_password(self._service, account, secret)
        except Exception as error:  # noqa: BLE001 - see the class
            raise _trouble("written", error) from None

    def delete(self, account: str) -> None:
        """See :meth:`Keychain.delete`."""
        if self.get(account) is None:
            return
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            keyring.delete_password(self._service, account)
        except Exception as error:  # noqa: BLE001 - see the class
            raise _trouble("changed", error) from None


def no_keychain() -> SettingsError:
    """The error of a session without a keychain, where a secret is to be kept."""
    return SettingsError(
        "no keychain can be reached from here to keep the API secret in",
        hint="set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET, or keep the secret in the settings "
        "file, readable only by you, with: pennsieve login --plaintext",
    )


def _away() -> KeychainAway:
    chosen = os.environ.get(_BACKEND)
    return KeychainAway(
        "the system's keychain cannot be reached from here",
        where=f"{_BACKEND}={chosen}" if chosen else None,
        hint="type it in a session of the desktop, or set PENNSIEVE_API_KEY and "
        "PENNSIEVE_API_SECRET",
    )


def _trouble(verb: str, error: Exception) -> SettingsError:
    is_locked = type(error).__name__ == "KeyringLocked"
    what = "is locked" if is_locked else f"could not be {verb}; it may be locked"
    return SettingsError(
        f"the system's keychain {what}",
        hint="unlock it and try again, or set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET",
    )
