from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.workflow_identity import (
    Kind,
    WorkflowUser,
    described,
    kinds_for,
    new_integration,
)
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.settings.workflow_identities import WorkflowIdentities
from pennsieve_agent.settings.workflow_keys import WorkflowKeys
from tests.settings.keychains import MemoryKeychain

W = "11111111-0000-4000-8000-000000000001"
USER = WorkflowUser(7, "N:user:r", 70, "flow (read) ab", 1_000.0, in_keychain=True)


def store(home: Path, person: str = "N:user:ada") -> WorkflowIdentities:
    return WorkflowIdentities.beside(home / "config.ini", "https://api", "N:organization:w", person)


def test_a_mark_is_on_the_disk_before_and_until_its_key_is_kept(tmp_path: Path) -> None:
    new = new_integration(W, "flow", Kind.READ)
    store(tmp_path).begin(new, 5.0)
    assert store(tmp_path).pending() == {new.mark: 5.0}
    assert store(tmp_path, "N:user:bob").pending() == {}
    store(tmp_path).keep(W, Kind.READ, USER)
    store(tmp_path).settle(new.mark)
    assert store(tmp_path).pending() == {}
    assert store(tmp_path).users(W) == {Kind.READ: USER}
    assert (tmp_path / "workflow-identities.json").stat().st_mode & 0o077 == 0
    store(tmp_path).forget(W, Kind.READ)
    store(tmp_path).forget(W, Kind.WRITE)
    assert store(tmp_path).users(W) == {}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 9}',
        '{"version": 1, "owners": []}',
        '{"version": 1, "owners": {"https://api N:organization:w N:user:ada": {"pending": 7}}}',
        '{"version": 1, "owners": {"https://api N:organization:w N:user:ada":'
        ' {"pending": {"x": {}}, "workflows": {"' + W + '": {"read": {"integration": "x"}}}}}}',
    ],
)
def test_a_file_that_cannot_be_understood_is_not_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "workflow-identities.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="identities cannot be used"):
        store(tmp_path).pending()
    with pytest.raises(SettingsError):
        store(tmp_path).users(W)
    assert path.read_text() == text


def test_two_programs_do_not_lose_each_others_marks(tmp_path: Path) -> None:
    news = [new_integration(W, "flow", Kind.READ) for _ in range(20)]
    threads = [threading.Thread(target=store(tmp_path).begin, args=(new, 1.0)) for new in news]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set(store(tmp_path).pending()) == {new.mark for new in news}


def test_a_read_only_home_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="identities cannot be used"):
        store(tmp_path / "file").begin(new_integration(W, "flow", Kind.READ), 1.0)


def test_an_integration_fits_the_platform_and_can_do_no_harm() -> None:
    new = new_integration(W, "\x1b[31m" + "long \n name " * 60, Kind.WRITE)
    body = new.body
    assert len(body["displayName"]) < 256
    assert body["displayName"].endswith(f"(write) {new.mark}")
    assert body["displayName"].isprintable()
    assert body["apiUrl"].endswith(".invalid")
    assert (len(body["description"]) < 200, len(body["secret"]) < 256) == (True, True)
    assert (body["targetEvents"], body["hasAccess"]) == ([], True)
    assert (body["isPrivate"], body["isDefault"]) == (False, False)
    assert described(body["description"]) == (W, Kind.WRITE)
    assert new.body["apiUrl"] != body["apiUrl"]
    assert new.body["secret"] != body["secret"]
    with pytest.raises(ValueError, match="not the id of a workflow"):
        new_integration("x" * 200, "flow", Kind.READ)
    with pytest.raises(ValueError, match="not the id of a workflow"):
        new_integration("two words", "flow", Kind.READ)
    assert described("Deliveries of the lab") is None


def test_what_is_read_takes_one_user_and_what_is_written_both() -> None:
    assert kinds_for(Access.READ) == (Kind.READ,)
    assert kinds_for(Access.READ_WRITE) == (Kind.READ, Kind.WRITE)


def test_keys_are_in_the_keychain_by_workspace(tmp_path: Path) -> None:
    del tmp_path
    keychain = MemoryKeychain()
    keys = WorkflowKeys(keychain, "https://api w")
    assert keys.check()
    assert keychain.secrets == {}
    keys.keep(7, ApiKey("key", "secret"))
    assert keys.get(7) == ApiKey("key", "secret")
    assert WorkflowKeys(keychain, "https://api other").get(7) is None
    keychain.secrets["https://api w:8"] = json.dumps(["not", "ours"])
    with pytest.raises(SettingsError, match="was not written by this program"):
        keys.get(8)
    keys.forget(7)
    assert keys.get(7) is None


def test_no_keychain_and_a_locked_one_are_two_things() -> None:
    keychain = MemoryKeychain()
    keys = WorkflowKeys(keychain, "p")
    keychain.missing = True
    assert not keys.check()
    assert keys.get(7) is None
    keychain.missing, keychain.locked = False, True
    with pytest.raises(SettingsError, match="locked"):
        keys.check()
