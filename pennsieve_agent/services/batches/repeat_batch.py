"""Starting a batch again as it was: its subjects, with the files and parameters they had."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.repeats import (
    BatchAgain,
    PresentFiles,
    RowAgain,
    same_parameters,
)
from pennsieve_agent.domain.run_results import Input
from pennsieve_agent.domain.runs import RunLimits
from pennsieve_agent.services.batches.problems import refuse
from pennsieve_agent.services.batches.subjects import Subject
from pennsieve_agent.services.runs.repeat_run import limits_over

if TYPE_CHECKING:
    from pennsieve_agent.domain.batches import Batch
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.run_request import RunOptions

Json = Mapping[str, Any]
Parameters = Mapping[str, Mapping[str, str]]


def repeated_batch(again: BatchAgain, typed: RunOptions) -> RunOptions:
    """The options that start a batch again: what was ``typed`` beside it wins."""
    return replace(
        typed,
        dataset=typed.dataset or again.dataset,
        workflow=typed.workflow or again.workflow,
        node=typed.node or again.node,
        limits=limits_over(again.limits, typed.limits),
        versions=typed.versions or (() if typed.workflow else again.versions),
        layout=typed.layout or again.layout,
    )


def of_node(batch: Batch, node: str, pages: Iterable[Json]) -> BatchAgain:
    """A batch of an own node, from the pages of ``GET /batches/ID/start``.

    Raises:
        ValueError, TypeError, AttributeError, KeyError: they are something else.
    """
    rows = tuple(
        RowAgain(
            str(row["subject"]),
            tuple(
                DataFile(
                    str(file["package"]),
                    str(file["path"]),
                    file.get("size"),
                    str(file.get("checksum") or ""),
                )
                for file in row.get("files") or ()
            ),
            merged(page["parameters"], row.get("parameters") or {}),
        )
        for page in pages
        for row in page["runs"]
    )
    version = batch.workflow.get("version", "")
    return BatchAgain(
        batch.id,
        batch.name,
        batch.dataset,
        node,
        batch.workflow["id"],
        rows,
        versions=(version,) if version else (),
        limits=limits_of(batch.limits),
        layout=batch.layout,
    )


def of_journal(batch_id: str, name: str, document: Json) -> BatchAgain:
    """A batch that this machine sent to a node of Pennsieve's."""
    rows = tuple(
        RowAgain(
            row["subject"],
            tuple(DataFile(package, path, size) for path, package, size in row["files"]),
            row["parameters"],
        )
        for row in document["runs"]
    )
    return BatchAgain(
        batch_id,
        name,
        document["dataset"],
        document["node"]["id"],
        document["workflow"]["id"],
        rows,
        versions=tuple(document.get("versions") or ()),
    )


def limits_of(document: Json) -> RunLimits:
    """The limits of protocol 1."""
    return RunLimits(
        max_cost=float(document.get("maxCost") or 0),
        seconds=int(document.get("timeoutSeconds") or 0),
        spot=bool(document.get("spot")),
        retries=int(document.get("retries") or 0),
        memory_on_oom=float(document.get("memoryOnOom") or 0),
        keep_steps=int(document.get("keepSteps") or 0),
    )


def merged(base: Parameters, over: Parameters) -> dict[str, dict[str, str]]:
    """Parameters by step, and over them others."""
    return {
        step: {**base.get(step, {}), **over.get(step, {})} for step in base.keys() | over.keys()
    }


def subjects_again(
    platform: Platform, dataset: str, again: BatchAgain, folder: str
) -> tuple[tuple[Subject, ...], Input]:
    """The subjects with those of their files that are in the dataset, whatever wrote them.

    The input says what differs.

    Raises:
        UsageProblem: of some, no file is there any more; all are named.
    """
    files = list(platform.datasets.files(dataset))
    present, subjects = PresentFiles(files), list[Subject]()
    changes, faults = list[str](), list[str]()
    for row in again.rows:
        same, words = present.same(row.files)
        changes += [f"'{row.subject}': {one}" for one in words]
        if row.files and not same:
            faults.append(f"none of the files of '{row.subject}' is in the dataset any more")
        subjects.append(Subject(row.subject, same, values={"subject": row.subject}))
    refuse(
        faults,
        "some subjects have no files",
        hint="upload their files; or start a batch of the others with --each or --csv",
    )
    in_folder = sum(file.path.startswith(f"{folder}/") for file in files)
    return tuple(subjects), Input(in_folder=in_folder, changes=tuple(changes))


def changed_subjects(
    platform: Platform, again: BatchAgain, subjects: Collection[str]
) -> dict[str, str]:
    """Of these subjects, those whose files are others today, and the first thing that differs."""
    present = PresentFiles(platform.datasets.files(again.dataset))
    changed = {}
    for row in again.rows:
        if row.subject in subjects and (words := present.same(row.files)[1]):
            more = f", and {len(words) - 1} more" if len(words) > 1 else ""
            changed[row.subject] = f"its input has changed since: {words[0]}{more}"
    return changed


def parameters_again(
    workflow: Workflow, again: BatchAgain, *, is_same: bool
) -> tuple[dict[str, Parameters], tuple[str, ...]]:
    """The parameters that each subject had, as the workflow takes them; and what it does not take.

    ``is_same`` says that it is the version of the batch.
    """
    chosen, words = dict[str, Parameters](), dict[str, None]()
    for row in again.rows:
        chosen[row.subject], dropped = same_parameters(workflow, row.parameters, is_same=is_same)
        words |= dict.fromkeys(dropped)
    return chosen, tuple(words)
