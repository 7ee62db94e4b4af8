"""A Dockerfile's command as it can be run from a checkout, without the image."""

from __future__ import annotations

import posixpath
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.engine.dockerfile import Dockerfile

_PYTHON = re.compile(r"(?:/usr(?:/local)?/bin/)?python(?:3(?:\.\d+)?)?")
_PATH = re.compile(r"(?<![\w./-])/[\w.+-]+(?:/[\w.+-]+)*")
_SHELLS = {"sh", "bash", "dash", "ash", "zsh"}
#: These are this machine's business, whatever the image says.
_OURS = {"PATH", "HOME", "TMPDIR", "PYTHONHOME"}


@dataclass(frozen=True, slots=True)
class Command:
    """What to start, where, and what the Dockerfile adds to its environment.

    ``path`` are folders of the checkout that the Dockerfile adds to ``PATH``.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    path: tuple[Path, ...] = ()


def local_command(dockerfile: Dockerfile, code: Path, python: Path) -> Command:
    """Translate the paths of the container into those of a checkout, and ``python`` into ours.

    Raises:
        SourceError: the Dockerfile says nothing about what to run.

    """
    places = _Places(dockerfile, code)
    cwd = places.find(dockerfile.workdir)
    folder = cwd if cwd is not None and cwd.is_dir() else code
    program, *arguments = dockerfile.argv()
    if _PYTHON.fullmatch(program):
        program = str(python)
    else:
        program = _program(places.argument(program, folder))
    if posixpath.basename(program) in _SHELLS and arguments and _is_script(arguments[0]):
        rest = [arguments[0], *(places.script(text) for text in arguments[1:])]
    else:
        rest = [places.argument(argument, folder) for argument in arguments]
    env = {n: places.value(v) for n, v in dockerfile.env.items() if n not in _OURS}
    return Command((program, *rest), folder, env, places.folders(dockerfile.env.get("PATH", "")))


def _is_script(flag: str) -> bool:
    """Whether a shell's flag, such as ``-ec``, says that a script follows."""
    return flag.startswith("-") and flag.endswith("c")


def _program(name: str) -> str:
    """An absolute path of the image that is elsewhere here: ``/bin/bash``, ``/usr/bin/perl``."""
    if name.startswith("/") and not Path(name).exists():
        return shutil.which(posixpath.basename(name)) or name
    return name


class _Places:
    """Where things of the image are in the checkout."""

    def __init__(self, dockerfile: Dockerfile, code: Path) -> None:
        self._dockerfile = dockerfile
        self._code = code

    def find(self, path: str) -> Path | None:
        local = self._dockerfile.local_path(path, lambda name: (self._code / name).exists())
        return None if local is None else self._code / local

    def argument(self, text: str, cwd: Path) -> str:
        """An argument, or the right-hand side of ``--name=path``."""
        name, equals, value = text.partition("=")
        if equals and name.startswith("-"):
            return f"{name}={self.argument(value, cwd)}"
        if text.startswith("/"):
            return str(self.find(text) or text)
        # A relative name is right as it is, unless the image has that file from another place.
        file = self.find(text) if "/" in text or "." in text else None
        elsewhere = file is not None and file.is_file() and file != cwd / text
        return str(file) if elsewhere else text

    def script(self, text: str) -> str:
        """A shell's script, with every path of the image that it spells out replaced."""
        return _PATH.sub(lambda hit: self._quoted(hit.group()), text)

    def _quoted(self, path: str) -> str:
        file = self.find(path)
        return path if file is None else shlex.quote(str(file))

    def folders(self, path: str) -> tuple[Path, ...]:
        """The folders of the checkout in a list of the image's."""
        local = (self.find(part) for part in path.split(":") if part.startswith("/"))
        return tuple(folder for folder in local if folder is not None and folder.is_dir())

    def value(self, text: str) -> str:
        """A variable's value, which may be a list of paths such as ``PYTHONPATH``."""
        if not text.startswith("/"):
            return text
        return ":".join(str(self.find(p) or p) if p.startswith("/") else p for p in text.split(":"))
