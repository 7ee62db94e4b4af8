"""How long the keychain is waited for, which may be asking its user on another screen.

A sign-in and a ticket only spare a question: the keychain is asked for them where that is likely to
be quicker, and waited for half a second. What a list can do without is waited for three seconds. A
secret that is needed is waited for a minute, and after three seconds the user is told why.
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
SILENT_SECONDS = 3.0
"""After which a user wonders what the program is doing."""
NEEDED_SECONDS = 60.0
"""What it takes to find the other screen and to type a password."""


class PatientKeychain:
    """A keychain that is waited for some seconds, then taken for one that does not answer.

    What was asked goes on in the background, and is abandoned when the program ends. After the
    first time it is not asked again. ``note`` gets a sentence when the wait is a long one.
    """

    def __init__(
        self,
        keychain: Keychain,
        seconds: float = PATIENCE_SECONDS,
        *,
        note: Callable[[str], None] | None = None,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._keychain, self._seconds = keychain, seconds
        self._note, self._silent_seconds = note, silent_seconds
        self._slow = False

    def available(self) -> bool:
        """Whether it can be reached, and has answered so far."""
        try:
            return self._within(self._keychain.available)
        except SettingsError:
            return False

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
            raise self._late()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._wait(thread)
        if answers:
            return answers[0]
        self._slow = not troubles
        raise troubles[0] if troubles else self._late()

    def _wait(self, thread: threading.Thread) -> None:
        seconds = self._seconds
        if self._note and seconds > self._silent_seconds:
            thread.join(self._silent_seconds)
            seconds -= self._silent_seconds
            if thread.is_alive():
                self._note(
                    "waiting for the system's keychain, which may be asking on another screen "
                    f"(for {seconds:.0f} s at most)"
                )
        thread.join(seconds)

    def _late(self) -> SettingsError:
        return SettingsError(
            f"the system's keychain did not answer within {self._seconds:g} seconds; it may be "
            "asking on another screen",
            hint="answer it there and try again, or set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET",
        )


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
