"""Whether a receipt, the files beside it and results that lie there were changed since.

This tells what was edited by hand or cut off; it cannot tell a forgery, as nobody signs a receipt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.domain.receipt.form import (
    NAME,
    NotAReceipt,
    Receipt,
    is_unchanged,
    read,
)
from pennsieve_agent.domain.run_results import RECEIPT
from pennsieve_agent.errors import NotFound, UsageProblem

UNCHANGED, CHANGED, MISSING = "unchanged", "changed", "missing"
_CHUNK = 1024 * 1024
MOST_BYTES = 256 * 1024 * 1024
"""No receipt is larger; something else is not read into memory."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file of a receipt, by its path beside it, and what it is: unchanged, changed, missing."""

    path: str
    status: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a receipt. ``files`` are those beside it, and results that lie there."""

    place: Path
    receipt: Receipt
    unchanged: bool
    files: tuple[CheckedFile, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was changed and nothing is missing."""
        return self.unchanged and all(file.status == UNCHANGED for file in self.files)


def load(place: Path) -> tuple[Path, Receipt]:
    """The receipt in a file or in a folder, and where it is.

    Raises:
        NotFound: there is none.
        UsageProblem: it is something else, or cannot be read.
    """
    if place.is_dir():
        names = [place / name for name in (NAME, RECEIPT) if (place / name).is_file()]
        if not names:
            raise NotFound(f"folder '{place}' has no {NAME}", hint="name the receipt's own file")
        place = names[0]
    try:
        if place.stat().st_size > MOST_BYTES:
            raise UsageProblem(f"'{place}' is not a receipt: it is too large")
        return place, read(place.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file '{place}'", hint="check the path") from error
    except (NotAReceipt, UnicodeDecodeError) as error:
        why = error if isinstance(error, NotAReceipt) else "it is not text"
        raise UsageProblem(
            f"'{place}' cannot be read as a receipt: {why}",
            hint="write a receipt with: pennsieve run receipt RUN --to DIR",
        ) from error
    except OSError as error:
        raise UsageProblem(f"cannot read '{place}': {error.strerror or error}") from error


def check(place: Path) -> Checked:
    """Compare a receipt and what lies beside it with its checksums.

    Raises:
        NotFound, UsageProblem: as :func:`load`.
    """
    file, receipt = load(place)
    return Checked(file, receipt, is_unchanged(receipt), tuple(_files(file.parent, receipt)))


def _files(folder: Path, receipt: Receipt) -> Iterator[CheckedFile]:
    for row in receipt["checksums"].get("files") or ():
        yield _compared(folder, str(row["path"]), str(row["sha256"]))
    for path, digest in _results(receipt):
        if (folder / path).is_file():
            yield _compared(folder, path, digest)


def _results(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Results with a checksum, by the path that they have beside a receipt in their folder."""
    into = f"{receipt['dataset'].get('folder') or ''}/".lstrip("/")
    for row in receipt["outputs"].get("files") or ():
        path = str(row["path"]).removeprefix(into)
        if row.get("sha256") and not Path(path).is_absolute() and ".." not in Path(path).parts:
            yield path, str(row["sha256"])


def _compared(folder: Path, path: str, digest: str) -> CheckedFile:
    # A receipt that was edited may name any file: none outside of its folder is opened.
    if Path(path).is_absolute() or ".." in Path(path).parts:
        return CheckedFile(path, CHANGED)
    try:
        with (folder / path).open("rb") as file:
            sum_ = hashlib.sha256()
            while data := file.read(_CHUNK):
                sum_.update(data)
    except OSError:
        return CheckedFile(path, MISSING)
    return CheckedFile(path, UNCHANGED if sum_.hexdigest() == digest else CHANGED)
