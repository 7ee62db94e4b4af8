"""The journal: private, whole or not at all, and honest about what it cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.account.world.registration_journal import (
    Journal,
    JournalEntry,
    new_external_id,
    new_token,
)
from pennsieve_agent.errors import SettingsError, UsageProblem

ENTRY = JournalEntry(
    "0a1b2c3d", "outside", "123456789012", "us-east-1", nodes_before=("n",), done=("a", "b")
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "deep" / "journal", "default", "Ada's node / 1")


def test_it_comes_back_as_it_was_written(journal: Journal) -> None:
    assert journal.read() is None
    journal.write(ENTRY)
    assert journal.read() == ENTRY
    journal.forget()
    journal.forget()
    assert journal.read() is None


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    journal.write(ENTRY)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_profiles_and_names_have_files_of_their_own(tmp_path: Path) -> None:
    paths = {Journal(tmp_path, p, n).path for p in ("a", "b") for n in ("x/y", "x y", "../x")}
    assert len(paths) == 6
    assert {path.parent for path in paths} == {tmp_path}


def test_the_external_id_is_not_in_its_repr() -> None:
    assert "outside" not in repr(ENTRY)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"token": "no"}', '{"token": "0a1b2c3d"}'])
def test_a_damaged_file_is_not_guessed_at(journal: Journal, text: str) -> None:
    journal.write(ENTRY)
    journal.path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        journal.read()
    assert raised.value.where == str(journal.path)


def test_unknown_fields_of_a_later_version_do_no_harm(journal: Journal) -> None:
    journal.write(ENTRY)
    text = journal.path.read_text()
    journal.path.write_text(text.replace("{", '{"later": 1,', 1))
    assert journal.read() == ENTRY


def test_a_failed_write_keeps_the_old_state(journal: Journal) -> None:
    journal.write(ENTRY)
    broken = JournalEntry(object(), "", "", "")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        journal.write(broken)
    assert journal.read() == ENTRY
    assert list(journal.path.parent.iterdir()) == [journal.path]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file", "default", "n")
    with pytest.raises(SettingsError):
        journal.write(ENTRY)


def test_one_at_a_time(journal: Journal) -> None:
    with journal.locked(), pytest.raises(UsageProblem), journal.locked():
        pass
    with journal.locked():
        pass


def test_names_are_random() -> None:
    assert len(new_token()) == 8
    assert new_token() != new_token()
    assert len(new_external_id()) == 32
