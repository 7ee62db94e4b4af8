"""One folder of several steps', and what may not be in a step's folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pennsieve_agent.node.mover.merge import files_of, merge
from pennsieve_agent.node.mover.trouble import Trouble


def made(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root.mkdir(exist_ok=True)
    return root


def test_files_of_several_steps_lie_in_one_folder_without_copies(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a", {"x/1": "1"}), made(tmp_path / "b", {"x/2": "2", "3": "3"})
    into = tmp_path / "into"
    assert merge([("a", one), ("b", two), ("c", tmp_path / "none")], into) == 3
    assert {path.read_text() for path in into.rglob("*") if path.is_file()} == {"1", "2", "3"}
    assert (into / "x/1").stat().st_ino == (one / "x/1").stat().st_ino
    assert merge([("a", one), ("b", two)], into) == 3, "a repeated merge keeps what is there"


def test_nothing_merged_is_an_empty_folder(tmp_path: Path) -> None:
    assert merge([("a", made(tmp_path / "a", {}))], tmp_path / "into") == 0
    assert (tmp_path / "into").is_dir()


def test_one_name_of_two_steps_is_refused_with_both_named(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a", {"x": "1"}), made(tmp_path / "b", {"x": "2"})
    with pytest.raises(Trouble, match="steps 'first' and 'second' both made 'x'"):
        merge([("first", one), ("second", two)], tmp_path / "into")


def test_a_file_where_another_step_has_a_folder_is_refused(tmp_path: Path) -> None:
    one, two = made(tmp_path / "a", {"x": "1"}), made(tmp_path / "b", {"x/y": "2"})
    with pytest.raises(Trouble, match="is a file of one step and a folder of another"):
        merge([("a", one), ("b", two)], tmp_path / "into")


@pytest.mark.parametrize("target", ["/etc/passwd", "../other/secret", "../other", "missing"])
def test_links_that_lead_out_or_nowhere_are_refused(tmp_path: Path, target: str) -> None:
    made(tmp_path / "other", {"secret": "s"})
    folder = made(tmp_path / "a", {"good": "1"})
    (folder / "link").symlink_to(target)
    with pytest.raises(Trouble, match="'link' is a link that leads out of the step's output"):
        list(files_of(folder))


def test_links_within_the_folder_are_files_like_others(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", {"data/1": "1"})
    (folder / "latest").symlink_to("data/1")
    assert merge([("a", folder)], tmp_path / "into") == 2
    assert (tmp_path / "into" / "latest").read_text() == "1"
    assert not (tmp_path / "into" / "latest").is_symlink()


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", {})
    os.mkfifo(folder / "pipe")
    with pytest.raises(Trouble, match="'pipe' is neither a file nor a folder"):
        list(files_of(folder))
