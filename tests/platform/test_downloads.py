"""Download manifests: addresses of files, and what is held back."""

from __future__ import annotations

import pytest

from pennsieve_agent.errors import NotFound
from tests.fakes.scripted_platform import scripted

DATASET = "N:dataset:d"


def test_a_manifest_with_a_blocked_file() -> None:
    with scripted() as (script, platform):
        script.on(
            "POST v2/packages/download-manifest",
            {
                "header": {"count": 1, "size": 3, "blockedCount": 1},
                "data": [
                    {
                        "nodeId": "N:package:a",
                        "fileName": "a.csv",
                        "packageName": "A",
                        "path": ["x"],
                        "url": "https://s3.test/a?X-Amz-Signature=s",
                        "size": 3,
                    }
                ],
                "blocked": [{"nodeId": "N:package:b", "fileName": "b", "scanStatus": "infected"}],
            },
            query={"dataset_id": DATASET},
            body={"nodeIds": ["N:package:a", "N:package:b"]},
        )
        found = platform.downloads.manifest(DATASET, ["N:package:a", "N:package:b"])
    (file,) = found.files
    assert (file.package_id, file.name, file.size) == ("N:package:a", "a.csv", 3)
    assert "Signature" not in repr(file)
    (blocked,) = found.blocked
    assert (blocked.package_id, blocked.scan_status) == ("N:package:b", "infected")


def test_null_lists_are_empty() -> None:
    with scripted() as (script, platform):
        script.on("POST v2/packages/download-manifest", {"header": {}, "data": None})
        found = platform.downloads.manifest(DATASET, ["x"])
    assert (found.files, found.blocked) == ((), ())


def test_the_address_of_a_datasets_manifest() -> None:
    with scripted() as (script, platform):
        script.on("GET v2/datasets/manifest", {"url": "https://s3.test/m"})
        assert platform.downloads.checksums_url(DATASET) == "https://s3.test/m"
        script.on("GET v2/datasets/manifest", {"message": "no"}, status=404)
        with pytest.raises(NotFound):
            platform.downloads.checksums_url(DATASET)
