"""A keychain that is out of reach, locked, or asks elsewhere; and what works all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.patient_keychain import PatientKeychain
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.settings.keychains import MemoryKeychain
from tests.settings.test_keychain import Memory

CONFIG = """\
[global]
default_profile=lab

[lab]
api_token=the-key
api_host=http://127.0.0.1:1
api2_host=http://127.0.0.1:2
"""
AWS = "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = hush\n"
AWAY = "the secret of profile 'lab' is in the system's keychain, which cannot be reached from here"


class Asking(Memory):
    """Asks its user on another screen, where nobody is."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(30)
        return super().get_password(service, username)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".pennsieve").mkdir()
    config = tmp_path / ".pennsieve" / "config.ini"
    config.write_text(CONFIG)
    config.chmod(0o600)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(AWS)
    monkeypatch.setenv("HOME", str(tmp_path))  # botocore reads the process's own environment
    return tmp_path


@pytest.fixture
def asking() -> Iterator[Asking]:
    backend = Asking()
    keyring.set_keyring(backend)
    yield backend
    backend.answered.set()


def test_out_of_reach_is_no_missing_key(home: Path) -> None:
    agent = Agent({"HOME": str(home)})
    for words in (["whoami"], ["dataset", "list"], ["login"], ["logout"]):
        result = agent(*words)
        assert (result.code, AWAY in result.err) == (1, True), result
        assert "PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET" in result.err
        assert "Forgot" not in result.out
    assert (home / ".pennsieve" / "config.ini").read_text() == CONFIG
    document = agent("whoami", "--json").document
    assert AWAY in document["error"]["message"]


def test_locked_is_said_as_such(home: Path) -> None:
    keyring.set_keyring(Memory(KeyringLocked("hidden")))
    agent = Agent({"HOME": str(home)})
    for words in (["whoami"], ["logout"], ["profile", "remove", "lab"]):
        result = agent(*words)
        assert result.code == 1
        assert "profile 'lab' is in the system's keychain, which is locked" in result.err
    assert (home / ".pennsieve" / "config.ini").read_text() == CONFIG


@pytest.mark.parametrize("trouble", ["away", "locked", "asking"])
def test_what_needs_no_secret_goes_on_with_the_files(
    home: Path, trouble: str, request: pytest.FixtureRequest
) -> None:
    if trouble == "locked":
        keyring.set_keyring(Memory(KeyringLocked("hidden")))
    if trouble == "asking":
        request.getfixturevalue("asking")
    agent = Agent({"HOME": str(home)})
    began = time.monotonic()
    listed = agent("aws", "list")
    assert "work" in listed.out
    why = {"away": "cannot be reached", "locked": "is locked", "asking": "within 3 seconds"}
    assert "AWS keys that the keychain has are not listed: the system's keychain" in listed.err
    assert (listed.code, why[trouble] in listed.err) == (0, True)
    assert agent("profile", "show", "--json").document["key"] == "the-key"
    shown = agent("profile", "list")
    assert (shown.code, shown.err) == (0, "")
    assert agent("profile", "use", "lab").code == 0
    assert time.monotonic() - began < 10, "what needs no secret does not ask the keychain"


def test_keys_that_cannot_be_looked_for_are_not_said_to_be_missing(home: Path) -> None:
    agent = Agent({"HOME": str(home)})
    removed = agent("aws", "remove", "lab-keys")
    assert removed.code == 1
    assert "cannot be reached" in removed.err
    tested = agent("aws", "test", "lab-keys")
    assert tested.code == 2
    assert "no AWS profile called 'lab-keys' in AWS's files" in tested.err
    assert "cannot be reached" in tested.err


def test_a_profile_is_taken_off_where_its_secret_stays(home: Path) -> None:
    removed = Agent({"HOME": str(home)})("profile", "remove", "lab")
    assert (removed.code, "Took profile 'lab' off" in removed.out) == (0, True)
    assert "if it has a secret, that stays" in removed.err
    assert "[lab]" not in (home / ".pennsieve" / "config.ini").read_text()


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "Forgot profile 'lab', which had no secret"),
        ("keychain", "Forgot profile 'lab' and its secret in the keychain"),
        ("file", "Forgot profile 'lab' and its secret in config.ini"),
    ],
)
def test_logout_says_what_it_forgot(home: Path, secret: str, said: str) -> None:
    backend = Memory()
    keyring.set_keyring(backend)
    if secret == "keychain":
        backend.kept["pennsieve", "lab:the-key"] = "hush"
    if secret == "file":
        (home / ".pennsieve" / "config.ini").write_text(f"{CONFIG}api_secret=hush\n")
    result = Agent({"HOME": str(home), "PENNSIEVE_PROFILE": "lab"})("logout")
    assert (result.code, result.out.strip()) == (0, said)
    assert backend.kept == {}
    assert "stays valid until it is deleted on Pennsieve" in result.err


def test_logout_says_that_the_environment_still_signs_in(home: Path) -> None:
    (home / ".pennsieve" / "config.ini").write_text(f"{CONFIG}api_secret=hush\n")
    environ = {"HOME": str(home), "PENNSIEVE_API_KEY": "k", "PENNSIEVE_API_SECRET": "s"}
    result = Agent(environ)("logout", "--profile", "lab")
    assert result.code == 0
    assert "still signed in by PENNSIEVE_API_KEY" in result.err


def test_a_wait_is_told_of_before_it_ends() -> None:
    notes: list[str] = []
    answered = threading.Event()

    class Slow(MemoryKeychain):
        def get(self, account: str) -> str | None:
            assert answered.wait(30)
            return super().get(account)

    def note(text: str) -> None:
        notes.append(text)
        answered.set()  # the person looks at the other screen

    slow = Slow()
    slow.secrets["a"] = "s"
    assert PatientKeychain(slow, 30, note=note, silent_seconds=0.01).get("a") == "s"
    assert len(notes) == 1
    assert "waiting for the system's keychain" in notes[0]
    assert "another screen" in notes[0]


def test_a_wait_has_an_end() -> None:
    never = threading.Event()

    class Silent(MemoryKeychain):
        def get(self, account: str) -> str | None:
            never.wait(30)
            return super().get(account)

    patient = PatientKeychain(Silent(), 0.02, note=print, silent_seconds=0.01)
    with pytest.raises(SettingsError, match=r"did not answer within 0\.02 seconds"):
        patient.get("a")
    never.set()


def test_login_says_who_cannot_use_a_secret_in_the_keychain(
    lab: Lab, agent: Agent, home: Path
) -> None:
    backend = Memory()
    keyring.set_keyring(backend)
    values = lab.box.profile_values()
    agent.environ = {
        "HOME": str(home),
        "PENNSIEVE_CONFIG": str(home / "mine.ini"),
        "PENNSIEVE_API_HOST": values["api_host"],
        "PENNSIEVE_API2_HOST": values["api2_host"],
        "PENNSIEVE_COGNITO_ENDPOINT": values["cli_cognito_endpoint"],
    }
    words = ("login", "--key", values["api_token"], "--secret-stdin")
    kept = agent(*words, answers=f"{values['api_secret']}\n")
    assert kept.code == 0, kept.err
    assert "Pennsieve's own Python client and agent read secrets from config.ini alone" in kept.err
    assert "pennsieve login --plaintext" in kept.err
    moved = agent("login", "--plaintext")
    assert moved.code == 0, moved.err
    assert "key moved to" in moved.err
    assert "Python client" not in moved.err
    assert f"api_secret={values['api_secret']}" in (home / "mine.ini").read_text()
    assert backend.kept == {}
