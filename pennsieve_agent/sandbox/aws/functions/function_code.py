"""The code of functions, unpacked once in a folder named by its digest.

A folder is called by the SHA-256 of the zip. It is used again by the next process when each of its
files still is what the zip has, so that what runs is what was deployed.
"""

from __future__ import annotations

import compileall
import hashlib
import io
import secrets
import shutil
import threading
import zipfile
from pathlib import Path


class Codes:
    """Unpacks zips below ``folder``, which only the user may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Path] = {}
        self._digests: dict[int, tuple[bytes, str]] = {}

    def unpacked(self, code: bytes) -> tuple[str, Path]:
        """The digest of a zip in hex, and the folder with its files.

        Raises:
            ValueError: it is not a zip, or one whose files would lie elsewhere.

        """
        with self._lock:
            digest = self._digest(code)
            if digest not in self._known:
                self._known[digest] = self._unpack(digest, code)
            return digest, self._known[digest]

    def find(self, digest: str) -> Path | None:
        """The folder of a zip that was unpacked before, in this process."""
        with self._lock:
            return self._known.get(digest)

    def _digest(self, code: bytes) -> str:
        """The same bytes are the same object most of the time."""
        kept = self._digests.get(id(code))
        if kept is None or kept[0] is not code:
            kept = self._digests[id(code)] = (code, hashlib.sha256(code).hexdigest())
        return kept[1]

    def _unpack(self, digest: str, code: bytes) -> Path:
        folder = self._folder / digest
        try:
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                if not _is_there(folder, archive):
                    shutil.rmtree(folder, ignore_errors=True)
                    self._extract(archive).rename(folder)
        except zipfile.BadZipFile as error:
            raise ValueError(f"the function's code is not a zip: {error}") from None
        return folder

    def _extract(self, archive: zipfile.ZipFile) -> Path:
        part = self._folder / f".part-{secrets.token_hex(8)}"
        part.mkdir(mode=0o700, parents=True)
        for name in archive.namelist():
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"'{name}' is not the name of a file in a function's code")
        archive.extractall(part)
        compileall.compile_dir(part, quiet=2, workers=1)
        return part


def _is_there(folder: Path, archive: zipfile.ZipFile) -> bool:
    """Whether a folder holds exactly the files of a zip."""
    try:
        return folder.is_dir() and all(
            (folder / name).read_bytes() == archive.read(name)
            for name in archive.namelist()
            if not name.endswith("/")
        )
    except OSError:
        return False
