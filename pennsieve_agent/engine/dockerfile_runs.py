"""What the RUN lines of a Dockerfile would do, as far as it can be done without an engine.

Python packages are installed into an environment, and files of the repository are made executable.
Everything else that RUN would do is left out, and said (:attr:`Preparation.notes`). Nothing is run
here, and no shell is imitated: a line is divided into its simple commands, no more.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from pennsieve_agent.engine.dockerfile import Dockerfile, Run
from pennsieve_agent.engine.dockerfile_text import makes_executable, string_list

REQUIREMENTS = "requirements.txt"
MOST_SHOWN = 100
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_PUNCTUATION = "&;|()<>\n"
_UNREADABLE = "?"
"""In place of a command that cannot be divided into words."""
_REDIRECTS = set("<>")
_HARMLESS = {":", "cd", "echo", "export", "ls", "printf", "pwd", "set", "true", "umask"}
"""Commands without an effect on the files of an image."""
_FILES = {"-r": "--requirement", "-c": "--constraint"}
_PLACES = {"-f": "--find-links", "-e": "--editable"}
_WITH_VALUE = {"-i": "--index-url"}
_LONG = {
    *_FILES.values(),
    *_PLACES.values(),
    *_WITH_VALUE.values(),
    *("--extra-index-url", "--trusted-host", "--no-binary", "--only-binary"),
}
_KEPT_FLAGS = {"--pre", "--no-deps", "--no-build-isolation"}
_DROPPED_WITH_VALUE = {
    *("-t", "--target", "--prefix", "--root", "--cache-dir", "--log", "--src", "--timeout"),
    *("--retries", "--progress-bar", "--proxy", "--cert", "--python-version", "--platform"),
    *("--root-user-action", "--upgrade-strategy", "--exists-action"),
}
_TOOLS = {"pip", "setuptools", "wheel"}
"""Packages that every environment is made with, as far as it needs them."""


@dataclass(frozen=True, slots=True)
class PipInstall:
    """One ``pip install``. Paths are relative to the repository.

    ``arguments`` are for ``pip install`` in the folder ``cwd``; ``files`` are what they name, and
    ``packages`` the folders or archives of the repository that are installed themselves.
    """

    cwd: str
    arguments: tuple[str, ...]
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preparation:
    """What to do before the command of a Dockerfile can run without its image."""

    installs: tuple[PipInstall, ...] = ()
    executables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def without_engine(dockerfile: Dockerfile, files: Collection[str]) -> Preparation:
    """What can be done of a Dockerfile's RUN lines, and notes on the rest.

    ``files`` are the files and folders of the repository, relative to it. A ``requirements.txt``
    beside a Dockerfile that calls no pip is installed, too.
    """
    reading = _Reading(dockerfile, frozenset(files))
    for run in dockerfile.runs:
        reading.take(run)
    for copy in dockerfile.copies:
        if copy.is_executable:
            reading.executables += reading.within(copy.source)
    if not reading.calls_pip and REQUIREMENTS in reading.files:
        plain = PipInstall(".", ("--requirement", REQUIREMENTS), (REQUIREMENTS,))
        reading.installs.append(plain)
    notes = [
        *reading.notes,
        *(f"{text}: not done without an engine" for text in dockerfile.foreign),
    ]
    executables = tuple(dict.fromkeys(reading.executables))
    return Preparation(tuple(reading.installs), executables, tuple(dict.fromkeys(notes)))


class _CannotBeDone(Exception):  # noqa: N818 - a verdict
    """A command needs what only the image has."""


@dataclass(slots=True)
class _Reading:
    """Goes through the commands of all RUN lines."""

    dockerfile: Dockerfile
    files: frozenset[str]
    installs: list[PipInstall] = field(default_factory=list)
    executables: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    calls_pip: bool = False

    def take(self, run: Run) -> None:
        """Do what can be done of one RUN line."""
        workdir, is_done = run.workdir, not run.has_heredoc
        for command in _commands(run):
            if command[0] == "cd" and len(command) > 1:
                workdir = posixpath.normpath(posixpath.join(workdir, command[1]))
            elif arguments := _pip_arguments(command):
                self.calls_pip = True
                is_done &= self._install(replace(run, workdir=workdir), arguments)
            elif command[0] == "chmod":
                is_done &= self._chmod(replace(run, workdir=workdir), command[1:])
            elif command[0] not in _HARMLESS:
                is_done = False
        if not is_done:
            self.notes.append(f"{_shown(run)}: not done, or not all, without an engine")

    def _install(self, run: Run, arguments: Sequence[str]) -> bool:
        try:
            install = _Pip(self, run).install(arguments)
        except _CannotBeDone:
            return False
        if install.arguments:
            self.installs.append(install)
        return True

    def _chmod(self, run: Run, arguments: Sequence[str]) -> bool:
        words = [word for word in arguments if word not in {"-R", "--recursive", "-v", "-f"}]
        if len(words) < 2 or not makes_executable(words[0]):  # noqa: PLR2004 - a mode and files
            return False
        files = [path for word in words[1:] for path in self.matching(run, word)]
        self.executables += files
        return bool(files)

    def local(self, run: Run, path: str) -> str | None:
        """Where a path of the image is in the repository; None if it is not from there."""
        here = replace(self.dockerfile, workdir=run.workdir, copies=run.copies)
        return here.local_path(path, lambda name: name == "." or name in self.files)

    def folder(self, run: Run) -> str:
        """The folder of the repository that a command runs in; its top, where that is unclear.

        After ``COPY requirements.txt .`` the folder of the image has one file of the repository.
        """
        local = self.local(run, ".")
        is_folder = local is not None and any(f.startswith(f"{local}/") for f in self.files)
        return local if local is not None and is_folder else "."

    def matching(self, run: Run, path: str) -> list[str]:
        """The files of the repository that a path of the image, perhaps a pattern, names."""
        folder, name = posixpath.split(path)
        if not any(char in name for char in "*?["):
            local = self.local(run, path)
            return self.within(local) if local is not None else []
        local = self.local(run, folder or ".")
        if local is None:
            return []
        return [
            file
            for file in self.files
            if posixpath.dirname(file) == local.removeprefix(".")
            and fnmatchcase(posixpath.basename(file), name)
        ]

    def within(self, local: str) -> list[str]:
        """A file, or all files in a folder."""
        below = [f for f in self.files if local == "." or f.startswith(f"{local}/")]
        return sorted(below) or [local]


@dataclass(frozen=True, slots=True)
class _Pip:
    """Reads the arguments of one ``pip install``."""

    reading: _Reading
    run: Run

    def install(self, arguments: Sequence[str]) -> PipInstall:
        kept: list[str] = []
        files: list[str] = []
        packages: list[str] = []
        cwd = self.reading.folder(self.run)
        asks = False
        words = iter(arguments)
        for word in words:
            if not word.startswith("-"):
                if word not in _TOOLS:
                    kept.append(self._requirement(word, cwd, packages))
                    asks = True
                continue
            option, value = self._option(word, words)
            asks |= option in {"--requirement", "--editable"}
            if option in {*_FILES.values(), "--find-links"} and "://" not in value:
                files.append(self._place(value))
                kept += [option, posixpath.relpath(files[-1], cwd)]
            elif option == "--editable":
                kept.append(self._requirement(value, cwd, packages))
            elif option in _LONG:
                kept += [option, value]
            elif option in _KEPT_FLAGS:
                kept.append(option)
        return PipInstall(cwd, tuple(kept) if asks else (), tuple(files), tuple(packages))

    def _option(self, word: str, words: Iterator[str]) -> tuple[str, str]:
        short = {**_FILES, **_PLACES, **_WITH_VALUE}
        if word[:2] in short and not word.startswith("--"):
            return short[word[:2]], word[2:] or next(words, "")
        option, equals, value = word.partition("=")
        if option in _LONG | _DROPPED_WITH_VALUE and not equals:
            value = next(words, "")
        return option, value

    def _requirement(self, word: str, cwd: str, packages: list[str]) -> str:
        """A package by name, or a path of the image as one of the repository."""
        path, bracket, extras = word.partition("[")
        if "://" in path or not (path.startswith((".", "/")) or path.endswith((".whl", ".gz"))):
            return word
        packages.append(self._place(path))
        place = posixpath.relpath(packages[-1], cwd)
        return f"{place if place.startswith('.') else './' + place}{bracket}{extras}"

    def _place(self, path: str) -> str:
        local = self.reading.local(self.run, path)
        if local is None:
            raise _CannotBeDone
        return local


def _commands(run: Run) -> Iterator[list[str]]:
    """The simple commands of a RUN line, their words as the shell would have them."""
    listed = string_list(run.text)
    if listed is not None:
        if listed:
            yield list(listed)
        return
    text = _expanded(run)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_PUNCTUATION.strip())
    lexer.whitespace_split, lexer.commenters = True, ""
    command: list[str] = []
    try:
        words = list(lexer)
    except ValueError:  # quotes without an end
        words = [_UNREADABLE]
    is_target = False
    for word in words:
        if is_target:
            is_target = False
        elif set(word) <= set(_PUNCTUATION):
            is_target = bool(set(word) & _REDIRECTS)
            if is_target and command and command[-1].isdigit():
                command.pop()
            if not is_target and command:
                yield command
                command = []
        else:
            command.append(word)
    if command:
        yield command


def _expanded(run: Run) -> str:
    """The text with the variables that the Dockerfile sets; others stay as they are written."""
    return _VARIABLE.sub(lambda hit: run.known.get(hit[1] or hit[2], hit[0]), run.text)


def _pip_arguments(command: Sequence[str]) -> list[str]:
    """What follows ``pip install``; empty when the command is another."""
    words = list(command)
    if words and posixpath.basename(words[0]).startswith("python") and words[1:3] == ["-m", "pip"]:
        words = ["pip", *words[3:]]
    if words[:1] == ["uv"]:
        words = words[1:]
    program = posixpath.basename(words[0]) if words else ""
    is_pip = program in {"pip", "pip3"} or program.startswith("pip3.")
    if not is_pip or "install" not in words:
        return []
    return words[words.index("install") + 1 :]


def _shown(run: Run) -> str:
    text = " ".join(run.text.split())
    return f"RUN {text[:MOST_SHOWN]}{'…' if len(text) > MOST_SHOWN else ''}"
