"""What a container starts: the files of the repository that its command names."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pennsieve_agent.check.sources import MOST_BYTES
from pennsieve_agent.engine.dockerfile import Dockerfile
from pennsieve_agent.source.snapshot import Snapshot

_SHELLS = {"sh", "bash", "dash", "ash", "zsh"}
_INTERPRETERS = re.compile(
    r"(?:python(?:[23](?:\.\d+)?)?|Rscript|(?:ba|da|z|a)?sh|node|julia|perl)"
)
_PACKAGE_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_SCRIPT = re.compile(r"[\w./-]+\.(?:py|R|r|sh|bash|js|jl|pl)")


@dataclass(frozen=True, slots=True)
class Missing:
    """A script that the command names, where it would lie in the repository, and is not."""

    path: str
    expected: str


@dataclass(frozen=True, slots=True)
class Entry:
    """``files`` are those of the repository; ``program`` is one that is started by its own name.

    ``script`` is the text of ``CMD ["sh", "-c", "…"]``. ``missing`` are scripts that a COPY line
    would have to bring, and no file is there for.
    """

    files: tuple[str, ...] = ()
    program: str = ""
    script: str = ""
    missing: tuple[Missing, ...] = ()


def entry_of(dockerfile: Dockerfile, files: Snapshot) -> Entry:
    """The entry point of an image, as far as the Dockerfile tells."""
    words = (*dockerfile.entrypoint, *dockerfile.cmd)
    script = _script(words)
    parts = tuple(_words(script)) if script is not None else words
    place = _Place(dockerfile, files)
    names: list[str] = []
    for number, word in enumerate(parts):
        if number and parts[number - 1] == "-m":
            names += _module(word, files)
        elif (file := place.file(word)) is not None:
            names.append(file)
    if not names and parts and posixpath.basename(posixpath.dirname(parts[0])) in {"", "bin"}:
        names += _console_script(posixpath.basename(parts[0]), files)
    program = place.file(words[0]) if words and script is None else None
    missing = () if script is not None else tuple(place.missing(words))
    return Entry(tuple(dict.fromkeys(names)), program or "", script or "", missing)


def _script(words: Sequence[str]) -> str | None:
    """The text that a shell is given, if it is."""
    is_shell = len(words) > 2 and posixpath.basename(words[0]) in _SHELLS  # noqa: PLR2004 - sh -c text
    has_text = is_shell and words[1].startswith("-") and words[1].endswith("c")
    return words[2] if has_text else None


def _words(script: str) -> Iterator[str]:
    try:
        yield from (word.strip(";&|()") for word in shlex.split(script))
    except ValueError:
        yield from script.split()


def _module(name: str, files: Snapshot) -> list[str]:
    """The file that ``python -m name`` runs, wherever the folder is from which it is imported."""
    tail = name.replace(".", "/")
    endings = (f"{tail}.py", f"{tail}/__main__.py")
    return [
        path
        for path in files.entries
        if any(path == end or path.endswith(f"/{end}") for end in endings)
    ]


def _console_script(name: str, files: Snapshot) -> list[str]:
    """The module of a command that installing the repository's own package makes.

    It is declared as ``name = "module:function"`` (Python Packaging User Guide, "Entry points
    specification").
    """
    declared = re.compile(rf"""["']?\b{re.escape(name)}["']?\s*=\s*["']?([\w.]+)\s*:\s*\w+""")
    for path in _PACKAGE_FILES:
        content = files.read(path, MOST_BYTES) or b""
        if hit := declared.search(content.decode("utf-8", errors="replace")):
            return _module(hit[1], files)
    return []


@dataclass(frozen=True, slots=True)
class _Place:
    dockerfile: Dockerfile
    files: Snapshot

    def file(self, word: str) -> str | None:
        """The file of the repository that a word of the command is in the image."""
        if not word or word.startswith("-") or "$" in word:
            return None
        return self.dockerfile.local_path(word, self.files.is_file)

    def missing(self, words: Sequence[str]) -> Iterator[Missing]:
        """The program, or the first script of an interpreter, where COPY alone can bring it.

        What a RUN line names, or another stage's COPY brings, may be made by the build.
        """
        script = _first_script(words)
        if script is None or self.file(script) is not None or self.dockerfile.foreign:
            return
        name = posixpath.basename(script)
        if any(name in run.text or _unpacks(run.text) for run in self.dockerfile.runs):
            return
        path = posixpath.normpath(posixpath.join(self.dockerfile.workdir, script))
        for copy in reversed(self.dockerfile.copies):
            if not copy.is_known or any(char in copy.source for char in "*?["):
                return
            here = replace(self.dockerfile, copies=(copy,))
            if self.files.is_folder(copy.source):
                expected = next((c for c in copy.candidates(path) if c != copy.source), "")
                if expected:
                    yield Missing(script, posixpath.normpath(expected))
                    return
            elif here.local_path(path, self.files.is_file) is not None:
                return


def _first_script(words: Sequence[str]) -> str | None:
    if not words:
        return None
    if _SCRIPT.fullmatch(words[0]):
        return words[0]
    if not _INTERPRETERS.fullmatch(posixpath.basename(words[0])):
        return None
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        if rest[0] in {"-m", "-c", "-e", "--eval"}:
            return None
        rest.pop(0)
    return rest[0] if rest and _SCRIPT.fullmatch(rest[0]) else None


def _unpacks(text: str) -> bool:
    """Whether a RUN line brings files that the Dockerfile does not name."""
    return bool(re.search(r"\b(?:git|curl|wget|tar|unzip|cp|mv|ln|make|cmake)\b", text))
