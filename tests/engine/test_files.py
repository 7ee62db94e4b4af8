from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.engine.exits import describe_exit, describe_fault
from pennsieve_agent.engine.files import (
    check_output,
    entries,
    job_folders,
    merge,
    remove_tree,
    require_space,
)
from pennsieve_agent.errors import EngineError


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@given(st.lists(st.text(), unique_by=str, max_size=20))
def test_each_job_has_one_folder_of_its_own(ids: list[str]) -> None:
    roots = [job_folders(Path("/w"), job_id).root for job_id in ids]
    assert all(root.parent == Path("/w") and root.name not in {"", ".", ".."} for root in roots)
    # Disks of macOS take "A" and "a" for the same name.
    assert len({root.name.casefold() for root in roots}) == len(ids)


def test_plain_ids_are_the_folders_name() -> None:
    assert job_folders(Path("w"), "node_17-x").root.name == "node_17-x"
    assert job_folders(Path("w"), "../Spike sort").root.name.startswith("spike-sort.")


def test_merged_folders_follow_links_within_each_parent(tmp_path: Path) -> None:
    write(tmp_path / "a" / "run_1" / "x", "one")
    (tmp_path / "a" / "latest").symlink_to("run_1")
    (tmp_path / "a" / "y").symlink_to("run_1/x")
    (tmp_path / "a" / "empty").mkdir()
    write(tmp_path / "b" / "run_1" / "z", "two")
    into = tmp_path / "into"
    into.mkdir()
    merge({"a": tmp_path / "a", "b": tmp_path / "b"}, into, share=True)
    found = sorted(path.relative_to(into).as_posix() for path in into.rglob("*"))
    assert found == ["empty", "latest", "latest/x", "run_1", "run_1/x", "run_1/z", "y"]
    assert not any(path.is_symlink() for path in into.rglob("*"))
    assert (into / "y").stat().st_ino == (tmp_path / "a" / "run_1" / "x").stat().st_ino


def test_copies_are_files_of_their_own(tmp_path: Path) -> None:
    source = write(tmp_path / "a" / "x")
    (tmp_path / "into").mkdir()
    merge({"a": tmp_path / "a"}, tmp_path / "into", share=False)
    assert (tmp_path / "into" / "x").stat().st_ino != source.stat().st_ino


def test_a_file_and_a_folder_of_one_name_clash(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x" / "deep")
    write(tmp_path / "b" / "x")
    (tmp_path / "into").mkdir()
    with pytest.raises(EngineError, match="both 'a' and 'b' made 'x'"):
        merge({"a": tmp_path / "a", "b": tmp_path / "b"}, tmp_path / "into", share=True)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/etc/passwd", "'link' leads out"),
        ("../secret", "'link' leads out"),
        ("nothing", "'link' leads to nothing"),
        ("link", "'link' leads to nothing"),
        (".", "'link' leads in a circle"),
    ],
)
def test_links_that_are_not_followed(tmp_path: Path, target: str, problem: str) -> None:
    write(tmp_path / "secret")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(target)
    with pytest.raises(EngineError, match=problem):
        check_output(tmp_path / "out")


def test_a_pipe_is_no_result(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EngineError, match="'pipe' is neither a file nor a folder"):
        check_output(tmp_path)


def test_names_may_hold_any_bytes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).touch()
    assert [os.fsencode(entry.name) for entry in entries(tmp_path)] == [b"\xff"]


def test_folders_without_rights_are_removed_too(tmp_path: Path) -> None:
    inner = write(tmp_path / "job" / "deep" / "x").parent
    inner.chmod(0)
    inner.parent.chmod(0o500)
    remove_tree(tmp_path / "job")
    assert not (tmp_path / "job").exists()
    remove_tree(tmp_path / "job")


def test_space_is_checked_before_anything_is_written(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(OSError, match="No space left") as caught:
        require_space(tmp_path, 1 << 60)
    assert describe_fault(caught.value, "staging input") == (
        "no space left on device while staging input"
    )


def test_faults_in_words() -> None:
    assert describe_fault(PermissionError(errno.EACCES, "Permission denied", "/x"), "running") == (
        "permission denied while running: /x"
    )
    assert describe_fault(OSError("odd"), "running") == "odd while running"
    assert describe_fault(OSError(), "running") == "oserror while running"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ""),
        (3, "it ended with exit code 3"),
        (125, "could not be started"),
        (126, "cannot be executed"),
        (127, "was not found"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (129, "ended by signal SIGHUP"),
        (255, "exit code 255"),
    ],
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert words in describe_exit(code)
