"""The keys of workflows' own users, in the system's keychain and nowhere else on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import Keychain

SERVICE = "pennsieve-workflow"
SLOW_SECONDS = 3.0
_PROBE = "probe"


@dataclass(frozen=True, slots=True)
class WorkflowKeys:
    """Keys by the number of their integration, of one workspace at one address of Pennsieve.

    ``note`` gets a sentence when the keychain makes us wait: it may ask on another screen.
    """

    keychain: Keychain
    place: str
    note: Callable[[str], None]
    slow_seconds: float = SLOW_SECONDS

    def check(self) -> bool:
        """Refuse to go on without a usable keychain, so that no new key gets lost.

        Raises:
            SettingsError: there is one, and it refuses: it is locked.

        """
        with self._patience():
            if not self.keychain.available():
                return False
            self.keychain.set(_PROBE, "it works")
            self.keychain.delete(_PROBE)
        return True

    def reachable(self) -> bool:
        """Whether a keychain can be reached from this session."""
        return self.keychain.available()

    def get(self, integration: int) -> ApiKey | None:
        """The key of an integration; None when it is not here.

        Raises:
            SettingsError: the keychain is locked, or its entry is not ours.

        """
        with self._patience():
            text = self.keychain.get(self._account(integration))
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
        with self._patience():
            text = json.dumps({"key": key.key, "secret": key.secret})
            self.keychain.set(self._account(integration), text)

    def forget(self, integration: int) -> None:
        """Forget a key; one that is not there is fine.

        Raises:
            SettingsError: the keychain refused.

        """
        with self._patience():
            self.keychain.delete(self._account(integration))

    def _account(self, integration: int) -> str:
        return f"{self.place}:{integration}"

    @contextmanager
    def _patience(self) -> Iterator[None]:
        timer = threading.Timer(self.slow_seconds, self.note, ["waiting for the system's keychain"])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
