"""Names and places of files that are moved, and what the wire says of them."""

from __future__ import annotations

import json

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import checksums_of, local_name, local_paths, parts_of


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "__"),
        (".", "_"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("/etc/passwd", "_etc_passwd"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("a:b*?", "a_b__"),
        ("x\0\n", "x__"),
        ("dots. .", "dots"),
        ("", "_"),
        ("é.csv", "é.csv"),
    ],
)
def test_trap_26_a_name_cannot_lead_anywhere(name: str, safe: str) -> None:
    assert local_name(name) == safe


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second = (local_name("é" * 300 + word + ".nii") for word in ("a", "b"))
    assert first != second
    assert max(len(first.encode()), len(second.encode())) <= 240
    assert first.endswith(".nii")


def test_no_two_files_in_one_place() -> None:
    paths = ["a", "A", "a/b", "x/e\u0301", "x/\u00e9", ".env", ".ENV", "n.tar.gz", "N.tar.gz"]
    found = local_paths(DataFile(f"N:package:{n}", path, 1) for n, path in enumerate(paths))
    assert [str(path) for _, path in found] == [
        *("a (1)", "A (2)", "a/b", "x/e\u0301", "x/\u00e9 (1)"),
        *(".env", ".ENV (1)", "n.tar.gz", "N (1).tar.gz"),
    ]


def test_parts_grow_beyond_10_000() -> None:
    mega = 2**20
    assert [p.size for p in parts_of(70 * mega)] == [32 * mega, 32 * mega, 6 * mega]
    huge = parts_of(5 * 2**40)
    assert len(huge) <= 10_000
    assert sum(p.size for p in huge) == 5 * 2**40
    assert [p.number for p in huge[:2]] == [1, 2]


def test_checksums_of_a_dataset() -> None:
    rows = [
        {"packageId": "p", "fileName": "a", "checksum": "x"},
        {"packageId": "p", "fileName": "b", "checksum": None},
        {"packageId": "p", "fileName": "c"},
    ]
    assert checksums_of(json.dumps({"files": rows}).encode()) == {("p", "a"): "x"}


@pytest.mark.parametrize(
    "document", [b"", b"[]", b'{"files": {}}', b'{"files": [1]}', b"[" * 10**5]
)
def test_a_document_that_is_no_manifest(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"manifest|nested|Expecting"):
        checksums_of(document)
