"""Starting a run again as it was: what it was started with, and what differs today. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, StepCode

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

SHORT_COMMIT = 10
_MOST_NAME = 64
_NUMBERED = re.compile(r"(.+)-(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Again:
    """What an earlier run was started with.

    ``label`` is what it is called, ``node`` and ``workflow`` are ids, ``version`` is that of the
    workflow on an own node, empty elsewhere. ``code`` is what its steps ran, as far as a receipt
    tells. Its ``files`` are by path.
    """

    run: str
    label: str
    node: str = ""
    workflow: str = ""
    version: str = ""
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    code: Mapping[str, StepCode] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()


@dataclass(frozen=True, slots=True)
class GoesOn:
    """An earlier run whose finished steps are taken over, and the first step that is repeated."""

    run: str
    step: str

    def document(self) -> dict[str, str]:
        """As the start document of a node has it."""
        return {"run": self.run, "step": self.step}


@dataclass(frozen=True, slots=True)
class RowAgain:
    """What a subject of an earlier batch was started with."""

    subject: str
    files: tuple[DataFile, ...] = ()
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchAgain:
    """What an earlier batch was started with; ids as those of a run.

    ``versions`` are as a command line has them. The parameters of its rows are whole: those of all
    runs, and over them the row's own.
    """

    batch: str
    name: str
    dataset: str
    node: str
    workflow: str
    rows: tuple[RowAgain, ...]
    versions: tuple[str, ...] = ()
    limits: RunLimits = NO_LIMITS
    layout: str = ""


class PresentFiles:
    """The files that are in a dataset now, to find those among them that a run read before.

    A file is known by its package, as people rename files, and else by its path.
    """

    def __init__(self, present: Iterable[DataFile]) -> None:
        """All of them are read once."""
        self._places: dict[tuple[str, str], DataFile] = {}
        self._packages: dict[str, list[DataFile]] = {}
        self._paths: dict[str, DataFile] = {}
        for file in present:
            self._places[(file.package_id, file.path)] = file
            self._packages.setdefault(file.package_id, []).append(file)
            self._paths[file.path] = file

    def same(self, before: Iterable[DataFile]) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
        """Those that a run read ``before``, and what differs, in sentences."""
        chosen, words = [], []
        for file in before:
            alone = self._packages.get(file.package_id, ())
            now = self._places.get((file.package_id, file.path))
            now = now or (alone[0] if len(alone) == 1 else self._paths.get(file.path))
            if now is None:
                words.append(f"'{file.path}' is not in the dataset any more")
                continue
            chosen.append(now)
            if now.path != file.path:
                words.append(f"'{file.path}' is called '{now.path}' now")
            if file.checksum and now.checksum == file.checksum:
                continue  # the same content, perhaps in a copy of the dataset
            is_other = now.package_id != file.package_id
            if is_other or (file.checksum and now.checksum != file.checksum):
                words.append(f"'{file.path}' was replaced by another file")
            elif file.size is not None and now.size != file.size:
                words.append(f"'{file.path}' was changed: it had {file.size} bytes")
        return tuple(chosen), tuple(words)


def same_files(
    before: Iterable[DataFile], present: Sequence[DataFile]
) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    """Those of the ``present`` files that a run read ``before``, and what differs."""
    return PresentFiles(present).same(before)


def same_code(before: Mapping[str, StepCode], present: Mapping[str, StepCode]) -> tuple[str, ...]:
    """What differs between the code that steps ran and that which they would run, in sentences."""
    words = []
    for step, code in before.items():
        now = present.get(step)
        if now is None:
            words.append(f"the workflow has no step '{step}' any more")
        elif code.commit and now.commit != code.commit:
            here = now.commit[:SHORT_COMMIT] or "another one"
            there = code.commit[:SHORT_COMMIT]
            words.append(f"the code of step '{step}' is {here}; it was {there}")
        elif code.digest and now.digest.rpartition("@")[2] != code.digest:
            words.append(f"the image of step '{step}' is another one, built from the same commit")
    return tuple(words)


def same_parameters(
    workflow: Workflow, before: Mapping[str, Mapping[str, str]], *, is_same: bool
) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """The parameters of a run that a version takes today, and those that it does not, in sentences.

    ``is_same`` says that it is the version of that run, which took all of them.
    """
    chosen: dict[str, dict[str, str]] = {}
    words = []
    steps = {step.id: step for step in workflow.processors}
    is_open = is_same or not any(step.parameters for step in steps.values())
    for step, values in before.items():
        known = {one.name for one in steps[step].parameters} if step in steps else set()
        for name, value in values.items():
            if name in known or (is_open and step in steps):
                chosen.setdefault(step, {})[name] = value
            else:
                words.append(f"the workflow has no parameter '{name}' of step '{step}' any more")
    return chosen, tuple(words)


def undeclared_in(workflow: Workflow, parameters: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a step that declares its parameters gets one that it does not declare."""
    declared = {step.id: {one.name for one in step.parameters} for step in workflow.processors}
    return any(declared.values()) and any(
        set(values) - declared.get(step, set()) for step, values in parameters.items()
    )


def next_name(name: str, known: Collection[str]) -> str:
    """What the next attempt of a run is called: ``name-2``, and after that ``name-3``.

    ``known`` are the names of the runs that there are: ``name-2`` is a second attempt only where
    ``name`` is one of them.
    """
    match = _NUMBERED.fullmatch(name)
    root, number = name, 1
    if match and match[1] in known:
        root, number = match[1], int(match[2])
    ending = f"-{number + 1}"
    return f"{root[: _MOST_NAME - len(ending)]}{ending}"
