"""A receipt as a folder: the receipt, its workflow, its RO-Crate and its page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pennsieve_agent.domain.receipt.crate import crate_text, workflow_text
from pennsieve_agent.domain.receipt.crate_files import Beside
from pennsieve_agent.domain.receipt.form import (
    CRATE,
    NAME,
    PAGE,
    FileSum,
    NotAReceipt,
    Receipt,
    read,
    sealed,
    text_of,
)
from pennsieve_agent.domain.receipt.page.whole import render
from pennsieve_agent.errors import OutputFailed, UsageProblem

BESIDE = Beside(page=PAGE)
NO_PICTURES: Mapping[str, bytes] = MappingProxyType({})


def texts_of(receipt: Receipt, pictures: Mapping[str, bytes] = NO_PICTURES) -> dict[str, str]:
    """The files of a receipt by name, the receipt itself last: it has the checksums of the others.

    No time is in them but those of the receipt, so the same receipt is the same files.
    ``pictures`` are the contents of results by path, which the page shows.
    """
    texts = {BESIDE.workflow: workflow_text(receipt), CRATE: crate_text(receipt, BESIDE)}
    sums = [FileSum.of(name, text.encode()) for name, text in texts.items()]
    page = render(sealed(receipt, sums), pictures)
    sums.append(FileSum.of(PAGE, page.encode()))
    return {**texts, PAGE: page, NAME: text_of(sealed(receipt, sums))}


def write(
    receipt: Receipt, folder: Path, pictures: Mapping[str, bytes] = NO_PICTURES
) -> list[FileSum]:
    """Write a receipt to a folder, with pictures of results in its page; what was written.

    Raises:
        UsageProblem: the folder has another receipt, or other files of these names.
        OutputFailed: it cannot be written.
    """
    texts = texts_of(receipt, pictures)
    _check(receipt, folder, texts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            partial = folder / f".{name}.part"
            partial.write_text(text, encoding="utf-8")
            partial.replace(folder / name)
    except OSError as error:
        raise OutputFailed(f"cannot write to '{folder}': {error.strerror or error}") from error
    return [FileSum.of(name, text.encode()) for name, text in texts.items()]


def _check(receipt: Receipt, folder: Path, texts: Mapping[str, str]) -> None:
    """Refuse to replace files that are not those of an earlier receipt of the same run."""
    there = [name for name in texts if (folder / name).exists()]
    before: Receipt | None = None
    with suppress(OSError, NotAReceipt, UnicodeDecodeError):
        before = read((folder / NAME).read_text(encoding="utf-8"))
    if there and (before is None or before["id"] != receipt["id"]):
        whose = f"the receipt of '{before['name']}'" if before else f"a file '{there[0]}'"
        raise UsageProblem(
            f"folder '{folder}' has {whose} already", hint="choose another folder with --to"
        )


def file_name(receipt: Mapping[str, Any]) -> str:
    """The name of the folder that a receipt gets where nobody chose one."""
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in str(receipt["name"]))
    return f"receipt-{plain.strip('-.')[:80] or receipt['id']}"
