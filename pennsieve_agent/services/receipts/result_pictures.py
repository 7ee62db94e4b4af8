"""The pictures among the results of a run or a batch, for the page of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.receipt.page.pictures import ALL, LARGEST
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.form import Receipt
    from pennsieve_agent.platform.data.downloads import Downloads

_ENDINGS = (".png", ".jpg", ".jpeg")
_MOST = 200
"""Files that are asked for at most; what does not fit in a page is not fetched."""


def result_pictures(
    receipt: Receipt, downloads: Downloads, read: Callable[[str], bytes]
) -> dict[str, bytes]:
    """The contents of pictures by the paths of the results, as many as a page can show.

    ``read`` fetches a signed address. A picture that cannot be fetched is left out: the page lists
    it among the results like any other file.
    """
    chosen = _chosen(receipt)
    pictures: dict[str, bytes] = {}
    with suppress(AgentError):
        signed = (
            downloads.manifest(
                str(receipt["dataset"]["id"]),
                sorted({row["package_id"] for row in chosen.values()}),
            ).files
            if chosen
            else ()
        )
        addresses = {(file.package_id, file.name): file for file in signed}
        for path, row in chosen.items():
            file = addresses.get((row["package_id"], path.rpartition("/")[2]))
            # The file may have been replaced by a larger one since.
            if file is not None and file.size <= LARGEST:
                with suppress(AgentError):
                    pictures[path] = read(file.url)
    return pictures


def _chosen(receipt: Receipt) -> dict[str, Mapping[str, Any]]:
    """Files that may be pictures, by path, up to what a page can show together."""
    chosen: dict[str, Mapping[str, Any]] = {}
    size = 0
    for row in _results(receipt):
        amount = row["size"] or 0
        is_picture = str(row["path"]).lower().endswith(_ENDINGS) and 0 < amount <= LARGEST
        if not is_picture or row["status"] != "there" or not row["package_id"]:
            continue
        size += amount
        if size > ALL or len(chosen) == _MOST:
            break
        chosen[str(row["path"])] = row
    return chosen


def _results(receipt: Receipt) -> Iterator[Mapping[str, Any]]:
    yield from receipt["outputs"]["files"] or ()
    for subject in receipt.get("subjects") or ():
        yield from subject["outputs"]["files"] or ()
