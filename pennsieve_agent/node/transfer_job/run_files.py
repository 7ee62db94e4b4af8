"""The folder of a run: making the steps' folders, and walking what a step made.

A program may put links into its output: to its input, or to files of any step before it. They are
followed, as the platform's own targets do (``contracts/workflows.md`` 5.3), but never out of the
run's folder, and never to a step that may still run, which could change them meanwhile. What a
program made is not to be trusted: whoever followed such a link could hand out other files.

A link means what it means to the step that made it, in which the run's folder is
:data:`~pennsieve_agent.domain.step_files.RUN_MOUNT`, wherever the folder is here.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pennsieve_agent.domain.step_files import DATA, RUN_MOUNT, merged_folder, step_folder
from pennsieve_agent.node.transfer_job.transfer_error import TransferError

MOST_LINKS = 40
"""Links in one path, as Linux counts them ("path_resolution(7)")."""
_THERE = {errno.ENOTEMPTY, errno.EEXIST}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the run's files are. Only root can give files away; for others it does nothing."""

    uid: int = 0
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    chown: Callable[[Path, int, int], None] = os.lchown

    def take(self, path: Path) -> None:
        """Make a file, folder or link that user's.

        Raises:
            OSError: the file system refuses.

        """
        if not self.uid or not self.is_root:
            return
        try:
            self.chown(path, self.uid, self.uid)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a user namespace that does not have the number
                raise

    def make_folders(self, folder: Path, top: Path) -> None:
        """Make ``folder`` and those between it and ``top``."""
        missing = []
        while folder != top and not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self.take(path)


LeaveOut = Callable[[str], None]
"""Is told in a sentence what is left out, and why."""


def refuse(why: str) -> None:
    """Leave nothing out: end the job.

    Raises:
        TransferError: always.

    """
    raise TransferError(why)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run's folder at ``root``, as a job sees it that comes after the steps ``before``."""

    root: Path
    owner: Owner = field(default_factory=Owner)
    before: Iterable[str] = ()

    def data(self, step: str) -> Path:
        """Where the files of a step are."""
        return self.root / step_folder(step) / DATA

    def merged(self, step: str) -> Path:
        """Where a step finds the files of several others."""
        return self.root / merged_folder(step) / DATA

    def lay_out(self, steps: Iterable[str]) -> None:
        """Make the folder of each step that has none; each appears complete.

        A program may remove its ``data``; it is not made anew here.
        """
        for step in steps:
            self._make(step_folder(step))

    def make_merged(self, step: str) -> Path:
        """The merged folder of a step, made where it is not there."""
        self._make(merged_folder(step))
        return self.merged(step)

    def _make(self, name: str) -> None:
        folder = self.root / name
        if folder.exists():
            return
        fresh = self.root / f".{name}.{uuid.uuid4().hex}"
        (fresh / DATA).mkdir(parents=True)
        for path in (fresh, fresh / DATA):
            self.owner.take(path)
        try:
            fresh.rename(folder)
        except OSError as error:  # another job of this run was first
            shutil.rmtree(fresh)
            if error.errno not in _THERE:
                raise

    def files(self, step: str, leave_out: LeaveOut = refuse) -> Iterator[tuple[str, Path]]:
        """The files that a step made: path below its ``data``, and where each really is.

        In order of paths; links followed. A step that removed its ``data`` made nothing.
        ``leave_out`` is told of each thing that cannot be handed over, and why: a link that leads
        out of the run's folder, in a circle or to nothing, what is neither file nor folder, what
        cannot be read, a name that is not Unicode.

        Raises:
            TransferError: there is such a thing, and nobody was named to tell.

        """
        walk = _Walk(self, step, leave_out)
        top = self.data(step)
        if not os.path.lexists(top):
            return iter(())
        try:
            place = walk.real(top, DATA)
        except TransferError as error:
            leave_out(str(error))
            return iter(())
        return walk.below(place, "", ())

    def has_files_at_top(self, step: str) -> bool:
        """Whether the ``data`` of a step has files that are in no folder."""
        try:
            with os.scandir(self.data(step)) as entries:
                return any(entry.is_file() for entry in entries)
        except FileNotFoundError:
            return False


