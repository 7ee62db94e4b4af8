"""The database: all or nothing, and a clear word when its file is not one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.sandbox.host.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)"


def test_a_transaction_happens_or_does_not(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", [SCHEMA])

    def half() -> None:
        with store.transaction():
            store.execute("INSERT INTO t VALUES (1)")
            with store.transaction():
                store.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.rows("SELECT * FROM t") == []
    with store.transaction():
        store.execute_many("INSERT INTO t VALUES (?)", [(1,), (2,)])
    store.close()
    again = Store(tmp_path / "s.db", [SCHEMA])
    assert again.rows("SELECT n FROM t ORDER BY n") == [{"n": 1}, {"n": 2}]
    again.close()
    assert stat.S_IMODE((tmp_path / "s.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00junk"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="database cannot be used") as caught:
        Store(path, [SCHEMA])
    assert caught.value.where == str(path)
    assert "sandbox reset" in str(caught.value.hint)


def test_a_file_damaged_in_the_middle_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = Store(path, [SCHEMA])
    store.execute_many("INSERT INTO t VALUES (?)", [(number,) for number in range(5000)])
    store.close()
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(SettingsError):
        Store(path, [SCHEMA])


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        Store(tmp_path, [SCHEMA])
