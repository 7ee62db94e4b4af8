"""The system's keychain, with real backends of keyring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as Forgetful
from keyring.errors import KeyringLocked, PasswordDeleteError

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.keychain import KeychainAway, SystemKeychain


class Memory(KeyringBackend):
    priority = 1.0

    def __init__(self, trouble: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.trouble = trouble

    def get_password(self, service: str, username: str) -> str | None:
        if self.trouble:
            raise self.trouble
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble:
            raise self.trouble
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError("not found")
        del self.kept[service, username]


def test_secrets_are_kept_and_forgotten() -> None:
    backend = Memory()
    keyring.set_keyring(backend)
    chain = SystemKeychain()
    assert chain.available()
    assert chain.get("lab:k") is None
    chain.set("lab:k", "s")
    assert chain.get("lab:k") == "s"
    assert backend.kept == {("pennsieve", "lab:k"): "s"}
    chain.delete("lab:k")
    chain.delete("lab:k")
    assert backend.kept == {}


@pytest.mark.parametrize("forgetful", [True, False])
def test_no_keychain(forgetful: bool) -> None:  # noqa: FBT001 - pytest passes by name
    if forgetful:
        keyring.set_keyring(Forgetful())  # type: ignore[no-untyped-call]
    chain = SystemKeychain()
    assert not chain.available()
    for asked in (chain.get, chain.delete):
        with pytest.raises(KeychainAway, match="cannot be reached from here"):
            asked("lab:k")
    with pytest.raises(SettingsError, match="no keychain") as caught:
        chain.set("lab:k", "hidden")
    hint = caught.value.hint or ""
    assert "PENNSIEVE_API_KEY" in hint
    assert "PENNSIEVE_API_SECRET" in hint
    assert "--plaintext" in hint


@pytest.mark.parametrize(
    "trouble", [KeyringLocked("hidden"), OSError("hidden"), KeyError("hidden")]
)
def test_no_error_of_a_backend_gets_out(trouble: Exception) -> None:
    keyring.set_keyring(Memory(trouble))
    chain = SystemKeychain()
    attempts: list[Callable[[], object]] = [
        partial(chain.get, "a"),
        partial(chain.set, "a", "s"),
        partial(chain.delete, "a"),
    ]
    for attempt in attempts:
        with pytest.raises(SettingsError, match="locked") as caught:
            attempt()
        assert caught.value.__suppress_context__
        assert "hidden" not in f"{caught.value!r} {caught.value.hint}"
