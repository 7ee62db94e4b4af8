"""What is said of a receipt that was written or checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.console import receipt_documents
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import PATH
from pennsieve_agent.console.words import plural, size
from pennsieve_agent.errors import ExitCode

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.form import FileSum, Receipt
    from pennsieve_agent.services.receipts.check_receipt import Checked

_OVER = {"succeeded", "failed", "canceled", "skipped"}


def written(receipt: Receipt, folder: Path, files: Sequence[FileSum]) -> Shown:
    """The files of a receipt, and what it does not say yet."""
    goes_on = receipt["status"] not in _OVER
    rows = [[str(folder / file.path), size(file.size)] for file in files]
    notes = list(_lacks(receipt))
    if goes_on:
        notes.append(
            f"{receipt['kind']} '{receipt['name']}' is {receipt['status']}: the receipt says what "
            "is known so far; type the same command again after its end"
        )
    return Shown(
        receipt_documents.written(receipt, folder, files),
        Table([PATH, "SIZE"], rows),
        notes,
        ExitCode.STILL_RUNNING if goes_on else ExitCode.OK,
    )


def _lacks(receipt: Receipt) -> list[str]:
    """What a receipt of something that is over lacks, in sentences."""
    notes = []
    files = receipt["outputs"]["files"] or ()
    missing = [file["path"] for file in files if file["status"] == "missing"]
    importing = [file["path"] for file in files if file["status"] == "importing"]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        notes.append(
            f"'{missing[0]}'{more} is not in the dataset any more; the receipt says so"
            if len(missing) == 1
            else f"'{missing[0]}'{more} are not in the dataset any more; the receipt says so"
        )
    if importing:
        notes.append(
            f"Pennsieve is still importing {plural(len(importing), 'file')}, such as "
            f"'{importing[0]}'"
        )
    if receipt["status"] in _OVER and receipt["cost"]["usd"] is None:
        notes.append("the cost was not counted, so the receipt has none")
    return notes


def checked(result: Checked) -> Shown:
    """Whether a receipt is as it was written."""
    receipt = result.receipt
    word = "unchanged" if result.unchanged else "changed since it was written"
    text: list[Part] = [
        Details(
            [
                (str(receipt["kind"]), str(receipt["name"])),
                ("id", str(receipt["id"])),
                ("receipt", word),
            ]
        )
    ]
    if result.files:
        text += ["", Table([PATH, "STATUS"], [[file.path, file.status] for file in result.files])]
    notes = []
    if not result.unchanged:
        notes.append(
            f"'{result.place}' was edited: do not rely on it; write it again with: "
            f"pennsieve run receipt {receipt['id']} --to DIR"
        )
    return Shown(
        receipt_documents.checked(result.place, receipt, result.files, unchanged=result.unchanged),
        text,
        notes,
        ExitCode.OK if result.ok else ExitCode.FAILED,
    )
