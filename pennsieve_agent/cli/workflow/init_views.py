"""How a workflow that was begun is shown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.shown import NOT_CHANGED, Prose, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import plural

if TYPE_CHECKING:
    from pennsieve_agent.services.new_workflow.begin import Begun
    from pennsieve_agent.services.new_workflow.plan import Start

_MEANINGS = {
    "main.py": "the program",
    "main.R": "the program",
    "run.py": "the program",
    "test_main.py": "its test: python -m unittest",
    "test_run.py": "its test: python -m unittest",
    "test_main.R": "its test: Rscript test_main.R",
    "Dockerfile": "what is installed, and what is started",
    "requirements.txt": "the Python packages that it needs",
    "app.yml": "name, parameters, CPU and memory",
    "README.md": "what it does",
    "LICENSE": "who else may use it (--license)",
    ".gitignore": "what git keeps out",
    ".dockerignore": "what the build does not see",
    ".github/workflows/check.yml": "checks and tests each push to GitHub",
}
_TEST_DATA = "data/input"
_SHOWN = 5


def planned(folder: Path, start: Start, *, makes_git: bool) -> Shown:
    """The plan of a dry run."""
    document = _document(folder, start) | {"changed": False, "written": list(start.files)}
    repository = "; make a git repository, commit, and tag v0.1.0" if makes_git else ""
    files = ", ".join(start.files) or "nothing"
    text = f"Would make workflow '{start.name}' in {folder}: write {files}{repository}"
    return Shown(document, Prose(text), [*_left(start.left), *_script_notes(start), NOT_CHANGED])


def begun(folder: Path, start: Start, done: Begun) -> Shown:
    """What was written, what is not as it should be, and what to type next."""
    from pennsieve_agent.console.check_documents import finding_document

    document = _document(folder, start) | {
        "changed": bool(done.written),
        "written": list(done.written),
        "left": list(done.left),
        "commit": done.git.commit or None,
        "tag": _tag() if done.git.commit else None,
        "git_problem": done.git.problem or None,
        "uncommitted": list(done.uncommitted),
        "findings": [finding_document(finding) for finding in done.findings],
    }
    rows = list(_rows(done.written))
    table = Table(["FILE", Column("WHAT", Cut.WRAP)], rows)
    said = f"Made workflow '{start.name}' in {folder}"
    head = Prose(said if rows else f"Workflow '{start.name}' in {folder} has all of its files")
    return Shown(document, [head, table] if rows else head, list(_notes(folder, start, done)))


def _tag() -> str:
    from pennsieve_agent.services.new_workflow.begin import TAG

    return TAG


def _rows(written: Sequence[str]) -> Iterator[list[str]]:
    """The files in the order in which one looks at them; test data is one row."""
    yield from ([path, meaning] for path, meaning in _MEANINGS.items() if path in written)
    data = [path for path in written if path not in _MEANINGS]
    if data:
        yield [_TEST_DATA, f"test data: {plural(len(data), 'file')}"]


def _document(folder: Path, start: Start) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "name": start.name,
        "language": start.language.value.lower(),
        "script": start.script.path if start.script else None,
        "left": list(start.left),
        "parameters": [str(about["name"]) for about in start.settings.parameters],
        "secrets": list(start.settings.secrets),
        "packages": list(start.packages),
        "commit": None,
        "tag": None,
        "git_problem": None,
        "uncommitted": [],
        "findings": [],
        "next": list(_next(folder, start)),
    }


def _notes(folder: Path, start: Start, done: Begun) -> Iterator[str]:
    yield from _left(done.left)
    yield from _script_notes(start)
    yield from _git_notes(folder, done)
    for finding in done.findings:
        if finding.rule.level.value != "note":
            yield f"{finding.rule.level.value}: {finding} ({finding.rule.why}); {finding.how}"
    labels = ("next:", *("then:" for _ in range(3)))
    for label, line in zip(labels, _next(folder, start), strict=False):
        yield f"{label} {line}"


def _left(paths: tuple[str, ...]) -> Iterator[str]:
    if paths:
        yield f"these files exist and are not changed: {_some(paths)}"


def _script_notes(start: Start) -> Iterator[str]:
    script = start.script
    if script is None:
        return
    if "Dockerfile" in start.files:
        shown = script.command[-1] if script.words else shlex.join(script.command)
        yield f"a run starts {script.path}: {shown.removeprefix('exec ')}"
    if script.is_open:
        yield (
            f"{script.path} reads neither INPUT_DIR and OUTPUT_DIR nor a command line that can be "
            "recognised: let it read its files from the folder INPUT_DIR and write to OUTPUT_DIR, "
            "two "
            "environment variables"
        )
    if start.settings.parameters:
        names = tuple(str(about["name"]) for about in start.settings.parameters)
        yield f"parameters, from the variables that it reads: {_some(names)}; see app.yml"
    for name in start.settings.secrets:
        yield f"{name} is a secret: pennsieve secret set NODE {name}"
    if start.packages and {"requirements.txt", "Dockerfile"} & start.files.keys():
        yield f"packages, from what it imports: {_some(start.packages)}{_pin(start)}"
    if not start.has_test_data:
        yield "put small files to try it on into data/input: 'workflow test' runs on them"


def _pin(start: Start) -> str:
    if "requirements.txt" not in start.files:
        return ""
    return "; write their versions into requirements.txt"


def _git_notes(folder: Path, done: Begun) -> Iterator[str]:
    if done.git.commit:
        yield f"committed to a new git repository as {_tag()} ({done.git.commit[:7]})"
    if done.git.problem:
        yield f"nothing was committed: {done.git.problem}"
        if "who you are" in done.git.problem:
            yield "tell it: git config --global user.name NAME; git config --global user.email MAIL"
        at = _at(folder)
        yield f"then: git {at}add . && git {at}commit -m first && git {at}tag {_tag()}"
    if done.is_in_repository and done.written:
        names = shlex.join(sorted({path.partition("/")[0] for path in done.written}))
        at = _at(folder)
        yield f"commit them: git {at}add {names} && git {at}commit -m 'Begin a workflow'"
        if any(finding.rule.id == "git-no-tag" for finding in done.findings):
            yield f"and make a version: git {at}tag {_tag()}"
    if done.uncommitted:
        yield (
            f"not in the commit: {_some(done.uncommitted)}; if the program needs one of these, "
            "add it with: git add FILE"
        )


def _at(folder: Path) -> str:
    """What lets git work in the folder, where that is not the current one."""
    return "" if str(folder) == "." else f"-C {shlex.quote(str(folder))} "


def _next(folder: Path, start: Start) -> Iterator[str]:
    place = shlex.quote(str(folder))
    data = "" if start.has_test_data else " --input FOLDER"
    yield f"pennsieve workflow test {place}{data}"
    yield f"pennsieve workflow add {place}"
    yield f"pennsieve run start --workflow {shlex.quote(start.name)} --dataset DATASET"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
