"""Receipts that are named by a file, where a run can be named, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.form import Receipt


def names_file(reference: str) -> bool:
    """Whether a word means a receipt on this disk, and no run.

    A folder counts where it has one; a run cannot be called as a file with the ending ``.json``.
    """
    from pennsieve_agent.domain.receipt.form import NAME
    from pennsieve_agent.domain.run_results import RECEIPT

    path = Path(reference)
    if path.is_dir():
        return any((path / name).is_file() for name in (NAME, RECEIPT))
    return reference.endswith(".json") or ("/" in reference and path.is_file())


def load(reference: str) -> tuple[Receipt, bool]:
    """The receipt in a file or folder, and whether it is unchanged.

    Raises:
        NotFound: there is none.
        UsageProblem: it is something else.
    """
    from pennsieve_agent.domain.receipt.form import is_unchanged
    from pennsieve_agent.services.receipts import check_receipt

    _, receipt = check_receipt.load(Path(reference))
    return receipt, is_unchanged(receipt)


def edited(reference: str) -> str:
    """What is said of a receipt that was changed by hand."""
    return (
        f"'{reference}' was edited since it was written: its checksum does not match; see what "
        f"with: pennsieve run receipt --check {reference}"
    )
