"""One folder of several steps', and what may not be in a step's folder."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest

from pennsieve_agent.domain.step_files import DATA, RUN_MOUNT, data_path, step_folder
from pennsieve_agent.node.transfer_job.merge import merge
from pennsieve_agent.node.transfer_job.run_files import Owner, RunFiles
from pennsieve_agent.node.transfer_job.transfer_error import TransferError


@pytest.fixture
def run(tmp_path: Path) -> RunFiles:
    root = tmp_path / "run"
    root.mkdir()
    found = RunFiles(root, before=("in", "one", "two"))
    found.lay_out(("in", "one", "two", "late", "work"))
    return found


def made(run: RunFiles, step: str, files: Mapping[str, str]) -> Path:
    folder = run.data(step)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def texts(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_files_of_several_steps_lie_in_one_folder_without_copies(run: RunFiles) -> None:
    made(run, "one", {"x/1": "1"})
    made(run, "two", {"x/2": "2", "3": "3"})
    assert merge(run, "work", ("one", "two", "in")) == 3
    into = run.merged("work")
    assert texts(into) == {"x/1": "1", "x/2": "2", "3": "3"}
    assert all(path.is_symlink() for path in into.rglob("*") if not path.is_dir())
    assert merge(run, "work", ("one", "two")) == 3, "a repeated merge keeps what is there"


def test_a_step_goes_on_with_what_another_made(run: RunFiles) -> None:
    made(run, "one", {"sub-01/x": "1", "all": "1"})
    assert merge(run, "work", ("one",), continues=True) == 2
    into = made(run, "work", {"group": "2"})
    assert texts(into) == {"sub-01/x": "1", "all": "1", "group": "2"}
    made(run, "work", {"sub-01/y": "3"})
    after = RunFiles(run.root, before=("in", "one", "work"))
    results = {name: path.read_text() for name, path in after.files("work")}
    assert results == {"sub-01/x": "1", "sub-01/y": "3", "all": "1", "group": "2"}
    assert not run.merged("work").exists()


def test_the_links_mean_the_same_wherever_the_run_is(run: RunFiles, tmp_path: Path) -> None:
    made(run, "one", {"x/1": "1"})
    merge(run, "work", ("one", "two"))
    moved = RunFiles(run.root.rename(tmp_path / "elsewhere"))
    assert texts(moved.merged("work")) == {"x/1": "1"}


def test_many_files_are_merged(run: RunFiles) -> None:
    made(run, "one", {f"{number:04}": "x" for number in range(2500)})
    made(run, "two", {f"d/{number:04}": "x" for number in range(2500)})
    assert merge(run, "work", ("one", "two")) == 5000
    assert sum(1 for path in run.merged("work").rglob("*") if path.is_file()) == 5000


def test_nothing_merged_is_an_empty_folder(run: RunFiles) -> None:
    assert merge(run, "work", ()) == 0
    assert list(run.merged("work").iterdir()) == []


def test_one_name_of_two_steps_is_refused_with_both_named(run: RunFiles) -> None:
    made(run, "one", {"x": "1"})
    made(run, "two", {"x": "2"})
    with pytest.raises(TransferError, match="steps 'one' and 'two' both made 'x'"):
        merge(run, "work", ("one", "two"))


def test_a_file_where_another_step_has_a_folder_is_refused(run: RunFiles) -> None:
    made(run, "one", {"x": "1"})
    made(run, "two", {"x/y": "2"})
    with pytest.raises(TransferError, match="is a file of one step and a folder of another"):
        merge(run, "work", ("one", "two"))


def test_links_of_a_program_lead_to_what_they_mean_in_its_container(run: RunFiles) -> None:
    made(run, "in", {"a.nii": "a", "sub/b.nii": "b"})
    folder = made(run, "one", {"own.txt": "own"})
    source = data_path(step_folder("in"))
    for name, target in (
        ("a.nii", f"{source}/a.nii"),
        ("sub", f"{source}/sub"),
        ("up.nii", f"../../{step_folder('in')}/{DATA}/a.nii"),
        ("latest.txt", "own.txt"),
        ("chain.nii", f"{data_path(step_folder('one'))}/a.nii"),
    ):
        (folder / name).symlink_to(target)
    files = {"a.nii": "a", "chain.nii": "a", "latest.txt": "own", "own.txt": "own"}
    files |= {"sub/b.nii": "b", "up.nii": "a"}
    assert {name: path.read_text() for name, path in run.files("one")} == files
    assert merge(run, "work", ("one", "two")) == 6
    assert texts(run.merged("work")) == files


def test_a_link_through_a_merged_folder_leads_to_the_file(run: RunFiles) -> None:
    made(run, "in", {"a": "a"})
    merge(run, "one", ("in",))
    into = made(run, "one", {})
    (into / "a").symlink_to(f"{RUN_MOUNT}/{run.merged('one').relative_to(run.root)}/a")
    assert dict(run.files("one")) == {"a": run.data("in") / "a"}


@pytest.mark.parametrize(
    "target",
    [
        *("/etc/passwd", "../../secret", "../../../run/secret", "../../..", "/mnt/run/secret"),
        *("/mnt/runner/x", "/mnt/run/../run/secret", "/mnt/run", "missing/../../../secret"),
        f"/mnt/run/{step_folder('late')}/data/x",
    ],
)
def test_links_that_lead_out_of_the_steps_before_are_refused(run: RunFiles, target: str) -> None:
    (run.root / "secret").write_text("s")
    made(run, "late", {"x": "of a step that may still run"})
    folder = made(run, "one", {"good": "1"})
    (folder / "link").symlink_to(target)
    with pytest.raises(
        TransferError, match="'link' of step 'one' is a link that leads out of the files"
    ):
        list(run.files("one"))


def test_the_folder_itself_may_not_be_a_link_that_leads_out(run: RunFiles) -> None:
    folder = run.data("one")
    folder.rmdir()
    folder.symlink_to("/etc")
    with pytest.raises(TransferError, match="leads out of the files"):
        list(run.files("one"))


def test_an_output_that_is_a_link_to_the_input_is_its_files(run: RunFiles) -> None:
    made(run, "in", {"a": "a"})
    run.data("one").rmdir()
    run.data("one").symlink_to(data_path(step_folder("in")))
    assert dict(run.files("one")) == {"a": run.data("in") / "a"}


@pytest.mark.parametrize("target", ["missing", f"/mnt/run/{step_folder('in')}/data/missing"])
def test_links_to_nothing_are_refused(run: RunFiles, target: str) -> None:
    (run.data("one") / "link").symlink_to(target)
    with pytest.raises(TransferError, match="'link' of step 'one' is a link to nothing"):
        list(run.files("one"))


@pytest.mark.parametrize("target", [".", "..", "loop", f"/mnt/run/{step_folder('one')}/data"])
def test_links_in_a_circle_are_refused(run: RunFiles, target: str) -> None:
    (run.data("one") / "loop").symlink_to(target)
    with pytest.raises(TransferError, match="circle"):
        list(run.files("one"))


def test_an_output_that_was_removed_has_no_files(run: RunFiles) -> None:
    shutil.rmtree(run.data("one"))
    assert list(run.files("one")) == []


def test_a_pipe_is_no_file(run: RunFiles) -> None:
    os.mkfifo(run.data("one") / "pipe")
    with pytest.raises(TransferError, match=r"'pipe' of step 'one' is a pipe \(FIFO\)"):
        list(run.files("one"))


def test_root_gives_what_it_makes_to_the_user_of_the_run(tmp_path: Path) -> None:
    given: dict[Path, int] = {}

    def chown(path: Path, uid: int, gid: int) -> None:
        assert uid == gid
        assert path.exists()
        given[path] = uid

    run = RunFiles(tmp_path, Owner(123_456, is_root=True, chown=chown), ("one",))
    run.lay_out(("one", "work"))
    made(run, "one", {"d/x": "1"})
    merge(run, "work", ("one",))
    assert set(given.values()) == {123_456}
    into = run.merged("work")
    assert {into / "d", into / "d" / "x"} <= set(given)
    # The folders were given away under the names that they had before they were complete.
    assert [path.name for path in given].count(DATA) == 3


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EPERM])
def test_a_user_number_that_this_machine_does_not_have(tmp_path: Path, number: int) -> None:
    def chown(path: Path, uid: int, gid: int) -> None:
        raise OSError(number, f"{path} {uid} {gid}")

    owner = Owner(123_456, is_root=True, chown=chown)
    with pytest.raises(OSError, match="123456") if number == errno.EPERM else nullcontext():
        owner.take(tmp_path)


def test_who_is_not_root_gives_nothing_away(tmp_path: Path) -> None:
    run = RunFiles(tmp_path, Owner(123_456, is_root=False))
    run.lay_out(("one",))
    assert run.data("one").stat().st_uid == os.geteuid()
