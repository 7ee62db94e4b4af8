"""The system's keychain: macOS Keychain, Secret Service or KWallet, by way of ``keyring``."""

from __future__ import annotations

from typing import Protocol

from pennsieve_agent.errors import SettingsError

SERVICE = "pennsieve"


class Keychain(Protocol):
    """Keeps secrets by account name."""

    def available(self) -> bool:
        """Whether there is a keychain at all."""
        ...

    def get(self, account: str) -> str | None:
        """The secret, or None if there is none, or no keychain.

        Raises:
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
        """Forget a secret; nothing happens when there is none, or no keychain.

        Raises:
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
            return None
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            return keyring.get_password(self._service, account)
        except Exception:  # noqa: BLE001 - see the class
            raise _trouble("read") from None

    def set(self, account: str, secret: str) -> None:
        """See :meth:`Keychain.set`."""
        if not self.available():
            raise no_keychain()
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            keyring.set_password(self._service, account, secret)
        except Exception:  # noqa: BLE001 - see the class
            raise _trouble("written") from None

    def delete(self, account: str) -> None:
        """See :meth:`Keychain.delete`."""
        if self.get(account) is None:
            return
        try:
            import keyring  # noqa: PLC0415 - loaded only when a secret is needed

            keyring.delete_password(self._service, account)
        except Exception:  # noqa: BLE001 - see the class
            raise _trouble("changed") from None


def no_keychain() -> SettingsError:
    """The error of a machine without a keychain."""
    return SettingsError(
        "this machine has no keychain to keep the API secret in",
        hint="set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET, or keep the secret in the settings "
        "file, readable by you alone, with: pennsieve login --plaintext",
    )


def _trouble(verb: str) -> SettingsError:
    return SettingsError(
        f"the system's keychain could not be {verb}; it may be locked",
        hint="unlock it and try again, or set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET",
    )
