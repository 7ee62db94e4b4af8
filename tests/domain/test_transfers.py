"""Names and places of files that are moved, and what the wire says of them."""

from __future__ import annotations

import json

import pytest

from pennsieve_agent.domain.transfers import checksums_of, parts_of


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
