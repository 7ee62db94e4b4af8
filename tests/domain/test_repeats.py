"""What a run that is started again has in common with the one before, and fingerprints."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.fingerprints import fingerprint
from pennsieve_agent.domain.repeats import next_name, same_files

STEP = {"id": "work", "kind": "processor", "dependsOn": ["in"], "image": "x@sha256:1"}
VERSION = {"version": "v1", "steps": [{"id": "in", "kind": "data-source"}, STEP]}
FILE = {"path": "a.edf", "package": "N:package:1", "size": 7, "checksum": "c"}
PARAMETERS = {"work": {"LEAST": "1"}}


def made(version: Any = VERSION, parameters: Any = PARAMETERS, layout: str = "tree",
         files: Any = (FILE,)) -> str:  # fmt: skip
    return fingerprint(version, parameters, layout, files)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": {**VERSION, "steps": [{**STEP, "image": "x@sha256:2"}]}},
        {"version": {**VERSION, "steps": [VERSION["steps"][0], {**STEP, "command": ["x"]}]}},
        {"version": {**VERSION, "steps": [VERSION["steps"][0], {**STEP, "dependsOn": []}]}},
        {"parameters": {"work": {"LEAST": "2"}}},
        {"layout": "flat"},
        {"files": ()},
        {"files": ({**FILE, "checksum": "d"},)},
        {"files": ({**FILE, "path": "b.edf"},)},
        {"files": (FILE, {**FILE, "path": "b.edf"})},
    ],
)
def test_what_decides_the_results_is_in_the_fingerprint(changed: dict[str, Any]) -> None:
    assert made(**changed) != made()


def test_what_does_not_decide_them_is_not() -> None:
    other = {**FILE, "path": "b.edf"}
    assert made(files=(FILE, other)) == made(files=(other, FILE))
    renamed = {"version": "v2", "steps": [{**STEP, "memory": 9, "image": "y@sha256:1"}]}
    assert made({**renamed, "steps": [VERSION["steps"][0], *renamed["steps"]]}) == made()
    assert made(files=({**FILE, "package": "N:package:2"},)) == made()
    without = {**FILE, "checksum": ""}
    assert made(files=(without,)) != made(files=({**without, "package": "N:package:2"},))


def test_who_may_read_anything_has_no_fingerprint() -> None:
    assert made({**VERSION, "needsPennsieve": "read"}) == ""


def test_files_are_found_by_package_then_by_path() -> None:
    before = [
        DataFile("p1", "a", 1, "x"),
        DataFile("p2", "b", 1, "x"),
        DataFile("p3", "c", 1, "x"),
        DataFile("p4", "d", 1),
        DataFile("p5", "e", 1),
    ]
    present = [
        DataFile("p1", "a", 1, "x"),
        DataFile("p2", "moved/b", 1, "x"),
        DataFile("p9", "c", 1, "y"),
        DataFile("p4", "d", 2),
        DataFile("p7", "new", 1),
    ]
    files, words = same_files(before, present)
    assert [file.path for file in files] == ["a", "moved/b", "c", "d"]
    assert words == (
        "'b' is called 'moved/b' now",
        "'c' was replaced by another file",
        "'d' was changed: it had 1 bytes",
        "'e' is not in the dataset any more",
    )


@pytest.mark.parametrize(
    ("name", "known", "next_"),
    [
        ("first", {"first"}, "first-2"),
        ("first-2", {"first", "first-2"}, "first-3"),
        ("scan-7", {"scan-7"}, "scan-7-2"),
        ("x" * 64, {"x" * 64}, "x" * 62 + "-2"),
    ],
)
def test_attempts_are_numbered(name: str, known: set[str], next_: str) -> None:
    assert next_name(name, known) == next_
