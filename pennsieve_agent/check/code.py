"""What rules look at: the files, the Dockerfile, the manifest, and the program of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from pennsieve_agent.check.dockerignore import Ignored
from pennsieve_agent.check.entry_point import Entry, entry_of
from pennsieve_agent.check.reachable import reachable
from pennsieve_agent.check.sources import (
    MOST_BYTES,
    Language,
    Source,
    is_program,
    may_be_code,
    source_of,
    text_of,
)
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.engine.dockerfile import Dockerfile
from pennsieve_agent.engine.dockerfile_reader import parse_dockerfile
from pennsieve_agent.engine.dockerfile_text import Instruction, instructions
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source import manifest
from pennsieve_agent.source.snapshot import LINK, Snapshot
from pennsieve_agent.source.yaml_nodes import MAX_BYTES

DOCKERFILE, IGNORE_FILE = "Dockerfile", ".dockerignore"


@dataclass(frozen=True)
class Code:
    """A repository at one moment, each part read when it is first looked at."""

    files: Snapshot

    @cached_property
    def dockerfile_text(self) -> str | None:
        """The Dockerfile's text; None where there is none that can be read."""
        content = self.files.read(DOCKERFILE, MOST_BYTES)
        return None if content is None else content.decode("utf-8", errors="replace")

    @cached_property
    def dockerfile(self) -> Dockerfile | SourceError | None:
        """The Dockerfile as it is understood, or why it is not."""
        if self.dockerfile_text is None:
            return None
        try:
            return parse_dockerfile(self.dockerfile_text)
        except SourceError as error:
            return error

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The lines of a Dockerfile that can be read."""
        if not isinstance(self.dockerfile, Dockerfile):
            return ()
        return tuple(instructions(self.dockerfile_text or ""))

    @cached_property
    def ignored(self) -> Ignored:
        """What ``.dockerignore`` keeps from the build."""
        return Ignored.of((text_of(self.files.read(IGNORE_FILE, MOST_BYTES) or b"")) or "")

    @cached_property
    def manifest(self) -> Manifest:
        """What the repository says of itself."""
        return manifest.read(self.manifests, self.files.name)

    @cached_property
    def manifests(self) -> Mapping[str, bytes]:
        """The contents of the manifests that are there."""
        contents = {}
        for name in manifest.FILES:
            if name in self.files.entries and self.files.is_file(name):
                # One byte too many is enough for the reader to refuse it.
                content = self.files.read(name, MAX_BYTES)
                contents[name] = b"#" * (MAX_BYTES + 1) if content is None else content
        return contents

    @cached_property
    def entry(self) -> Entry:
        """What the container starts."""
        if isinstance(self.dockerfile, Dockerfile):
            return entry_of(self.dockerfile, self.files)
        return Entry()

    @cached_property
    def program(self) -> tuple[Source, ...]:
        """The code that runs, as far as that is known: all code of the image where it is not."""
        return tuple(reachable(self.entry.files, self._in_image, self._command))

    @cached_property
    def languages(self) -> frozenset[Language]:
        """What the program is written in."""
        return frozenset(source.language for source in self.program)

    @cached_property
    def _in_image(self) -> Mapping[str, Source]:
        """The code that the build puts into the image, by path."""
        sources = {}
        for path in self.image_paths():
            if not may_be_code(path) or self.files.entries[path].mode == LINK:
                continue
            is_entry = path in self.entry.files
            content = self.files.read(path, MOST_BYTES) if is_program(path) or is_entry else None
            source = None if content is None else source_of(path, content)
            if source is not None:
                sources[path] = source
        return sources

    def image_paths(self) -> Iterator[str]:
        """The files that COPY lines put into the image; without a Dockerfile, all files."""
        file = self.dockerfile
        for path in self.files.entries:
            is_copied = not isinstance(file, Dockerfile) or any(
                _brings(copy.source, path) for copy in file.all_copies
            )
            if is_copied and not self.ignored.covers(path):
                yield path

    @cached_property
    def _command(self) -> Source | None:
        """The script that a Dockerfile's command spells out."""
        if not isinstance(self.dockerfile, Dockerfile) or not self.entry.script:
            return None
        line = max(1, self.dockerfile.command_line)
        return Source(DOCKERFILE, Language.SHELL, self.entry.script, line)


def _brings(source: str, path: str) -> bool:
    """Whether a COPY line's source is a file, a folder around it, or a pattern for one of these."""
    if source in {".", path} or path.startswith(f"{source}/"):
        return True
    if not any(char in source for char in "*?["):
        return False
    return fnmatchcase("/".join(path.split("/")[: source.count("/") + 1]), source)
