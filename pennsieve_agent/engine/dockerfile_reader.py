"""Reading a Dockerfile, as far as its command can be run without an engine.

What is read: the last stage's ``ENTRYPOINT``, ``CMD``, ``WORKDIR``, ``USER`` and ``ENV``, which
paths of the repository ``COPY`` and ``ADD`` put where, so that a path in the container can be
followed back to a file in the checkout, the images of all ``FROM`` lines, and the ``RUN`` lines of
all stages, which :mod:`.dockerfile_runs` reads. The rules are the Dockerfile reference's: variables
from ``ENV`` and ``ARG``; a stage that starts from an earlier one inherits from it, and does what
its ``ONBUILD`` lines say; ``ENTRYPOINT`` forgets an inherited ``CMD``. Nothing is built or run.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import dropwhile, takewhile
from types import MappingProxyType

from pennsieve_agent.engine.dockerfile import Base, Copy, Dockerfile, Run
from pennsieve_agent.engine.dockerfile_text import (
    Instruction,
    instructions,
    makes_executable,
    string_list,
)
from pennsieve_agent.engine.dockerfile_words import expand, words
from pennsieve_agent.errors import SourceError

_SHELL = ("/bin/sh", "-c")
_CHMOD = "--chmod="
_PLATFORM = "--platform="
_VARIABLE = re.compile(r"\$\{?(\w+)(:?[-+])?")
_NO_TRIGGER = {"", "FROM", "ONBUILD", "MAINTAINER"}


def parse_dockerfile(text: str, base_env: Mapping[str, str] | None = None) -> Dockerfile:
    """Read a Dockerfile's text.

    ``base_env`` is what the base image sets, as far as known, for lines like
    ``ENV PATH=/opt/bin:$PATH``; a variable that nobody sets is empty, as in Docker.

    Raises:
        SourceError: it has no ``FROM``, or an instruction that cannot be read; names the line.

    """
    reader = _Reader(base_env or {})
    for instruction in instructions(text):
        reader.take(instruction)
    return reader.result()


@dataclass(slots=True)
class _Stage:
    file: Dockerfile
    args: dict[str, str] = field(default_factory=dict)
    shell: tuple[str, ...] = _SHELL
    has_cmd: bool = False
    number: int = 0
    triggers: list[Instruction] = field(default_factory=list)


class _Reader:
    """Applies instructions in order; keeps every stage, as a later one may start from it."""

    def __init__(self, base_env: Mapping[str, str]) -> None:
        self._base_env = base_env
        self._globals: dict[str, str] = {}
        self._stages: dict[str, _Stage] = {}
        self._stage: _Stage | None = None
        self._runs: list[Run] = []
        self._foreign: list[str] = []
        self._bases: list[Base] = []
        self._copies: list[Copy] = []
        self._actions: dict[str, Callable[[_Stage, Instruction], None]] = {
            "ARG": self._arg,
            "ENV": self._env,
            "SHELL": self._shell,
            "WORKDIR": self._workdir,
            "USER": self._user,
            "COPY": self._copy,
            "ADD": self._copy,
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "RUN": self._run,
            "ONBUILD": self._onbuild,
        }

    def take(self, it: Instruction) -> None:
        if it.name == "FROM":
            self._from(it)
        elif self._stage is not None:
            if action := self._actions.get(it.name):
                action(self._stage, it)
        elif it.name == "ARG":
            for name, value in _pairs(it, lambda text: expand(text, self._globals, it.escape)):
                self._globals[name] = value or ""
        else:
            raise it.problem("comes before FROM")

    def result(self) -> Dockerfile:
        if self._stage is None:
            raise SourceError(
                "the Dockerfile has no FROM line",
                where="Dockerfile",
                hint="begin it with the image to build on, e.g. FROM python:3.12-slim",
            )
        return replace(
            self._stage.file,
            runs=tuple(self._runs),
            foreign=tuple(self._foreign),
            bases=tuple(self._bases),
            all_copies=tuple(self._copies),
        )

    def _from(self, it: Instruction) -> None:
        every = words(it.rest, it.escape)
        parts = list(dropwhile(_is_flag, every))
        if not parts:
            raise it.problem("names no image")
        base = expand(parts[0], self._globals, it.escape)
        self._bases.append(self._base(base, it, takewhile(_is_flag, every)))
        if earlier := self._stages.get(base.casefold()):
            self._stage = _Stage(earlier.file, shell=earlier.shell)
        else:
            self._stage = _Stage(Dockerfile(base=base))
        self._stage.number = len(self._bases) - 1
        if len(parts) == 3 and parts[1].upper() == "AS":  # noqa: PLR2004 - FROM image AS name
            self._stages[parts[2].casefold()] = self._stage
        for trigger in earlier.triggers if earlier else ():
            self.take(trigger)

    def _base(self, image: str, it: Instruction, flags: Iterable[str]) -> Base:
        platforms = [flag.removeprefix(_PLATFORM) for flag in flags if flag.startswith(_PLATFORM)]
        earlier = self._stages.get(image.casefold())
        known = {name: value for name, value in self._globals.items() if value}
        # Variables that only a builder knows stay as they are written.
        platform = _VARIABLE.sub(lambda hit: known.get(hit[1], hit[0]), "".join(platforms[-1:]))
        return Base(image, it.line, platform, earlier.number if earlier else None)

    def _onbuild(self, stage: _Stage, it: Instruction) -> None:
        """Put off to the build of an image that starts from this one."""
        name, *rest = it.rest.split(None, 1) or [""]
        if name.upper() in _NO_TRIGGER:
            raise it.problem("needs another instruction")
        stage.triggers.append(replace(it, name=name.upper(), rest="".join(rest)))

    def _expand(self, stage: _Stage, text: str, escape: str) -> str:
        known = {**self._base_env, **stage.args, **stage.file.env}
        return expand(text, known, escape)

    def _arg(self, stage: _Stage, it: Instruction) -> None:
        for name, value in _pairs(it, lambda text: self._expand(stage, text, it.escape)):
            if value is not None:
                stage.args[name] = value
            elif name in self._globals:
                stage.args[name] = self._globals[name]

    def _env(self, stage: _Stage, it: Instruction) -> None:
        parts = words(it.rest, it.escape)
        if parts and "=" not in parts[0]:  # the old form: ENV NAME the rest of the line
            name, *value = it.rest.split(None, 1)
            new = {name: self._expand(stage, "".join(value), it.escape)}
        else:
            # All values of one line see the environment before the line.
            pairs = _pairs(it, lambda text: self._expand(stage, text, it.escape))
            new = {name: value or "" for name, value in pairs}
        env = MappingProxyType({**stage.file.env, **new})
        stage.file = replace(stage.file, env=env)

    def _shell(self, stage: _Stage, it: Instruction) -> None:
        shell = string_list(it.rest)
        if not shell:
            raise it.problem('needs a list such as ["/bin/bash", "-c"]')
        stage.shell = shell

    def _workdir(self, stage: _Stage, it: Instruction) -> None:
        folder = self._expand(stage, it.rest.strip(), it.escape)
        stage.file = replace(stage.file, workdir=_absolute(stage.file.workdir, folder))

    def _user(self, stage: _Stage, it: Instruction) -> None:
        stage.file = replace(stage.file, user=self._expand(stage, it.rest.strip(), it.escape))

    def _is_known(self, stage: _Stage, text: str) -> bool:
        """Whether the file sets all variables in a text, or says what stands in their place."""
        known = {**self._base_env, **stage.args, **stage.file.env}
        return all(hit[2] or hit[1] in known for hit in _VARIABLE.finditer(text))

    def _copy(self, stage: _Stage, it: Instruction) -> None:
        parts = words(it.rest, it.escape)
        flags = list(takewhile(_is_flag, parts))
        if it.has_heredoc or any(flag.startswith("--from=") for flag in flags):
            self._foreign.append(f"{it.name} {it.rest}")
            return
        rest = it.rest.strip()
        for flag in flags:
            rest = rest.removeprefix(flag).strip()
        listed = string_list(rest) or tuple(words(rest, it.escape))
        if len(listed) < 2:  # noqa: PLR2004 - a source and a target
            raise it.problem("needs a source and a target")
        *sources, target = (self._expand(stage, part, it.escape) for part in listed)
        known = [self._is_known(stage, part) for part in listed]
        into = len(sources) > 1 or target.endswith("/")
        place = _absolute(stage.file.workdir, target)
        modes = (flag.removeprefix(_CHMOD) for flag in flags if flag.startswith(_CHMOD))
        executable = any(map(makes_executable, modes))
        new = tuple(
            Copy(_inside(s), place, into, executable, it.line, is_known)
            for s, is_known in zip(sources, known[:-1], strict=True)
            if not _is_remote(s)
        )
        self._copies += new
        stage.file = replace(stage.file, copies=(*stage.file.copies, *new))

    def _run(self, stage: _Stage, it: Instruction) -> None:
        text = it.rest.strip()
        while text.startswith("--"):
            text = text.partition(" ")[2].strip()
        known = MappingProxyType({**stage.args, **stage.file.env})
        file = stage.file
        run = Run(text, file.workdir, file.copies, known, it.has_heredoc, it.line)
        self._runs.append(run)

    def _cmd(self, stage: _Stage, it: Instruction) -> None:
        stage.has_cmd = True
        stage.file = replace(stage.file, cmd=_command(stage, it), command_line=it.line)

    def _entrypoint(self, stage: _Stage, it: Instruction) -> None:
        cmd = stage.file.cmd if stage.has_cmd else ()
        file = replace(stage.file, entrypoint=_command(stage, it), cmd=cmd)
        stage.file = replace(file, command_line=it.line)


def _is_flag(word: str) -> bool:
    return word.startswith("--")


def _is_remote(source: str) -> bool:
    """Whether ``ADD`` fetches it from a server."""
    return "://" in source or source.startswith("git@")


def _pairs(it: Instruction, expanded: Callable[[str], str]) -> list[tuple[str, str | None]]:
    """``NAME=value`` words of an instruction; the value is None where there is no ``=``."""
    pairs: list[tuple[str, str | None]] = []
    for word in words(it.rest, it.escape):
        name, equals, value = word.partition("=")
        if not name:
            raise it.problem("has a value without a name")
        pairs.append((name, expanded(value) if equals else None))
    return pairs


def _command(stage: _Stage, it: Instruction) -> tuple[str, ...]:
    text = it.rest.strip()
    listed = string_list(text)
    if listed is not None:
        return listed
    return (*stage.shell, text) if text else ()


def _absolute(workdir: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(workdir, path))


def _inside(source: str) -> str:
    """A source as Docker sees it: relative to the repository, never above it."""
    return posixpath.normpath("/" + source).lstrip("/") or "."