class _Walk:
    """One walk through what a step made."""

    def __init__(self, run: RunFiles, step: str, leave_out: LeaveOut) -> None:
        self._root = run.root
        self._step = step
        self._leave_out = leave_out
        steps = {step, *run.before}
        self._open = {*map(step_folder, steps), *map(merged_folder, steps)}
        # A step on this machine itself sees the folder at its own path.
        roots = (RUN_MOUNT, run.root.absolute().as_posix(), run.root.resolve().as_posix())
        self._roots = tuple(dict.fromkeys(roots))

    def below(
        self, folder: Path, prefix: str, above: tuple[Path, ...]
    ) -> Iterator[tuple[str, Path]]:
        """The files below a folder that has no links in its path."""
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries)
        except PermissionError:
            self._leave_out(f"the folder {self._of_step(prefix.rstrip('/'))} cannot be read")
            return
        for name in names:
            relative, path = f"{prefix}{name}", folder / name
            try:
                place = self._place(path, relative)
                is_folder = place.is_dir()
            except TransferError as error:
                self._leave_out(str(error))
                continue
            if is_folder and place in (folder, *above):
                self._leave_out(f"the link '{_text(relative)}' leads in a circle")
            elif is_folder:
                yield from self.below(place, f"{relative}/", (*above, folder))
            else:
                yield relative, place

    def _place(self, path: Path, relative: str) -> Path:
        """The file or folder that an entry is.

        Raises:
            TransferError: it is neither, or cannot be handed over.

        """
        if _text(relative) != relative:
            raise TransferError(f"the name of {self._of_step(relative)} is not Unicode")
        place = self.real(path, relative) if path.is_symlink() else path
        try:
            kind = place.stat().st_mode
        except PermissionError:
            raise TransferError(f"{self._of_step(relative)} cannot be read") from None
        except OSError:
            raise TransferError(f"{self._of_step(relative)} is a link to nothing") from None
        if stat.S_ISDIR(kind):
            return place
        if not stat.S_ISREG(kind):
            raise TransferError(f"{self._of_step(relative)} is {_kind_words(kind)}")
        try:
            os.close(os.open(place, os.O_RDONLY))
        except OSError:
            raise TransferError(f"{self._of_step(relative)} cannot be read") from None
        return place

    def _of_step(self, relative: str) -> str:
        return f"'{_text(relative)}' of step '{self._step}'"

    def real(self, path: Path, relative: str) -> Path:
        """Where a path leads, each link in it read as the step that made it reads it."""
        here: list[str] = []
        waiting = list(reversed(path.relative_to(self._root).parts))
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                if not here:
                    raise self._leads_out(relative)
                here.pop()
                continue
            here.append(part)
            try:
                target = PurePosixPath(self._root.joinpath(*here).readlink())
            except OSError:  # no link, or not there
                continue
            links += 1
            if links > MOST_LINKS:
                raise TransferError(f"the link '{_text(relative)}' leads in a circle")
            here.pop()
            if target.is_absolute():
                here, target = [], self._inside(target, relative)
            waiting += [part for part in reversed(target.parts) if part != "."]
        if not here or here[0] not in self._open:
            raise self._leads_out(relative)
        return self._root.joinpath(*here)

    def _inside(self, target: PurePosixPath, relative: str) -> PurePosixPath:
        for root in self._roots:
            if target.is_relative_to(root):
                return target.relative_to(root)
        raise self._leads_out(relative)

    def _leads_out(self, relative: str) -> TransferError:
        return TransferError(
            f"{self._of_step(relative)} is a link that leads out of the files of the steps before "
            "it; let the program copy the file instead"
        )


def _kind_words(mode: int) -> str:
    """What something is that is neither a file nor a folder."""
    if stat.S_ISFIFO(mode):
        return "a pipe (FIFO), neither a file nor a folder"
    if stat.S_ISSOCK(mode):
        return "a socket, neither a file nor a folder"
    return "a device, neither a file nor a folder"


def _text(name: str) -> str:
    """A file's name as it can be shown; file names may hold any bytes."""
    return name.encode("utf-8", "replace").decode()
