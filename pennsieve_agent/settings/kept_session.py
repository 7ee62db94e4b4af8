"""The sign-in of a profile, in the system's keychain until it ends: one item for each profile.

It is never on disk in the clear, and never in the way: where the keychain is missing, locked,
broken or slow, the command signs in as if there were none (:mod:`.patient_keychain`). An item names
the key and the hosts that it belongs to, so another key of the same profile, or another Pennsieve,
does not use it. Of a sign-in only the token that ends within the hour is kept, never the one that
renews it for a month.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from pennsieve_agent.domain.profile import Profile
from pennsieve_agent.domain.sign_in import Tokens
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import Keychain


class KeptSession:
    """The tokens of one profile and key."""

    def __init__(self, keychain: Keychain, profile: Profile) -> None:
        self._keychain = keychain
        self._account = account(profile.name)
        hosts = profile.hosts
        self._owner = [
            profile.key.key if profile.key else "",
            *(hosts.api, hosts.api2, hosts.cognito or ""),
        ]

    def get(self) -> Tokens | None:
        """See :meth:`~pennsieve_agent.domain.sign_in.KeptTokens.get`."""
        try:
            text = self._keychain.get(self._account)
            row: Any = json.loads(text) if text else None
            if not row or row["owner"] != self._owner:
                return None
            return Tokens(
                access=_checked(row["access"]),
                workspace_id=str(row["workspace"]),
                expires_at=float(row["expires"]),
                renew_at=float(row["renew"]),
            )
        except (SettingsError, KeyError, TypeError, ValueError):
            return None

    def put(self, tokens: Tokens) -> None:
        """See :meth:`~pennsieve_agent.domain.sign_in.KeptTokens.put`."""
        row = {
            "owner": self._owner,
            "access": tokens.access,
            "workspace": tokens.workspace_id,
            "expires": tokens.expires_at,
            "renew": tokens.renew_at,
        }
        with contextlib.suppress(SettingsError):
            self._keychain.set(self._account, json.dumps(row))

    def drop(self) -> None:
        """See :meth:`~pennsieve_agent.domain.sign_in.KeptTokens.drop`."""
        with contextlib.suppress(SettingsError):
            self._keychain.delete(self._account)


def account(profile_name: str) -> str:
    """The keychain's account of a profile's sign-in."""
    return f"session:{profile_name.casefold()}"


def _checked(value: Any) -> str:
    """A token that can go into a header."""
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError
    return value
