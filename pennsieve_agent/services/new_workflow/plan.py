"""Which files a new workflow gets, and what is in them: pure decisions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pennsieve_agent.check.code import DOCKERFILE, Code
from pennsieve_agent.check.sources import Language
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.new_workflow.own_script import (
    NO_SETTINGS,
    Script,
    Settings,
    find_script,
    packages_of,
    read_script,
    settings_of,
    yaml_of,
)
from pennsieve_agent.services.new_workflow.templates import template
from pennsieve_agent.services.workflows.local_input import TEST_FOLDERS
from pennsieve_agent.source.fetch import Entry
from pennsieve_agent.source.manifest import FILES as MANIFESTS
from pennsieve_agent.source.snapshot import FILE, Snapshot

REQUIREMENTS = "requirements.txt"
_LICENCE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[-_.].*)?", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


class Licence(StrEnum):
    """The licences that can be chosen."""

    MIT = "mit"
    APACHE = "apache-2.0"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the new workflow should be. ``language`` None: that of the script, else Python."""

    language: Language | None = None
    is_bids: bool = False
    script: str | None = None
    licence: Licence = Licence.MIT


@dataclass(frozen=True, slots=True)
class Facts:
    """What the files say that the folder does not: who, when, how this program is installed."""

    holder: str
    year: int
    install: str


@dataclass(frozen=True, slots=True)
class Start:
    """The files to write, those that are there and stay, and what was read from the script."""

    name: str
    language: Language
    files: Mapping[str, str]
    left: tuple[str, ...]
    script: Script | None = None
    packages: tuple[str, ...] = ()
    settings: Settings = NO_SETTINGS
    has_test_data: bool = True


def plan(folder: Snapshot, wish: Wish, facts: Facts) -> Start:
    """The start for a folder, around the script that is there.

    Raises:
        UsageProblem: what was asked for does not go together, or the script is not there.
    """
    _check(wish)
    name = _name(folder)
    path = None if wish.is_bids else find_script(folder, wish.script, wish.language)
    values = {
        "NAME": name,
        "YEAR": str(facts.year),
        "HOLDER": facts.holder,
        "INSTALL": facts.install,
    }
    if path is not None:
        start = _around_script(folder, read_script(folder, path), wish, values)
    elif DOCKERFILE in folder.entries:
        start = _around_dockerfile(folder, wish, values)
    else:
        start = _from_template(folder, wish, values)
    return replace(start, name=name)


def _check(wish: Wish) -> None:
    if wish.is_bids and wish.script is not None:
        raise UsageProblem(
            "--bids and --script cannot be given together",
            hint="--bids writes a program with the command line of BIDS Apps; put your own into it",
        )
    if wish.is_bids and wish.language is Language.R:
        raise UsageProblem(
            "--bids writes a program in Python", hint="leave out --language r, or leave out --bids"
        )


def _name(folder: Snapshot) -> str:
    """A workflow's name: its manifest's, else its folder's in small letters, digits and hyphens."""
    if any(name in folder.entries for name in MANIFESTS):
        return Code(folder).manifest.name
    return _NOT_IN_NAMES.sub("-", folder.name.lower()).strip("-") or "workflow"


def _from_template(folder: Snapshot, wish: Wish, values: Mapping[str, str]) -> Start:
    language = wish.language or Language.PYTHON
    kind = "bids" if wish.is_bids else language.value.lower()
    files = template(kind, values)
    if _has_test_data(folder):
        files = {path: text for path, text in files.items() if not path.startswith(TEST_FOLDERS[0])}
    return _split(folder, wish, values, Start("", language, files, ()))


def _around_dockerfile(folder: Snapshot, wish: Wish, values: Mapping[str, str]) -> Start:
    """What a repository that can be built lacks; its Dockerfile says what it starts."""
    language = wish.language or Language.PYTHON
    words = {"SCRIPT": DOCKERFILE, "COMMAND": "", "PARAMETERS": "", "PACKAGES": ""}
    files = template(f"script-{language.value.lower()}", {**values, **words})
    files.pop(REQUIREMENTS, None)
    start = Start("", language, files, (), has_test_data=_has_test_data(folder))
    return _split(folder, wish, values, start)


def _around_script(
    folder: Snapshot, script: Script, wish: Wish, values: Mapping[str, str]
) -> Start:
    if wish.language is not None and script.language is not wish.language:
        raise UsageProblem(
            f"{script.path} is in {script.language}", hint="leave out --language, or name another"
        )
    needed = packages_of(script, folder)
    is_r = script.language is Language.R
    words = {
        "SCRIPT": script.path,
        "COMMAND": json.dumps(script.command),
        "PARAMETERS": "",
        "PACKAGES": _installs(needed) if is_r else "\n".join(needed),
    }
    kind = f"script-{script.language.value.lower()}"
    files = template(kind, {**values, **words})
    settings = NO_SETTINGS
    if not any(name in folder.entries for name in MANIFESTS):
        here = {p: text for p, text in files.items() if p == DOCKERFILE}
        settings = settings_of(script, with_files(folder, here))
        parameters = {"PARAMETERS": yaml_of(settings.parameters)}
        files = template(kind, {**values, **words, **parameters})
    has_data = _has_test_data(folder)
    start = Start("", script.language, files, (), script, needed, settings, has_data)
    return _split(folder, wish, values, start)


def _installs(packages: tuple[str, ...]) -> str:
    return f"RUN install2.r --error {' '.join(packages)}\n" if packages else ""


def _split(folder: Snapshot, wish: Wish, values: Mapping[str, str], start: Start) -> Start:
    """The files of this start and of all starts: those to write, and those that are there."""
    files = {**start.files, **template("common", values)}
    if wish.licence is not Licence.NONE:
        files["LICENSE"] = template("licences", values)[wish.licence.value]
    left = {path for path in files if _is_there(folder, path)}
    return replace(
        start,
        files={path: text for path, text in sorted(files.items()) if path not in left},
        left=tuple(sorted(left)),
    )


def _is_there(folder: Snapshot, path: str) -> bool:
    """Whether the folder has the file, or one that says the same."""
    if path == "LICENSE":
        return any(_LICENCE.fullmatch(name) for name in folder.entries)
    if path == MANIFESTS[0]:
        return any(name in folder.entries for name in MANIFESTS)
    return path in folder.entries


def _has_test_data(folder: Snapshot) -> bool:
    return any(folder.is_folder(name) for name in TEST_FOLDERS)


def with_files(folder: Snapshot, files: Mapping[str, str]) -> Snapshot:
    """A folder as if these files were in it, too; those that are there count."""
    new = {p: text.encode() for p, text in files.items() if p not in folder.entries}
    entries = {path: Entry(FILE, path, len(text), path) for path, text in new.items()}

    def read(entry: Entry) -> bytes:
        content = new.get(entry.path)
        return folder.read_entry(entry) if content is None else content

    return Snapshot(
        folder.name,
        folder.place,
        {**folder.entries, **entries},
        read,
        is_git=folder.is_git,
        has_tag=folder.has_tag,
        top=folder.top,
    )
