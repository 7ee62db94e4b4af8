"""Results in the dataset: never outside of it, never over another file, never half."""

from __future__ import annotations

import os
import threading
from itertools import islice
from typing import Any

import pytest

from pennsieve_agent.engine.backend import Log, Outcome, Task
from pennsieve_agent.sandbox.compute.delivery import folder_name, keep_both
from tests.sandbox.compute.lab import Behaviour, Ready


def writes(**files: str) -> Behaviour:
    def behave(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del log, stop
        for name, text in files.items():
            (task.output / name.replace("_", ".")).write_text(text)
        return Outcome(0)

    return behave


def into(folder: str) -> dict[str, Any]:
    return {"dataTargets": {"out": {"params": {"TARGET_FOLDER": folder}}}}


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a.nii.gz", "a (1).nii.gz"),
        ("v1.2.csv", "v1 (1).2.csv"),
        ("README", "README (1)"),
        (".hidden", " (1).hidden"),
    ],
)
def test_the_number_goes_before_the_first_dot(name: str, second: str) -> None:
    assert list(islice(keep_both(name), 2)) == [name, second]


def test_both_files_are_kept(ready: Ready) -> None:
    for text in ("one", "two", "three"):
        ready.lab.backend.behaviour = writes(r_tar_gz=text)
        assert ready.lab.wait(ready.start())["status"] == "SUCCEEDED"
    found = {path: text for path, text in ready.files().items() if path.startswith("summary/")}
    assert found == {
        "summary/first/r.tar.gz": "one",
        "summary/first/r (1).tar.gz": "two",
        "summary/first/r (2).tar.gz": "three",
    }


def test_empty_files_are_skipped_and_the_log_says_so(ready: Ready) -> None:
    ready.lab.backend.behaviour = writes(a_txt="", b_txt="b")
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert ready.lab.lines(run, "out") == [
        "skipped a.txt: it is empty",
        "delivered summary/first/b.txt",
        "1 file in summary/first",
    ]


def test_a_name_that_is_not_unicode_is_skipped(ready: Ready) -> None:
    def behave(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del log, stop
        (task.output / os.fsdecode(b"\xff.txt")).write_text("x")
        (task.output / "fine.txt").write_text("x")
        return Outcome(0)

    ready.lab.backend.behaviour = behave
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert ready.lab.lines(run, "out")[-1] == "1 file in summary/first"


@pytest.mark.parametrize("folder", ["../out", "a/../../b", "..", "x\\..\\..\\y"])
def test_a_target_folder_outside_is_refused(ready: Ready, folder: str) -> None:
    answer = ready.post(**into(folder))
    assert answer.status_code == 400
    assert "inside the dataset" in answer.json()["message"]


def test_a_link_in_the_dataset_leads_nowhere(ready: Ready) -> None:
    outside = ready.lab.world.data / "outside"
    outside.mkdir()
    (ready.lab.files.folder(ready.dataset) / "link").symlink_to(outside)
    run = ready.start(**into("link/deeper"))
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert "out of the dataset" in ready.lab.lines(run, "out")[-1]
    assert list(outside.iterdir()) == []


def test_a_file_in_the_place_of_a_folder(ready: Ready) -> None:
    run = ready.start(**into("c.txt/x"))
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert ready.lab.lines(run, "out")[-1] == "'c.txt' is a file of the dataset, not a folder"


def test_a_program_cannot_hand_out_other_files_by_links(ready: Ready) -> None:
    secret = ready.lab.world.data / "secret.txt"
    secret.write_text("secret")

    def behave(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del log, stop
        (task.output / "innocent.txt").symlink_to(secret)
        return Outcome(0)

    ready.lab.backend.behaviour = behave
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert "secret" not in ready.files().values()


def test_names_become_folders_safely(ready: Ready) -> None:
    run = ready.start(name="../../x: y\n")
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert "summary/_.._.._x_ y/raw/a.txt" in ready.files()
    unnamed = ready.start(name="")
    ready.lab.wait(unnamed)
    assert f"summary/{unnamed[:8]}/raw/a.txt" in ready.files()


@pytest.mark.parametrize("text", ["", ".", "..", "/", "a/b", "\0", "é" * 500, " . ", "\u202e"])
def test_any_text_is_the_name_of_one_folder(text: str) -> None:
    name = folder_name(text)
    assert name not in {"", ".", ".."}
    assert not name.startswith(".")
    assert "/" not in name
    assert len(name.encode()) <= 121
