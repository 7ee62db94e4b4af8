"""What a user reads when the system refuses a file."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from pennsieve_agent.domain.file_trouble import explained


@pytest.mark.parametrize(
    ("number", "name", "message", "where"),
    [
        (errno.EROFS, "/home/x.ini", "'x.ini' cannot be written: Read-only file system", "/home/x"),
        (errno.ENOSPC, "/d/x.ini", "'x.ini' cannot be written: No space left on device", "/d/x"),
        (errno.ENOSPC, None, "a file cannot be written: No space left on device", ""),
        (errno.EDQUOT, "x", "'x' cannot be written: Disk quota exceeded", "x"),
        (errno.EACCES, "/d/x", "'x' cannot be used: Permission denied", "/d/x"),
        (errno.ENOTDIR, "/d/x/", "'/d/x/' cannot be used: Not a directory", "/d/x"),
    ],
)
def test_what_the_system_refuses(number: int, name: str | None, message: str, where: str) -> None:
    error = explained(OSError(number, os.strerror(number), name))
    assert error is not None
    assert error.message == message
    assert (error.where or "").startswith(where)
    assert error.hint


def test_the_new_name_of_a_file_is_the_one_that_is_named() -> None:
    error = explained(OSError(errno.EROFS, "Read-only file system", "/d/part", None, "/d/x"))
    assert error is not None
    assert error.where == "/d/x"


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "x"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        PermissionError(errno.EACCES, "Permission denied"),
    ],
)
def test_what_is_not_about_a_users_file_is_a_fault_of_the_program(error: OSError) -> None:
    assert explained(error) is None


def test_a_current_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(FileNotFoundError) as caught:
        Path("results").mkdir()
    error = explained(caught.value)
    assert error is not None
    assert "current folder was deleted" in error.message


def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    error = explained(FileNotFoundError(errno.ENOENT, "No usable temporary directory found in []"))
    assert error is not None
    assert "TMPDIR" in (error.hint or "")
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(FileNotFoundError) as caught:
        tempfile.gettempdir()
    assert explained(caught.value) is not None, "as Python says it today"
