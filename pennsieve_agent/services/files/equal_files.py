"""Which local files a dataset has already, with the same content: uploading them would double them.

Pennsieve keeps the SHA-256 that storage computed at the upload, of the whole file or, where it came
in parts, of the parts' digests (``contracts/core.md`` 4.3). A file without one may be any.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import LocalFile
from pennsieve_agent.transfer.digests import has_checksum

_NUMBERED = re.compile(r"^(?P<base>[^.]+?) \(\d+\)(?P<rest>\..*)?$")


def equal_files(files: Sequence[LocalFile], listed: Iterable[DataFile]) -> dict[str, str]:
    """The package ids of files that the dataset has already, by path in the dataset.

    Of the same name and folder, or with a number that Pennsieve gave to a second file of that name.
    """
    candidates: dict[tuple[str, int | None], list[LocalFile]] = {}
    for file in files:
        for path in {file.target, _first_name(file.target)}:
            candidates.setdefault((path, file.size), []).append(file)
    equal: dict[str, str] = {}
    for known in listed:
        for path in {known.path, _first_name(known.path)} if known.checksum else ():
            for file in candidates.get((path, known.size), ()):
                if file.target not in equal and _fits(file, known.checksum):
                    equal[file.target] = known.package_id
    return equal


def unchecked_files(
    files: Sequence[LocalFile], listed: Iterable[DataFile], equal: Collection[str]
) -> list[str]:
    """The paths where the dataset has a file of that size whose content cannot be compared.

    Pennsieve has no checksum of it, or one of another kind: uploading may double it.
    """
    known: dict[tuple[str, int | None], str] = {(f.path, f.size): f.checksum for f in listed}
    return [
        file.target
        for file in files
        if file.target not in equal
        and (checksum := known.get((file.target, file.size))) is not None
        and _fits(file, checksum) is None
    ]


def _first_name(path: str) -> str:
    """A path without the number that Pennsieve gave to its name."""
    folder, slash, name = path.rpartition("/")
    numbered = _NUMBERED.match(name)
    return f"{folder}{slash}{numbered['base']}{numbered['rest'] or ''}" if numbered else path


def _fits(file: LocalFile, checksum: str) -> bool | None:
    try:
        return has_checksum(file.path, checksum)
    except OSError:
        return False  # what cannot be read is said when it is sent
