"""The bare repositories in the data folder, and their tags."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.source import git_commands
from pennsieve_agent.source.repository_urls import canonical

FOLDER = "github"
_HOST = "https://github.com/"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_NO_DESCRIPTION = "Unnamed repository"
_FORMAT = "--format=%(refname:strip=2)%09%(objectname)%09%(creatordate:unix)"


@dataclass(frozen=True, slots=True)
class Release:
    """A tag: its name, the commit or tag object it is, and when it was made (unix seconds)."""

    label: str
    marker: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository and where it is."""

    owner: str
    name: str
    path: Path

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """Its address on GitHub."""
        return f"{_HOST}{self.full_name}"

    @property
    def id(self) -> int:
        """A number that stays."""
        return zlib.crc32(self.full_name.lower().encode())

    def description(self) -> str:
        """What its ``description`` file says, which git fills with a sentence of its own."""
        try:
            text = (self.path / "description").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "" if text.startswith(_NO_DESCRIPTION) else text.strip()

    def releases(self) -> list[Release]:
        """The tags, newest first; none if git cannot read the repository."""
        command = ["--git-dir", str(self.path), "for-each-ref", "--sort=-creatordate", _FORMAT]
        try:
            answer = git_commands.run([*command, "refs/tags"], url=self.path.as_uri())
        except SourceError:
            return []
        lines = [line.split("\t") for line in answer.out.splitlines()] if answer.ok else []
        return [Release(label, marker, float(at or 0)) for label, marker, at in lines]


def repositories(world: World) -> list[Repository]:
    """All repositories, by full name."""
    known = [
        Repository(owner.name, path.name.removesuffix(".git"), path)
        for owner in _folders(world.data / FOLDER)
        for path in _folders(owner)
        if path.name.endswith(".git") and (path / "HEAD").is_file()
    ]
    return sorted(known, key=lambda repository: repository.full_name.lower())


def find(world: World, owner: str, name: str) -> Repository | None:
    """A repository, in whatever letter case, as on GitHub."""
    full_name = f"{owner}/{name.removesuffix('.git')}".lower()
    return next(
        (
            repository
            for repository in repositories(world)
            if repository.full_name.lower() == full_name
        ),
        None,
    )


def local_path(world: World, source_url: str) -> Path | None:
    """The bare repository that a GitHub address means in this sandbox; None if there is none.

    Every spelling of the address counts, as for a real one
    (:func:`pennsieve_agent.source.repository_urls.canonical`).
    """
    try:
        url = canonical(source_url, Path("/"))
    except SourceError:
        return None
    if not url.startswith(_HOST):
        return None
    owner, _, name = url.removeprefix(_HOST).partition("/")
    repository = find(world, owner, name)
    return repository.path if repository else None


def _folders(parent: Path) -> list[Path]:
    try:
        return [path for path in parent.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    except OSError:
        return []
