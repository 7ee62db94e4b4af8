"""What is known of a Dockerfile: its command, its environment, and where files come from.

:mod:`.dockerfile_reader` reads it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from pennsieve_agent.errors import SourceError


@dataclass(frozen=True, slots=True)
class Copy:
    """One source of a ``COPY`` or ``ADD``, relative to the repository, and its absolute target.

    ``into`` says that the target is a folder: it was written with a slash, or has several sources.
    ``is_executable`` says that ``--chmod`` makes the files executable. ``line`` is where it stands,
    from 1; ``is_known`` is false where the source has a variable that the file does not set.
    """

    source: str
    target: str
    into: bool = False
    is_executable: bool = False
    line: int = 0
    is_known: bool = True

    def candidates(self, path: str) -> Iterator[str]:
        """What ``path`` may have been in the repository, likeliest first.

        The text alone cannot tell whether the source is a file or a folder, so both are given.
        """
        below = _below(path, self.target)
        if below is None:
            return
        folder, pattern = posixpath.split(self.source)
        first, _, rest = below.partition("/")
        if below == ".":
            yield self.source
        elif any(c in pattern for c in "*?["):
            if fnmatchcase(first, pattern):
                yield posixpath.normpath(posixpath.join(folder, first, rest))
        else:
            if self.source != "." and first == pattern and not rest:
                yield self.source
            yield posixpath.normpath(posixpath.join(self.source, below))


@dataclass(frozen=True, slots=True)
class Base:
    """A ``FROM`` line: the image, empty where a variable without a value names it.

    ``stage`` is the earlier stage that it means, from 0; None for an image. ``platform`` is as it
    is written, with variables such as ``$BUILDPLATFORM`` that only a builder knows.
    """

    image: str
    line: int
    platform: str = ""
    stage: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A RUN line without its flags, where it runs, what was copied before it, and variables."""

    text: str
    workdir: str
    copies: tuple[Copy, ...]
    known: Mapping[str, str]
    has_heredoc: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The parts of a Dockerfile that matter for running its image.

    ``entrypoint`` and ``cmd`` are argument lists; the shell form is spelled out as
    ``("/bin/sh", "-c", text)``. ``env`` holds what the file itself sets. ``workdir`` is absolute.
    ``foreign`` are the COPY lines whose files are not from the repository. ``user`` is that of the
    last ``USER`` line. ``bases`` are the FROM lines, ``all_copies`` the COPY lines of all stages.
    """

    base: str
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = "/"
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    copies: tuple[Copy, ...] = ()
    runs: tuple[Run, ...] = ()
    foreign: tuple[str, ...] = ()
    user: str = ""
    command_line: int = 0
    bases: tuple[Base, ...] = ()
    all_copies: tuple[Copy, ...] = ()

    def argv(self) -> tuple[str, ...]:
        """The command of a container: ``ENTRYPOINT`` followed by ``CMD``.

        Raises:
            SourceError: the file has neither.

        """
        command = (*self.entrypoint, *self.cmd)
        if not command:
            raise SourceError(
                "the Dockerfile does not say what to run",
                where="Dockerfile",
                hint='add a line such as: ENTRYPOINT ["python", "/app/main.py"]',
            )
        return command

    def local_path(
        self, container_path: str, exists: Callable[[str], bool] | None = None
    ) -> str | None:
        """Where a path of the container comes from, relative to the checkout; None if not from it.

        A relative path counts from ``workdir``. ``exists`` says whether a path relative to the
        checkout is there, and makes the answer exact where ``COPY`` alone is ambiguous; without it,
        a name with an extension counts as a file. The checkout itself is ``"."``. Later copies
        cover earlier ones.
        """
        fits = exists or _plausible
        path = posixpath.normpath(posixpath.join(self.workdir, container_path))
        for copy in reversed(self.copies):
            for candidate in copy.candidates(path):
                if fits(candidate):
                    return candidate
        return None


def _plausible(path: str) -> bool:
    return not any(posixpath.splitext(part)[1] for part in path.split("/")[:-1])


def _below(path: str, folder: str) -> str | None:
    if path == folder:
        return "."
    prefix = folder if folder.endswith("/") else f"{folder}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None
