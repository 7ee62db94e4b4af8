"""Which local files a dataset has already, with the same content: uploading them would double them.

Pennsieve keeps the SHA-256 that storage computed at the upload, of the whole file or, where it came
in parts, of the parts' digests (``contracts/core.md`` 4.3). A file without one may be any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.transfers import LocalFile, is_plain_sha256, part_sizes
from pennsieve_agent.transfer.digests import composite_digest, file_digest, plain_digest

_NUMBERED = re.compile(r"^(?P<base>[^.]+?) \(\d+\)(?P<rest>\..*)?$")
_IN_PARTS = re.compile(r"(?P<digest>[A-Za-z0-9+/]{43}=)-(?P<parts>[1-9]\d*)")


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
                if file.target not in equal and _is_equal(file, known.checksum):
                    equal[file.target] = known.package_id
    return equal


def _first_name(path: str) -> str:
    """A path without the number that Pennsieve gave to its name."""
    folder, slash, name = path.rpartition("/")
    numbered = _NUMBERED.match(name)
    return f"{folder}{slash}{numbered['base']}{numbered['rest'] or ''}" if numbered else path


def _is_equal(file: LocalFile, checksum: str) -> bool:
    try:
        if is_plain_sha256(checksum):
            return file_digest(file.path) == plain_digest(checksum)
        if in_parts := _IN_PARTS.fullmatch(checksum):
            digest = plain_digest(in_parts["digest"])
            sizes = part_sizes(file.size, int(in_parts["parts"]))
            return any(composite_digest(file.path, size) == digest for size in sizes)
    except OSError:
        pass  # what cannot be read is said when it is sent
    return False
