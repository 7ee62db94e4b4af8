"""What a sync does to a file of a manifest: the table of ``contracts/core.md`` 4.1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class FileStatus(IntEnum):
    """A file's state: a number in answers to POST, its name everywhere else."""

    Local = 0
    Registered = 1
    Imported = 2
    Finalized = 3
    Verified = 4
    Failed = 5
    Removed = 6
    Unknown = 7
    Changed = 8
    Uploaded = 9
    FailedOrphan = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a stored file, and which state is answered."""

    answered: FileStatus
    written: FileStatus | None = None
    removed: bool = False


_S = FileStatus
_NEW = {_S.Unknown, _S.Registered, _S.Failed}
_DONE = {_S.Finalized, _S.Imported, _S.Verified}


def decide(  # noqa: PLR0911 - one for each row of the contract's table
    sent: FileStatus, stored: FileStatus | None
) -> Decision | None:
    """The result of a client's status for a stored file; None where the real handler crashes."""
    now = _S.Unknown if stored is None else stored
    match sent:
        case _S.Uploaded | _S.FailedOrphan:
            return None
        case _S.Local | _S.Failed:
            if now in _NEW | {_S.FailedOrphan}:
                return Decision(_S.Registered, written=_S.Registered)
            return _verified(now)
        case _S.Registered | _S.Changed | _S.Unknown:
            if now is _S.Registered:
                return Decision(now, written=now)
            return Decision(_S.Verified if now in _DONE else now)
        case _S.Removed:
            if now in _NEW:
                return Decision(_S.Removed, removed=True)
            return _verified(now)
        case _S.Imported:
            return _verified(now)
        case _:
            return Decision(now)


def _verified(now: FileStatus) -> Decision:
    return Decision(_S.Verified, written=_S.Verified) if now is _S.Finalized else Decision(now)
