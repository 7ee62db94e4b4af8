"""Which results are fetched for the page of a receipt."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest

from pennsieve_agent.domain.transfers import SignedFile
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.data.downloads import DownloadManifest, Downloads
from pennsieve_agent.services.receipts.receipt_folder import texts_of
from pennsieve_agent.services.receipts.result_pictures import result_pictures
from tests.domain.receipt.examples import batch_receipt, run_receipt
from tests.domain.receipt.page.receipts import png


class Storage(Downloads):
    """Every package has the file of its name; ``fails`` are packages that cannot be read."""

    def __init__(self, *fails: str, size: int = 1000, refuses: bool = False) -> None:
        self.asked: list[Sequence[str]] = []
        self._fails, self._size, self._refuses = fails, size, refuses

    def manifest(self, dataset_id: str, package_ids: Sequence[str]) -> DownloadManifest:
        self.asked.append((dataset_id, *package_ids))
        if self._refuses:
            raise PlatformError("the dataset is gone")
        files = [SignedFile(id_, f"{id_}.png", self._size, id_) for id_ in package_ids]
        return DownloadManifest(tuple(files), ())

    def read(self, url: str) -> bytes:
        if url in self._fails:
            raise PlatformError("storage does not answer")
        return png(9, 9)


def file(name: str, **changed: Any) -> dict[str, Any]:
    row = {"path": f"results/{name}.png", "size": 1000, "sha256": None, "package_id": name}
    return {**row, "status": "there", "why": None, **changed}


def receipt_with(*files: dict[str, Any]) -> dict[str, Any]:
    receipt = copy.deepcopy(run_receipt())
    receipt["outputs"]["files"] = list(files)
    return receipt


def fetched(receipt: dict[str, Any], storage: Storage) -> list[str]:
    return [path[8:-4] for path in result_pictures(receipt, storage, storage.read)]


def test_pictures_that_are_there_and_small_are_fetched() -> None:
    receipt = receipt_with(
        file("a"),
        file("b", size=200_001),
        file("c", status="missing"),
        file("d", size=None),
        file("e", package_id=None),
        file("f", path="results/f.csv"),
        file("g", path="results/g.svg"),
        file("h"),
    )
    storage = Storage()
    assert fetched(receipt, storage) == ["a", "h"]
    assert storage.asked == [(receipt["dataset"]["id"], "a", "h")]


def test_those_of_the_subjects_of_a_batch_are_fetched() -> None:
    receipt = copy.deepcopy(batch_receipt())
    receipt["subjects"][0]["outputs"]["files"] = [file("a")]
    assert fetched(receipt, Storage()) == ["a"]


def test_no_more_is_fetched_than_a_page_can_show() -> None:
    receipt = receipt_with(*(file(f"p{number:02}", size=190_000) for number in range(40)))
    assert len(fetched(receipt, Storage())) == 15
    receipt = receipt_with(*(file(f"p{number:03}") for number in range(300)))
    assert len(fetched(receipt, Storage())) == 200


def test_a_picture_that_cannot_be_fetched_is_left_out() -> None:
    receipt = receipt_with(file("a"), file("b"))
    assert fetched(receipt, Storage("a")) == ["b"]
    assert fetched(receipt, Storage(refuses=True)) == []
    assert fetched(receipt, Storage(size=10**9)) == []


def test_without_pictures_nothing_is_asked() -> None:
    storage = Storage()
    assert fetched(receipt_with(file("f", path="results/f.csv")), storage) == []
    assert storage.asked == []


@pytest.mark.parametrize("receipt", [run_receipt(), batch_receipt()], ids=["run", "batch"])
def test_the_page_lies_beside_the_receipt_with_its_checksum(receipt: dict[str, Any]) -> None:
    texts = texts_of(receipt)
    assert list(texts) == ["workflow.json", "ro-crate-metadata.json", "index.html", "receipt.json"]
    assert "ro-crate-metadata.json</bdi>" in texts["index.html"]
    assert '"index.html"' in texts["ro-crate-metadata.json"]
    assert '"path": "index.html"' in texts["receipt.json"]
