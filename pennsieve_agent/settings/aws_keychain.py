"""AWS keys in the system's keychain, and nowhere else.

A keychain cannot be listed, so one entry of it, which holds no secret, is the list.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from pennsieve_agent.domain.aws_keys import AwsKeys, KeptKeys
from pennsieve_agent.errors import SettingsError, UnknownName
from pennsieve_agent.settings.keychain import Keychain, KeychainAway

_LIST = "aws-keys"
_HINT = (
    "sign in with: aws sso login --profile NAME; or keep them with: aws configure --profile NAME; "
    "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)


class AwsKeyring:
    """Named AWS keys."""

    def __init__(self, keychain: Keychain) -> None:
        self._keychain = keychain

    def check(self) -> None:
        """Refuse to go on where keys could not be kept.

        Raises:
            SettingsError: there is no keychain.

        """
        if not self._keychain.available():
            raise SettingsError(
                "no keychain can be reached from here to keep AWS keys in", hint=_HINT
            )

    def listed(self) -> tuple[KeptKeys, ...]:
        """The keys there are, by name.

        Raises:
            KeychainAway: no keychain can be reached.
            SettingsError: the keychain is locked, or its entry is not ours.

        """
        text = self._keychain.get(_LIST)
        if text is None:
            return ()
        try:
            return tuple(KeptKeys(**row) for row in json.loads(text))
        except (TypeError, ValueError):
            raise self._unusable() from None

    def find(self, name: str) -> AwsKeys | None:
        """The keys of this name.

        Raises:
            UnknownName: no keychain can be reached; it is asked where AWS's files lack the name.
            SettingsError: the keychain is locked, or its entry is not ours.

        """
        try:
            text = self._keychain.get(_account(name))
        except KeychainAway as away:
            raise UnknownName(
                f"there is no AWS profile called '{name}' in AWS's files, and {away.message}",
                hint="list them with: pennsieve aws list",
            ) from None
        if text is None:
            return None
        try:
            return AwsKeys(**json.loads(text))
        except (TypeError, ValueError):
            raise self._unusable() from None  # the text may hold a secret

    def keep(self, kept: KeptKeys, keys: AwsKeys) -> None:
        """Keep keys, replacing those of the same name.

        Raises:
            SettingsError: there is no keychain, or it refused.

        """
        self.check()
        others = [row for row in self.listed() if row.name != kept.name]
        self._keychain.set(_account(kept.name), json.dumps(asdict(keys)))
        self._write(sorted([*others, kept], key=lambda row: row.name))

    def holds(self, name: str) -> bool:
        """Whether the keychain has keys of that name.

        Raises: as :meth:`remove`.
        """
        return any(row.name == name for row in self.listed()) or self.find(name) is not None

    def remove(self, name: str) -> bool:
        """Forget keys; answers whether there were any.

        Raises:
            KeychainAway: no keychain can be reached, so nothing was forgotten.
            SettingsError: the keychain refused.

        """
        rows = self.listed()
        left = [row for row in rows if row.name != name]
        there = self.holds(name)
        self._keychain.delete(_account(name))
        if len(left) < len(rows):
            self._write(left)
        return there

    def _write(self, rows: list[KeptKeys]) -> None:
        if rows:
            self._keychain.set(_LIST, json.dumps([asdict(row) for row in rows]))
        else:
            self._keychain.delete(_LIST)

    def _unusable(self) -> SettingsError:
        return SettingsError(
            "what the keychain has for AWS was not written by this program",
            hint=f"look for 'pennsieve' / '{_LIST}' in the keychain and delete it",
        )


def _account(name: str) -> str:
    return f"{_LIST}:{name}"
