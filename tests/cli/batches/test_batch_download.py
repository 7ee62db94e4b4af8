"""``run download`` of a batch on an own node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.cli.run.batch_download import folders_of
from pennsieve_agent.domain.batches import run_id
from pennsieve_agent.domain.local_names import FileSystem
from pennsieve_agent.errors import NodeUnreachable
from tests.cli.batches.scene import SUBJECTS, Scene
from tests.cli.conftest import DATASET

COMING = ("run", "download", "first batch", "--as-they-come", "--to")


@pytest.fixture
def coming(started: Scene) -> Scene:
    """Runs that each deliver a file, and end one at each look."""
    started.agent.quick = True
    files = started.agent("dataset", "files", DATASET, "--json").document
    row = next(file for file in files if file["path"] == "subjects/sub-01/eeg/a.txt")
    started.node.files = [
        {"path": row["path"], "size": row["size"], "package": row["package_id"], "sha256": ""}
    ]
    return started


def on_looks(scene: Scene, *acts: Any) -> None:
    """Let something happen at each look at the batch, one after another."""
    ask, left = scene.ask, list(acts)

    def look(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        if (method, path) == ("GET", f"/batches/{scene.batch}") and left:
            left.pop(0)()
        return ask(method, path, *rest, **more)

    scene.ask = look  # type: ignore[method-assign]


def ends(scene: Scene, subject: str, status: str = "SUCCEEDED") -> Any:
    return lambda: scene.node.set(scene.batch, subject, status)


def gone() -> None:
    raise NodeUnreachable("no answer")


def stop() -> None:
    raise KeyboardInterrupt


def test_results_are_fetched_as_each_run_succeeds(coming: Scene, tmp_path: Path) -> None:
    first = tmp_path / "sub-01" / "subjects" / "sub-01" / "eeg" / "a.txt"

    def second() -> None:
        assert first.exists()  # before the others have ended
        coming.node.set(coming.batch, "sub-02", "FAILED")

    on_looks(coming, ends(coming, "sub-01"), lambda: None, second, gone, ends(coming, "Zoë 3"))
    done = coming(*COMING, str(tmp_path), code=3)
    assert "Downloaded 2 files of 2 subjects" in done.out
    assert "sub-01 succeeded (1 of 3)" in done.err
    assert "Zoë 3 succeeded (2 of 3)" in done.err
    assert "batch 'first batch': 2 succeeded, 1 failed" in done.err
    assert first.read_text() == "sub-01 eeg/a.txt\n"
    assert not (tmp_path / "sub-02").exists()
    again = coming(*COMING, str(tmp_path), "--json", code=3).document
    assert (again["downloaded"], len(again["skipped"])) == ([], 2)


def test_the_folder_of_a_subject_has_a_name_that_the_file_system_takes(
    coming: Scene, tmp_path: Path
) -> None:
    subjects = ("CON", "a:b", "dot.", "sub", "sub/ses-1", "日" * 80)
    kept = folders_of(tmp_path, subjects)
    assert set(kept.values()) == {tmp_path / name for name in subjects}  # as this system does
    # Mounted here as a share of another system, as AWS and offices have them.
    refused = FileSystem(frozenset({"CON", "a:b", "dot."}), folds_case=True)
    there = folders_of(tmp_path, subjects, lambda *_: refused)
    assert {name: str(path.relative_to(tmp_path)) for name, path in there.items()} == {
        **{name: name for name in subjects},
        "CON": "_CON",
        "a:b": "a_b",
        "dot.": "dot",
    }
    coming.node.end(coming.batch)
    done = coming("run", "download", "first batch", "--to", str(tmp_path / "new"))
    assert "3 files of 3 subjects" in done.out
    assert {path.name for path in (tmp_path / "new").iterdir() if path.is_dir()} == set(SUBJECTS)


def test_nothing_that_came_is_lost_by_an_interruption(coming: Scene, tmp_path: Path) -> None:
    on_looks(coming, ends(coming, "sub-01"), lambda: None, stop)
    cut = coming(*COMING, str(tmp_path), code=130)
    assert "interrupted: stopped; what was downloaded is kept, and the batch goes on" in cut.err
    assert "go on with: the same command" in cut.err
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["sub-01"]
    coming.node.end(coming.batch)
    whole = coming(*COMING, str(tmp_path), "--json").document
    assert (len(whole["downloaded"]), len(whole["skipped"])) == (2, 1)


def test_a_result_that_was_changed_here_is_kept_and_what_to_type_is_said(
    coming: Scene, tmp_path: Path
) -> None:
    words = ("run", "download", "first batch", "--to", str(tmp_path))
    coming.node.end(coming.batch)
    coming(*words)
    mine = tmp_path / "sub-01" / "subjects" / "sub-01" / "eeg" / "a.txt"
    mine.write_text("mine")
    told = coming(*words, code=1)
    assert "not downloaded: sub-01: " in told.err
    assert told.err.count("--overwrite") == 1
    assert mine.read_text() == "mine"
    coming(*words, "--overwrite")
    assert mine.read_text() == "sub-01 eeg/a.txt\n"


def test_results_that_are_gone_do_not_hinder_the_others(coming: Scene, tmp_path: Path) -> None:
    coming.node.files = [{"path": "x", "size": 1, "package": "N:package:none", "sha256": ""}]
    coming.node.end(coming.batch)
    lost = coming(*COMING, str(tmp_path), "--json", code=1).document
    assert {row["path"] for row in lost["failed"]} == set(SUBJECTS)


def test_a_run_is_waited_for_and_fetched(coming: Scene, tmp_path: Path) -> None:
    words = ("run", "download", "first batch/sub-02", "--as-they-come", "--to", str(tmp_path))
    coming.node.set(coming.batch, "sub-02", "STARTED")
    ask = coming.ask

    def fail(method: str, path: str, *rest: Any, **more: Any) -> Mapping[str, Any]:
        answer = ask(method, path, *rest, **more)
        if path == f"/runs/{run_id(coming.batch, 'sub-02')}":
            coming.node.set(coming.batch, "sub-02", "FAILED")
        return answer

    coming.ask = fail  # type: ignore[method-assign]
    done = coming(*words, code=3)
    assert "Downloaded 1 file" in done.out
    assert "run 'first batch/sub-02' failed in step 'count'" in done.err
