"""The form of a receipt: its names, its empty parts, and its checksums.

The checksums tell that a receipt was changed by hand or cut off. They do not sign it: whoever
computes them anew can write another receipt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.node_protocol import digest_of

FORM = "pennsieve-receipt/1"
"""The form that this version writes; ``receipt.schema.json`` describes it."""
RUN, BATCH = "run", "batch"
OWN_NODE, PENNSIEVE, HERE = "own", "pennsieve", "local"
"""Where a run was: on a node of the user, on one that Pennsieve runs, on a person's machine."""
NAME = "receipt.json"
CRATE = "ro-crate-metadata.json"
PAGE = "index.html"
Receipt = Mapping[str, Any]
Json = Mapping[str, Any]


class NotAReceipt(ValueError):  # noqa: N818 - a verdict
    """Something else than a receipt of this form."""


@dataclass(frozen=True, slots=True)
class FileSum:
    """A file that lies beside a receipt: its name, size in bytes, and SHA-256 in hex."""

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: str, data: bytes) -> FileSum:
        """That of a file's content."""
        return cls(path, len(data), hashlib.sha256(data).hexdigest())


def sealed(receipt: Receipt, files: Iterable[FileSum] = ()) -> dict[str, Any]:
    """A receipt with the checksums of itself and of the files beside it.

    Its own is the SHA-256 of its canonical JSON (sorted keys, no spaces, ASCII) in which
    ``checksums.receipt`` is empty.
    """
    rows = [{"path": one.path, "size": one.size, "sha256": one.sha256} for one in files]
    open_ = {**receipt, "checksums": {"algorithm": "sha256", "receipt": "", "files": rows}}
    return {**open_, "checksums": {**open_["checksums"], "receipt": digest_of(open_)}}


def is_unchanged(receipt: Receipt) -> bool:
    """Whether a receipt has the checksum that was written with it."""
    sums = receipt.get("checksums")
    if not isinstance(sums, Mapping) or not isinstance(sums.get("receipt"), str):
        return False
    return bool(sums["receipt"]) and sums["receipt"] == digest_of(
        {**receipt, "checksums": {**sums, "receipt": ""}}
    )


def text_of(receipt: Receipt) -> str:
    """A receipt as it is written to a file."""
    return json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Receipt:
    """The receipt in a file.

    Raises:
        NotAReceipt: it is none, or of a form that this version does not read.

    """
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise NotAReceipt(f"it is not JSON ({error})") from error
    form = document.get("form") if isinstance(document, Mapping) else None
    if not isinstance(form, str):
        raise NotAReceipt("it is not a receipt of a run")
    if form == OLD_FORM:
        raise NotAReceipt(
            f"it has the form '{OLD_FORM}' of an older version, which has no checksums"
        )
    if form != FORM:
        raise NotAReceipt(f"it has the form '{form}', and this version reads '{FORM}'")
    _check_shape(document)
    checked: Receipt = document
    return checked


OLD_FORM = "pennsieve-run/1"
_SHAPES: Mapping[str, type] = {
    "kind": str,
    "id": str,
    "name": str,
    "host": str,
    "workspace": dict,
    "dataset": dict,
    "workflow": dict,
    "steps": list,
    "parameters": dict,
    "inputs": dict,
    "outputs": dict,
    "node": dict,
    "who": dict,
    "times": dict,
    "cost": dict,
    "repeat": dict,
    "checksums": dict,
}


def _check_shape(document: Json) -> None:
    """Refuse what other code would stumble over."""
    for name, kind in _SHAPES.items():
        if not isinstance(document.get(name), kind):
            raise NotAReceipt(f"'{name}' is missing in it, or has a value of another type")
    if document["kind"] not in {RUN, BATCH}:
        raise NotAReceipt(f"it is of the unknown kind '{document['kind']}'")
