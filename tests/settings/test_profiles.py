"""Which profile is meant, what it holds, and keeping it."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.profile import ApiKey, AwsSettings, Hosts, Profile
from pennsieve_agent.errors import NotSignedIn, SettingsError, UsageProblem
from pennsieve_agent.settings.profiles import Settings
from tests.settings.keychains import MemoryKeychain

EXISTING = """[agent]
port=9000

[global]
default_profile=penn-lab

[penn-lab]
api_token=lab-key
api_secret=lab%secret

[staging]
api_token=st-key
api_secret=st-secret
api_host=https://api.pennsieve.net
upload_bucket=pennsieve-dev-uploads-v2-use1
"""
KEY = {"PENNSIEVE_API_KEY": "env-key", "PENNSIEVE_API_SECRET": "env-secret"}


class Here:
    def __init__(self, folder: Path, text: str = "", env: Mapping[str, str] | None = None) -> None:
        self.path = folder / "config.ini"
        if text:
            self.path.write_text(text)
            self.path.chmod(0o600)
        self.chain = MemoryKeychain()
        self.settings = Settings(self.path, env or {}, self.chain)


def test_the_existing_agents_profiles(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING)
    assert here.settings.names() == ["penn-lab", "staging"]
    assert here.settings.default_name() == "penn-lab"
    lab = here.settings.profile()
    assert lab == Profile("penn-lab", Hosts(), ApiKey("lab-key", "lab%secret"), "config.ini")
    staging = here.settings.profile("Staging")
    assert staging.hosts == Hosts("https://api.pennsieve.net", "https://api2.pennsieve.net")
    assert staging.key == ApiKey("st-key", "st-secret")
    assert here.settings.warnings() == []
    assert here.chain.asked == 0, "the keychain is asked only when needed"
    assert "secret" not in repr(lab).replace("api_secret", "")


def test_addresses_of_many_profiles_come_from_one_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"lab-{number:03}" for number in range(300)]
    wrong = "[wrong]\napi_token=k\napi_host=ftp://x\n"
    here = Here(tmp_path, wrong + "".join(f"[{name}]\napi_token=k\n" for name in names))
    count, read = 0, Path.open

    def counted(path: Path, *args: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return read(path, *args, **options)

    monkeypatch.setattr(Path, "open", counted)
    known = dict(here.settings.addresses())
    assert count == 1
    assert isinstance(known.pop("wrong"), SettingsError)
    assert known == dict.fromkeys(names, "https://api.pennsieve.io")


def test_a_profile_without_a_header(tmp_path: Path) -> None:
    here = Here(tmp_path, "api_token=k\napi_secret=s\n\n[agent]\nport=9000\n")
    assert here.settings.names() == ["default"]
    assert here.settings.profile().key == ApiKey("k", "s")


@pytest.mark.parametrize(
    ("env", "flag", "expected"),
    [
        ({}, None, "penn-lab"),
        ({"PENNSIEVE_PROFILE": "staging"}, None, "staging"),
        ({"PENNSIEVE_PROFILE": "staging"}, "penn-lab", "penn-lab"),
        (KEY, None, "environment"),
        ({**KEY, "PENNSIEVE_PROFILE": "staging"}, None, "environment"),
        (KEY, "staging", "staging"),
        ({"PENNSIEVE_PROFILE": " ", "PENNSIEVE_API_KEY": ""}, None, "penn-lab"),
    ],
)
def test_precedence(tmp_path: Path, env: dict[str, str], flag: str | None, expected: str) -> None:
    assert Here(tmp_path, EXISTING, env).settings.profile(flag).name == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("[agent]\nport=9000\n\n[migration]\npath=x\n", ""),
        ("[lab]\napi_token=k\n", "lab"),
        ("[lab]\napi_token=k\n[pennsieve]\napi_token=k\n", "pennsieve"),
        ("[lab]\napi_token=k\n[b]\napi_token=k\n[global]\ndefault_profile=B\n", "b"),
        ("[global]\ndefault_profile=gone\n", ""),
    ],
)
def test_the_default(tmp_path: Path, text: str, expected: str) -> None:
    found = Here(tmp_path, text).settings.profile()
    assert (found.name, found.key) == (expected, None)


def test_without_a_default_one_must_be_named(tmp_path: Path) -> None:
    here = Here(tmp_path, "[a]\napi_token=k\n[b]\napi_token=k\n")
    assert here.settings.default_name() is None
    with pytest.raises(UsageProblem, match="a, b") as caught:
        here.settings.profile()
    assert "profile use" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("env", "flag", "where"),
    [
        ({}, "nope", "config.ini"),
        ({"PENNSIEVE_PROFILE": "nope"}, None, "PENNSIEVE_PROFILE"),
    ],
)
def test_an_unknown_profile(
    tmp_path: Path, env: dict[str, str], flag: str | None, where: str
) -> None:
    with pytest.raises(UsageProblem, match="'nope'; there are: penn-lab, staging") as caught:
        Here(tmp_path, EXISTING, env).settings.profile(flag)
    assert caught.value.hint == "list them with: pennsieve profile list"
    assert (caught.value.where or "").endswith(where)


def test_a_key_in_the_environment_hides_the_file(tmp_path: Path) -> None:
    here = Here(tmp_path, "this is corrupt", KEY)
    found = here.settings.profile()
    assert found.key == ApiKey("env-key", "env-secret")
    assert found.key_source == "the environment"
    assert found.hosts == Hosts()


def test_a_key_in_the_environment_needs_its_secret(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING, {"PENNSIEVE_API_KEY": "k"})
    with pytest.raises(NotSignedIn, match="PENNSIEVE_API_SECRET is not"):
        here.settings.profile()


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (
            {"PENNSIEVE_API_HOST": "http://127.0.0.1:1/", "PENNSIEVE_API_HOST2": "http://[::1]:2"},
            Hosts("http://127.0.0.1:1", "http://[::1]:2"),
        ),
        (
            {"PENNSIEVE_API_HOST": "https://api.pennsieve.net"},
            Hosts("https://api.pennsieve.net", "https://api2.pennsieve.net"),
        ),
        (
            {"PENNSIEVE_API2_HOST": "https://a", "PENNSIEVE_API_HOST2": "https://b"},
            Hosts(api2="https://a"),
        ),
        ({"PENNSIEVE_COGNITO_ENDPOINT": "http://localhost:3"}, Hosts(cognito="http://localhost:3")),
    ],
)
def test_hosts_of_the_environment(tmp_path: Path, env: dict[str, str], expected: Hosts) -> None:
    assert Here(tmp_path, env={**KEY, **env}).settings.profile().hosts == expected
    assert Here(tmp_path, env=env).settings.profile().hosts == expected


def test_hosts_of_the_environment_do_not_get_a_profiles_key(tmp_path: Path) -> None:
    env = {"PENNSIEVE_API_HOST": "https://api.elsewhere.org"}
    assert Here(tmp_path, EXISTING, env).settings.profile().hosts == Hosts()


@pytest.mark.parametrize(
    "host",
    [
        "http://api.pennsieve.io",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "https://SECRET@api.pennsieve.io",
        "https://u:SECRET@api.pennsieve.io",
        "https://api.pennsieve.io/SECRET",
        "https://api.pennsieve.io?k=SECRET",
        "https://api.pennsieve.io#SECRET",
        "https://",
        "https://a:99999",
        "https://a b",
        "https://[::1",
        "api.pennsieve.io",
    ],
)
@pytest.mark.parametrize("key", ["api_host", "api2_host", "cli_cognito_endpoint"])
def test_addresses_a_key_must_not_go_to(tmp_path: Path, host: str, key: str) -> None:
    here = Here(tmp_path, f"[lab]\napi_token=k\napi_secret=s\n{key}={host}\n")
    with pytest.raises(SettingsError, match=f"{key} of profile 'lab'") as caught:
        here.settings.profile()
    assert "SECRET" not in f"{caught.value!r} {caught.value.hint} {caught.value.where}"


def test_a_second_address_that_cannot_be_told(tmp_path: Path) -> None:
    here = Here(tmp_path, "[lab]\napi_host=http://localhost:8080\n")
    with pytest.raises(SettingsError, match="none of its second") as caught:
        here.settings.profile()
    assert "api2_host" in (caught.value.hint or "")


SANDBOX = Profile(
    "sandbox",
    Hosts("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"),
    ApiKey("new-key", "NEW-SECRET"),
    aws=AwsSettings(
        "dev", "us-east-1", "http://127.0.0.1:4", Path("/a b/c#d"), Path("/data/credentials")
    ),
)


def test_a_secret_goes_to_the_keychain(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING)
    assert "keychain" in here.settings.save(SANDBOX, make_default=True)
    assert here.chain.secrets == {"sandbox:new-key": "NEW-SECRET"}
    assert "NEW-SECRET" not in here.path.read_text()
    assert here.path.read_text().startswith(EXISTING.replace("=penn-lab", "=sandbox"))
    locked = here.settings.profile()
    assert (locked.key, locked.key_id, locked.key_source) == (None, "new-key", "the keychain")
    found = here.settings.unlocked(locked)
    assert (found.key_id, found.key_source) == ("new-key", "the keychain")
    assert (found.hosts, found.key, found.aws) == (SANDBOX.hosts, SANDBOX.key, SANDBOX.aws)


def test_a_secret_goes_to_the_file_only_when_asked(tmp_path: Path) -> None:
    here = Here(tmp_path)
    here.chain.missing = True
    with pytest.raises(SettingsError, match="no keychain"):
        here.settings.save(SANDBOX)
    assert not here.path.exists()
    assert "only" in (told := here.settings.save(SANDBOX, plaintext=True)) or "alone" in told
    assert stat.S_IMODE(here.path.stat().st_mode) == 0o600
    assert here.settings.profile("sandbox").key == SANDBOX.key
    assert here.settings.profile("sandbox").key_source == "config.ini"


def test_saving_again_leaves_no_old_secret(tmp_path: Path) -> None:
    here = Here(tmp_path)
    here.settings.save(SANDBOX)
    other = Profile("sandbox", key=ApiKey("k2", "s2"))
    here.settings.save(other)
    assert here.chain.secrets == {"sandbox:k2": "s2"}
    assert here.path.read_text() == "[sandbox]\napi_token=k2\n"
    here.settings.save(other, plaintext=True)
    assert here.chain.secrets == {}
    here.settings.save(other)
    assert here.path.read_text() == "[sandbox]\napi_token=k2\n"
    here.settings.save(Profile("sandbox", Hosts(api2="https://api2.example.org")))
    assert here.path.read_text() == "[sandbox]\napi2_host=https://api2.example.org\n"
    assert here.chain.secrets == {}


def test_a_failed_save_changes_nothing(tmp_path: Path) -> None:
    here = Here(tmp_path, "corrupt")
    with pytest.raises(SettingsError):
        here.settings.save(SANDBOX)
    assert here.chain.secrets == {}
    (tmp_path / "file").touch()
    chain = MemoryKeychain()
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "file" / "config.ini")
    with pytest.raises(SettingsError):
        Settings(dangling, {}, chain).save(SANDBOX)
    chain.locked = True
    with pytest.raises(SettingsError):
        Settings(tmp_path / "new.ini", {}, chain).save(SANDBOX)
    assert chain.secrets == {}
    assert not (tmp_path / "new.ini").exists()


@pytest.mark.parametrize(
    "name",
    [
        *("agent", "global", "migration", "default", "pennsieve", "environment", "Default"),
        *("", "a.b", "Lab", "a b", "../x", "a]", "-x", "x" * 65),
    ],
)
def test_names_that_mean_something_else(tmp_path: Path, name: str) -> None:
    here = Here(tmp_path)
    with pytest.raises(UsageProblem, match="not a valid profile name"):
        here.settings.save(Profile(name, key=ApiKey("k", "s")))
    assert not here.path.exists()


def test_a_profile_another_tool_made_keeps_its_name(tmp_path: Path) -> None:
    here = Here(tmp_path, "[pennsieve]\napi_token=old\napi_secret=s\n")
    here.settings.save(Profile("pennsieve", key=ApiKey("new", "s")))
    assert here.path.read_text() == "[pennsieve]\napi_token=new\n"


def test_removing(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING)
    here.settings.save(SANDBOX, make_default=True)
    here.settings.remove("sandbox")
    assert here.chain.secrets == {}
    assert here.path.read_text() == EXISTING.replace("default_profile=penn-lab\n", "")
    with pytest.raises(UsageProblem, match="'sandbox'"):
        here.settings.remove("sandbox")
    asked = here.chain.asked
    here.settings.remove("STAGING")
    assert here.settings.names() == ["penn-lab"]
    assert here.chain.asked == asked + 1  # for its sign-in


def test_a_locked_keychain_keeps_profile_and_secret_together(tmp_path: Path) -> None:
    here = Here(tmp_path)
    here.settings.save(SANDBOX)
    here.chain.locked = True
    with pytest.raises(SettingsError):
        here.settings.remove("sandbox")
    assert here.settings.names() == ["sandbox"]


def test_choosing_a_default(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING)
    here.settings.set_default("staging")
    assert here.settings.default_name() == "staging"
    assert here.path.read_text() == EXISTING.replace("=penn-lab", "=staging")
    with pytest.raises(UsageProblem):
        here.settings.set_default("nope")


def test_warnings(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING, {**KEY, "PENNSIEVE_PROFILE": "staging"})
    here.path.chmod(0o644)
    exposed, hidden = here.settings.warnings()
    assert f"chmod 600 {here.path}" in exposed
    assert "PENNSIEVE_PROFILE is ignored" in hidden


def test_the_sandbox_writes_its_profile_whole(tmp_path: Path) -> None:
    here = Here(tmp_path, EXISTING)
    values = {"api_token": "k", "api_secret": "s", "api_host": "http://127.0.0.1:1"}
    with pytest.raises(SettingsError, match="none of its second"):
        here.settings.write_section("sandbox", values, make_default=True)
    assert here.path.read_text() == EXISTING
    values["api2_host"] = "http://127.0.0.1:2"
    here.settings.write_section("sandbox", values, make_default=True)
    found = here.settings.profile()
    assert (found.name, found.key) == ("sandbox", ApiKey("k", "s"))
    assert here.chain.asked == 0


@pytest.mark.parametrize("before", [{}, {"sandbox:new-key": "old"}])
def test_a_secret_is_taken_back_when_the_file_cannot_be_saved(
    tmp_path: Path, before: dict[str, str]
) -> None:
    path = tmp_path / "config.ini"

    class Slow(MemoryKeychain):
        """While it waits for its user, another program writes the file."""

        def set(self, account: str, secret: str) -> None:
            super().set(account, secret)
            path.write_text("[theirs]\nx=1\n")

    chain = Slow()
    chain.secrets = dict(before)
    with pytest.raises(SettingsError, match="another program"):
        Settings(path, {}, chain).save(SANDBOX)
    assert chain.secrets == before
    assert path.read_text() == "[theirs]\nx=1\n"
