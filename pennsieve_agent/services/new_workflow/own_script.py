"""The user's script: which one it is, what starts it, what it reads from the environment."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.command_line import command_line
from pennsieve_agent.check.defaults import defaults
from pennsieve_agent.check.packages import packages
from pennsieve_agent.check.reachable import reachable, used_by_others
from pennsieve_agent.check.secrets import may_be_secret_name
from pennsieve_agent.check.sources import MOST_BYTES, Language, Source, is_program, source_of
from pennsieve_agent.check.variable_rules import undeclared
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.source.snapshot import Snapshot

FOLDERS = ("INPUT_DIR", "OUTPUT_DIR")
_STARTS = {Language.PYTHON: "python", Language.R: "Rscript"}
_ENDINGS = {".py", ".r"}
_USUAL = {"main", "run", "app"}
"""What a script is mostly called that starts the others."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Script:
    """A script of the user's. ``sources`` are it and the files of code that it uses.

    ``words`` are what tells it its folders on its command line. ``is_open`` says that it could not
    be told what it reads: neither variables nor a command line that is known.
    """

    path: str
    language: Language
    sources: tuple[Source, ...]
    words: tuple[str, ...] = ()
    is_open: bool = False

    @property
    def command(self) -> list[str]:
        """The ENTRYPOINT that starts it in its image."""
        program, place = _STARTS[self.language], f"/app/{self.path}"
        if not self.words:
            return [program, place]
        return ["sh", "-c", " ".join(("exec", program, place, *self.words))]


def find_script(files: Snapshot, typed: str | None, language: Language | None) -> str | None:
    """The script that a folder is about: the one that was named, or the only one at its top.

    Scripts that another uses are parts of that. None where the folder has no script.

    Raises:
        UsageProblem: the named one is not there, several are, or they lie in folders alone.
    """
    if typed is not None:
        return _named(files, typed)
    code = {p: s for p, s in _code(files) if language in {None, s.language} and _may_start(p)}
    top = {path: source for path, source in code.items() if "/" not in path}
    scripts = _not_used(top or code)
    usual = [path for path in scripts if posixpath.splitext(path)[0] in _USUAL]
    if not code:
        return None
    if top and (len(scripts) == 1 or len(usual) == 1):
        return (usual or scripts)[0]
    what = "there are several scripts" if top else "the only scripts are in folders below"
    raise UsageProblem(
        f"{what}: {', '.join(scripts[:_SHOWN])}",
        where=files.place,
        hint=f"say which one a run starts: --script {scripts[0]}",
    )


def _not_used(code: Mapping[str, Source]) -> list[str]:
    """The scripts that no other one uses; all where they use each other."""
    return sorted(set(code) - used_by_others(code)) or sorted(code)


def _named(files: Snapshot, typed: str) -> str:
    path = posixpath.normpath(typed)
    if path not in files.entries:
        raise UsageProblem(
            f"there is no script {typed}",
            where=files.place,
            hint="give its path from that folder; git must not ignore it",
        )
    if posixpath.splitext(path)[1].lower() not in _ENDINGS:
        raise UsageProblem(
            f"{typed} is not a script in Python or R",
            where=files.place,
            hint="its name must end in .py or .R; for another language write a Dockerfile",
        )
    return path


def _may_start(path: str) -> bool:
    is_test = posixpath.basename(path).lower().startswith(("test_", "test-"))
    return posixpath.splitext(path)[1].lower() in _ENDINGS and is_program(path) and not is_test


def _language(path: str) -> Language:
    return Language.PYTHON if path.endswith(".py") else Language.R


def read_script(files: Snapshot, path: str) -> Script:
    """What a script is, with the files of code that it uses.

    Raises:
        UsageProblem: it is not text, or Python that does not parse.
    """
    code = dict(_code(files))
    script = code.get(path)
    if script is None or (script.language is Language.PYTHON and script.tree is None):
        raise UsageProblem(
            f"{path} cannot be read as {_language(path)}",
            where=files.place,
            hint="correct it, and try again",
        )
    sources = tuple(reachable([path], code, None))
    text = "\n".join(source.text for source in sources)
    reads_variables = all(name in text for name in FOLDERS)
    words = () if reads_variables else command_line(script).folders()
    is_open = not reads_variables and not words
    return Script(path, script.language, sources, words or (), is_open)


def _code(files: Snapshot) -> Iterator[tuple[str, Source]]:
    for path in files.entries:
        if posixpath.splitext(path)[1].lower() in _ENDINGS and is_program(path):
            content = files.read(path, MOST_BYTES)
            source = None if content is None else source_of(path, content)
            if source is not None:
                yield path, source


def packages_of(script: Script, files: Snapshot) -> tuple[str, ...]:
    """The packages that it needs, but for the modules beside it."""
    own = {part.removesuffix(".py") for path in files.entries for part in path.split("/")}
    return packages(script.sources, own)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a script reads from its environment: entries of a manifest, and names of secrets."""

    parameters: tuple[Mapping[str, object], ...]
    secrets: tuple[str, ...]


NO_SETTINGS = Settings((), ())
"""Of a start without a script, or with a manifest of its own."""


def settings_of(script: Script, with_dockerfile: Snapshot) -> Settings:
    """The variables to declare, where the repository has its Dockerfile and no manifest."""
    values = defaults(script.sources)
    reads = undeclared(Code(with_dockerfile))
    secrets = tuple(sorted(name for name in reads if may_be_secret_name(name)))
    parameters = tuple(
        _parameter(name, values.get(name), is_needed=any(read.is_needed for read in places))
        for name, places in reads.items()
        if name not in secrets
    )
    return Settings(parameters, secrets)


def _parameter(name: str, default: str | None, *, is_needed: bool) -> dict[str, object]:
    kind = "string" if default is None else _kind(default)
    about: dict[str, object] = {"name": name, "type": kind}
    if default is not None:
        about["default"] = json.loads(default) if kind != "string" else default
    elif is_needed:
        about["required"] = True
    return about


def _kind(default: str) -> str:
    if default in {"true", "false"}:
        return "boolean"
    try:
        float(default)
        json.loads(default)
    except ValueError:
        return "string"
    return "number"


def yaml_of(parameters: Sequence[Mapping[str, object]]) -> str:
    """The part of a manifest that declares parameters; empty where there are none.

    Values are written as JSON, which is YAML, too.
    """
    if not parameters:
        return ""
    lines = ["parameters:"]
    for about in parameters:
        rows = [f"{key}: {_written(value)}" for key, value in about.items()]
        lines += [f"  - {rows[0]}", *(f"    {row}" for row in rows[1:])]
    return "\n".join([*lines, ""])


def _written(value: object) -> str:
    is_word = isinstance(value, str) and value.isidentifier()
    return str(value) if is_word else json.dumps(value)
