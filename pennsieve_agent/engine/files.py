"""The folders of a run on this machine: making, merging, checking and removing them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import EngineError

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Folders:
    """What one job has on disk. ``output`` goes to its children."""

    root: Path

    @property
    def input(self) -> Path:
        """The merged outputs of the parents."""
        return self.root / "input"

    @property
    def output(self) -> Path:
        """What the job made."""
        return self.root / "output"

    @property
    def scratch(self) -> Path:
        """The backend's own files."""
        return self.root / "scratch"

    def renew(self) -> None:
        """Empty all three, whatever an interrupted attempt left in them."""
        try:
            remove_tree(self.root)
        except PermissionError:
            # A container that was killed with its node may have left files of another user.
            self.root.rename(self.root.with_name(f"{self.root.name}.old-{uuid.uuid4().hex[:8]}"))
        self.root.mkdir(parents=True, mode=stat.S_IRWXU)
        for folder in (self.input, self.output, self.scratch):
            folder.mkdir()


def job_folders(workdir: Path, job_id: str) -> Folders:
    """The folders of a job. Ids are free text, so one that is no plain name gets a hash."""
    name = job_id
    if not _PLAIN.fullmatch(job_id):
        digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        plain = re.sub(r"[^a-z0-9_-]+", "-", job_id.lower()).strip("-")[:40]
        name = f"{plain or 'step'}.{digest}"
    return Folders(workdir / name)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder below a folder: its relative name, and where it really is."""

    name: str
    real: Path
    is_folder: bool


def entries(root: Path) -> Iterator[Entry]:
    """Everything below a folder, sorted, links followed (``contracts/workflows.md`` 5.3).

    Raises:
        EngineError: a link leads out of the folder, to nothing or in a circle, or there is
            something that is neither file nor folder. What a program made is not to be trusted:
            whoever followed such a link could hand out any file of this machine.

    """
    top = root.resolve()
    yield from _entries(top, top, "", (top,))


def _entries(top: Path, folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        items = sorted(found, key=lambda item: item.name)
    for item in items:
        name = prefix + item.name
        real = _followed(top, Path(item.path), name) if item.is_symlink() else Path(item.path)
        mode = real.lstat().st_mode
        if stat.S_ISREG(mode):
            yield Entry(name, real, is_folder=False)
        elif not stat.S_ISDIR(mode):
            raise EngineError(f"'{_text(name)}' is neither a file nor a folder")
        elif real in above:
            raise EngineError(f"the link '{_text(name)}' leads in a circle")
        else:
            yield Entry(name, real, is_folder=True)
            yield from _entries(top, real, f"{name}/", (*above, real))


def _followed(top: Path, link: Path, name: str) -> Path:
    try:
        real = link.resolve(strict=True)
    except (OSError, RuntimeError):
        raise EngineError(f"the link '{_text(name)}' leads to nothing") from None
    if not real.is_relative_to(top):
        raise EngineError(
            f"the link '{_text(name)}' leads out of its folder",
            hint="let the program copy the file instead of linking to it",
        )
    return real


def check_output(root: Path) -> None:
    """Make sure that others can use what a program made.

    Raises:
        EngineError: see :func:`entries`.

    """
    for _ in entries(root):
        pass


def merge(parents: Mapping[str, Path], into: Path, *, share: bool) -> None:
    """Put the outputs of several parents, by their job ids, into one folder.

    With ``share`` the files are hard links where the disk allows it, for readers that cannot
    change them; otherwise copies.

    Raises:
        EngineError: two parents made a file of the same name (``contracts/workflows.md`` 8.33).
        OSError: for example, no space left.

    """
    owners: dict[str, tuple[str, bool]] = {}
    plan: list[Entry] = []
    for parent, root in parents.items():
        for entry in entries(root):
            owner, was_folder = owners.setdefault(entry.name, (parent, entry.is_folder))
            if owner != parent and not (was_folder and entry.is_folder):
                raise EngineError(
                    f"both '{owner}' and '{parent}' made '{_text(entry.name)}', "
                    "and a step sees the files of its parents in one folder",
                    hint="let one of the two use another name",
                )
            plan.append(entry)
    if not share:
        require_space(into, sum(e.real.stat().st_size for e in plan if not e.is_folder))
    for entry in plan:
        target = into / entry.name
        if entry.is_folder:
            target.mkdir(exist_ok=True)
        else:
            _place(entry.real, target, share=share)


def _place(source: Path, target: Path, *, share: bool) -> None:
    if share:
        try:
            os.link(source, target)
        except OSError as error:
            # Another disk, a disk without links, or a file with as many links as it may have.
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}:
                raise
        else:
            return
    shutil.copy2(source, target)


def require_space(folder: Path, needed: int) -> None:
    """Make sure that so many bytes fit below a folder, before half of them are written.

    Raises:
        OSError: ENOSPC, they do not.

    """
    if needed > shutil.disk_usage(folder).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def remove_tree(root: Path) -> None:
    """Remove a folder with everything in it, also where a program took away the right to.

    Raises:
        OSError: it cannot be removed.

    """
    try:
        shutil.rmtree(root)
    except FileNotFoundError:
        return
    except PermissionError:
        root.chmod(stat.S_IRWXU)
        for folder, names, _ in os.walk(root):
            for path in (Path(folder, name) for name in names):
                if not path.is_symlink():
                    path.chmod(stat.S_IRWXU)
        shutil.rmtree(root)


def _text(name: str) -> str:
    """A file's name as it can be shown; file names may hold any bytes."""
    return name.encode("utf-8", "replace").decode()
