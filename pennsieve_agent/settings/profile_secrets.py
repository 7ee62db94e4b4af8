"""The secrets of profiles' keys, in the system's keychain."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.kept_session import account as session_account
from pennsieve_agent.settings.keychain import Keychain, KeychainAway, no_keychain
from pennsieve_agent.settings.patient_keychain import PatientKeychain


@dataclass(frozen=True, slots=True)
class ProfileSecrets:
    """Secrets by the name of a profile and the id of its key."""

    keychain: Keychain

    def check(self) -> None:
        """Refuse to go on where a secret could not be kept.

        Raises:
            SettingsError: no keychain can be reached.

        """
        if not self.keychain.available():
            raise no_keychain()

    def get(self, profile: str, key: str) -> str | None:
        """The secret; None when the keychain has none.

        Raises:
            SettingsError: the keychain cannot be reached, is locked, or does not answer.

        """
        try:
            return self.keychain.get(_account(profile, key))
        except SettingsError as error:
            raise _refused(profile, error) from None

    def keep(self, profile: str, key: ApiKey) -> str | None:
        """Keep a secret. Answers the one that was there before.

        Raises:
            SettingsError: there is no keychain, or it refused.

        """
        self.check()
        account = _account(profile, key.key)
        before = self.keychain.get(account)
        self.keychain.set(account, key.secret)
        return before

    def take_out(self, profile: str, key: str) -> str | None:
        """Delete a secret. Answers it; None when there was none.

        Raises:
            KeychainAway: no keychain can be reached.
            SettingsError: the keychain refused; the secret may still be there.

        """
        try:
            secret = self.keychain.get(_account(profile, key))
            self.keychain.delete(_account(profile, key))
        except SettingsError as error:
            raise _refused(profile, error, and_so="; nothing was forgotten") from None
        return secret

    def put_back(self, profile: str, key: str, secret: str | None) -> None:
        """Undo a change as far as the keychain lets us; None: there was no secret."""
        with contextlib.suppress(SettingsError):
            if secret is None:
                self.keychain.delete(_account(profile, key))
            else:
                self.keychain.set(_account(profile, key), secret)

    def end_session(self, profile: str) -> None:
        """Forget a sign-in, if the keychain answers at once: it ends by itself within the hour."""
        with contextlib.suppress(SettingsError):
            PatientKeychain(self.keychain).delete(session_account(profile))


def _refused(profile: str, error: SettingsError, and_so: str = "") -> SettingsError:
    """What the keychain answered, said of the profile whose secret it has."""
    why = error.message.removeprefix("the system's keychain ")
    kind = KeychainAway if isinstance(error, KeychainAway) else SettingsError
    return kind(
        f"the secret of profile '{profile}' is in the system's keychain, which {why}{and_so}",
        where=error.where,
        hint=error.hint,
    )


def _account(profile: str, key: str) -> str:
    return f"{profile.casefold()}:{key}"
