"""The keychain for what only spares a question: sign-ins and tickets, never a key.

A secret that cannot be read is an error; one of these is asked for anew. So the keychain is asked
only where that is likely to be quicker, and waited for only so long.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import TypeVar

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import Keychain

T = TypeVar("T")
PATIENCE_SECONDS = 0.5
"""About what a sign-in takes."""


class PatientKeychain:
    """A keychain that is waited for half a second, then taken for one that is locked.

    What was asked goes on in the background, and is abandoned when the program ends. After the
    first time it is not asked again.
    """

    def __init__(self, keychain: Keychain, seconds: float = PATIENCE_SECONDS) -> None:
        self._keychain, self._seconds = keychain, seconds
        self._slow = False

    def available(self) -> bool:
        """Whether it has answered so far."""
        return not self._slow

    def get(self, account: str) -> str | None:
        """See :meth:`~pennsieve_agent.settings.keychain.Keychain.get`."""
        return self._within(lambda: self._keychain.get(account))

    def set(self, account: str, secret: str) -> None:
        """See :meth:`~pennsieve_agent.settings.keychain.Keychain.set`."""
        self._within(lambda: self._keychain.set(account, secret))

    def delete(self, account: str) -> None:
        """See :meth:`~pennsieve_agent.settings.keychain.Keychain.delete`."""
        self._within(lambda: self._keychain.delete(account))

    def _within(self, ask: Callable[[], T]) -> T:
        answers: list[T] = []
        troubles: list[SettingsError] = []

        def run() -> None:
            try:
                answers.append(ask())
            except SettingsError as error:
                troubles.append(error)

        if self._slow:
            raise _late()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self._seconds)
        if answers:
            return answers[0]
        self._slow = not troubles
        raise troubles[0] if troubles else _late()


def spares_time(
    environ: Mapping[str, str],
    *,
    near: bool,
    platform: str = sys.platform,
    loaded: Container[str] = sys.modules,
) -> bool:
    """Whether a keychain is likely to answer sooner than the server whose answer it kept.

    ``near`` says that the server is this machine's own, a sandbox: loading ``keyring`` takes longer
    than its answer. Without a session bus (D-Bus) Linux has no keychain, and to find that out takes
    0.1 seconds; ``PYTHON_KEYRING_BACKEND`` names one all the same.
    """
    if "keyring" in loaded:
        return True  # a key was read from it, so it is loaded, and there
    if near:
        return False
    if platform == "darwin" or environ.get("PYTHON_KEYRING_BACKEND"):
        return True
    if environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    folder = environ.get("XDG_RUNTIME_DIR")
    return bool(folder) and os.access(Path(str(folder), "bus"), os.W_OK)


def _late() -> SettingsError:
    return SettingsError("the system's keychain does not answer; it may be waiting to be unlocked")
