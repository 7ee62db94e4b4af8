"""A sign-in that outlives its command, and keychains that are no help."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.domain.profile import ApiKey, Hosts, Profile
from pennsieve_agent.domain.sign_in import Tokens
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.kept_session import KeptSession
from pennsieve_agent.settings.patient_keychain import PatientKeychain, spares_time
from pennsieve_agent.settings.profiles import Settings
from tests.settings.keychains import MemoryKeychain

LAB = Profile("Lab", Hosts(), ApiKey("k", "hidden"))
TOKENS = Tokens("the-token", "N:organization:w", 2000.0, 1700.0, "lasts-a-month")


def test_tokens_are_kept_without_what_renews_them() -> None:
    chain = MemoryKeychain()
    KeptSession(chain, LAB).put(TOKENS)
    assert KeptSession(chain, LAB).get() == replace(TOKENS, refresh="")
    assert "month" not in str(chain.secrets)
    assert "token" not in f"{TOKENS!r} {KeptSession(chain, LAB)!r}"
    KeptSession(chain, LAB).drop()
    assert chain.secrets == {}


@pytest.mark.parametrize(
    "other",
    [
        replace(LAB, name="other"),
        replace(LAB, key=ApiKey("another", "hidden")),
        replace(LAB, key=None),
        replace(LAB, hosts=Hosts(api="https://api.elsewhere")),
        replace(LAB, hosts=Hosts(api2="https://api2.elsewhere")),
        replace(LAB, hosts=Hosts(cognito="https://cognito.elsewhere")),
    ],
)
def test_another_profile_key_or_host_does_not_see_them(other: Profile) -> None:
    chain = MemoryKeychain()
    KeptSession(chain, LAB).put(TOKENS)
    assert KeptSession(chain, other).get() is None


def test_the_key_of_another_takes_the_place() -> None:
    chain = MemoryKeychain()
    KeptSession(chain, LAB).put(TOKENS)
    other = replace(LAB, key=ApiKey("another", "hidden"))
    KeptSession(chain, other).put(replace(TOKENS, access="others"))
    assert KeptSession(chain, LAB).get() is None
    assert len(chain.secrets) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '{"owner": 1}', '{"access": "x"}'])
def test_an_item_that_is_not_ours_is_no_sign_in(text: str) -> None:
    chain = MemoryKeychain()
    chain.secrets["session:lab"] = text
    assert KeptSession(chain, LAB).get() is None


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "é"])
def test_a_token_that_is_no_header_is_no_sign_in(token: str) -> None:
    chain = MemoryKeychain()
    KeptSession(chain, LAB).put(replace(TOKENS, access=token))
    assert KeptSession(chain, LAB).get() is None


def test_a_locked_keychain_is_as_none() -> None:
    chain = MemoryKeychain()
    chain.locked = True
    kept = KeptSession(PatientKeychain(chain), LAB)
    assert kept.get() is None
    kept.put(TOKENS)
    kept.drop()
    assert chain.secrets == {}


def test_a_slow_keychain_is_waited_for_once() -> None:
    class Slow(MemoryKeychain):
        def get(self, account: str) -> str | None:
            super().get(account)
            asked.set()
            answers.wait(10)
            return "too late"

    asked, answers = threading.Event(), threading.Event()
    slow = Slow()
    kept = KeptSession(PatientKeychain(slow, seconds=0.01), LAB)
    assert kept.get() is None
    assert asked.wait(10)
    kept.put(TOKENS)
    kept.drop()
    assert (slow.asked, slow.secrets) == (1, {})
    answers.set()


def test_a_keychain_that_answers_in_time() -> None:
    chain = MemoryKeychain()
    patient = PatientKeychain(chain, seconds=10)
    patient.set("a", "s")
    assert (patient.get("a"), patient.get("b"), patient.available()) == ("s", None, True)
    patient.delete("a")
    assert chain.secrets == {}
    chain.locked = True
    for _ in range(2):
        with pytest.raises(SettingsError, match="locked"):
            patient.get("a")


def test_to_forget_a_profile_forgets_its_sign_in(tmp_path: Path) -> None:
    chain = MemoryKeychain()
    settings = Settings(tmp_path / "config.ini", {}, chain)
    for name in ("lab", "other"):
        profile = replace(LAB, name=name)
        settings.save(profile)
        KeptSession(chain, profile).put(TOKENS)
    settings.remove("Lab")
    assert sorted(chain.secrets) == ["other:k", "session:other"]


@pytest.mark.parametrize(
    ("environ", "platform", "near", "spares"),
    [
        ({}, "linux", False, False),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, "linux", False, True),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, "linux", True, False),
        ({"PYTHON_KEYRING_BACKEND": "x"}, "linux", False, True),
        ({"XDG_RUNTIME_DIR": "/no/such/folder"}, "linux", False, False),
        ({}, "darwin", False, True),
        ({}, "darwin", True, False),
    ],
)
def test_where_a_keychain_spares_time(
    environ: Mapping[str, str],
    platform: str,
    near: bool,  # noqa: FBT001 - pytest passes by name
    spares: bool,  # noqa: FBT001 - the same
) -> None:
    assert spares_time(environ, near=near, platform=platform, loaded=()) is spares
    assert spares_time(environ, near=near, platform=platform, loaded={"keyring"})


def test_a_session_bus_is_found_by_its_socket(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert not spares_time(environ, near=False, platform="linux", loaded=())
    (tmp_path / "bus").touch()
    assert spares_time(environ, near=False, platform="linux", loaded=())
