"""Starting a run again from its receipt, in one's own account, also by somebody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from shlex import join, quote
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.receipt.form import BATCH, Json, Receipt
from pennsieve_agent.domain.repeats import Again
from pennsieve_agent.domain.runs import RunLimits, StepCode
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.runs.repeat_run import limits_over
from pennsieve_agent.services.workflows.registered_code import HIDDEN

if TYPE_CHECKING:
    from pennsieve_agent.domain.profile import Workspace
    from pennsieve_agent.services.runs.run_request import RunOptions


@dataclass(frozen=True, slots=True)
class Here:
    """Where a receipt is repeated: the address of Pennsieve's API, the workspace, what is there.

    ``nodes`` are ids of all compute nodes, ``own`` ids and names of own ones. ``workflows`` are
    names by id.
    """

    host: str
    workspace: Workspace
    nodes: Collection[str]
    own: Collection[str]
    workflows: Mapping[str, str]


def repeated_receipt(
    receipt: Receipt, place: str, typed: RunOptions, here: Here
) -> tuple[RunOptions, tuple[str, ...]]:
    """The options that start a receipt's run again, and what is different, in sentences.

    ``place`` is the receipt's file. What was ``typed`` beside it wins.

    Raises:
        UsageProblem: it is that of a batch, does not say what it read, or is of another workspace,
            and what is needed there was not typed; the hint says what must be done first.
    """
    _check(receipt, typed)
    is_other = receipt["workspace"].get("id") not in {None, here.workspace.id}
    if receipt["host"] != here.host or (is_other and not typed.dataset):
        raise _elsewhere(receipt, place, here)
    node = typed.node or _known(receipt["node"].get("id"), here.nodes)
    is_own = node in here.own if node else bool(here.own)
    options = replace(
        typed,
        dataset=typed.dataset or str(receipt["dataset"].get("id") or ""),
        workflow=typed.workflow or _workflow(receipt, place, typed, here),
        node=node,
        versions=typed.versions or _versions(receipt, typed, is_own=is_own),
        # A node that Pennsieve runs keeps neither, and refuses them.
        limits=limits_over(_limits(receipt), typed.limits) if is_own else typed.limits,
        layout=typed.layout or (str(receipt.get("layout") or "") if is_own else ""),
        again=_again(receipt),
    )
    return options, tuple(_notes(receipt, here, node=node, is_other=is_other))


def _check(receipt: Receipt, typed: RunOptions) -> None:
    if receipt["kind"] == BATCH:
        raise UsageProblem(
            f"the receipt is that of the batch '{receipt['name']}', and --repeat starts one run",
            hint=f"start all of it with: pennsieve run start --repeat {receipt['id']}; or one of "
            "its runs: subjects[].repeat in the receipt has the commands",
        )
    if receipt["inputs"].get("files") is None and not (typed.files or typed.input_runs):
        raise UsageProblem(
            f"the receipt of '{receipt['name']}' does not say which files the run read",
            hint="choose them with: --files 'PATTERN'",
        )


def _elsewhere(receipt: Receipt, place: str, here: Here) -> UsageProblem:
    """What must be registered and granted first, where the receipt is of somebody else."""
    workspace = receipt["workspace"]
    theirs = workspace.get("name") or workspace.get("id") or receipt["host"]
    if receipt["host"] != here.host:
        theirs = f"{theirs} on {receipt['host']}"
    name = receipt["workflow"].get("name") or "WORKFLOW"
    steps = [*_additions(receipt, name)]
    steps.append(join(["pennsieve", "dataset", "grant", name]) + " -d DATASET")
    steps.append(f"pennsieve run start --repeat {quote(place)} -d DATASET")
    data = receipt["dataset"].get("name") or receipt["dataset"].get("id")
    who = receipt["who"].get("email") or receipt["who"].get("name") or "its owner"
    ask = f"; ask {who} for dataset '{data}', or use a copy of its files" if data else ""
    return UsageProblem(
        f"the receipt is of workspace '{theirs}', and you are in workspace "
        f"'{here.workspace.name}'{ask}",
        hint="with the files in a dataset DATASET of yours, type first: " + "; then: ".join(steps),
    )


def _additions(receipt: Receipt, name: str) -> list[str]:
    """The command that registers the workflow, where one repository has it."""
    rows = {
        (step["source_url"], step.get("tag") or step.get("commit"))
        for step in receipt["steps"]
        if step.get("source_url")
    }
    if len(rows) != 1:
        return []
    ((address, version),) = rows
    if str(address).startswith(HIDDEN):
        # a folder or an address that the receipt keeps to itself: 'workflow add' cannot reach it
        add = f"pennsieve workflow add CODE --name {quote(name)}"
        return [f"{add} (CODE: the folder or address of its code; ask for it, {version})"]
    at = f"{address}@{version}" if version else str(address)
    return [join(["pennsieve", "workflow", "add", at, "--name", name])]


def _workflow(receipt: Receipt, place: str, typed: RunOptions, here: Here) -> str:
    """The workflow's id where it is known here, else the id of one of its name."""
    about = receipt["workflow"]
    id_, name = str(about.get("id") or ""), str(about.get("name") or "")
    if id_ in here.workflows:
        return id_
    if name in here.workflows.values():
        return name
    steps = [*_additions(receipt, name)]
    dataset = typed.dataset or receipt["dataset"].get("id") or "DATASET"
    steps.append(join(["pennsieve", "dataset", "grant", name, "-d", dataset]))
    steps.append(f"pennsieve run start --repeat {quote(place)}")
    raise UsageProblem(
        f"there is no workflow '{name}' in workspace '{here.workspace.name}'",
        hint="register it first: " + "; then: ".join(steps),
    )


def _versions(receipt: Receipt, typed: RunOptions, *, is_own: bool) -> tuple[str, ...]:
    version = receipt["workflow"].get("version")
    return (str(version),) if version and is_own and not typed.workflow else ()


def _known(id_: str | None, nodes: Collection[str]) -> str | None:
    return id_ if id_ in nodes else None


def _limits(receipt: Receipt) -> RunLimits:
    row: Json = receipt.get("limits") or {}
    return RunLimits(
        max_cost=row.get("max_cost_usd") or 0.0,
        seconds=row.get("seconds") or 0,
        spot=bool(row.get("spot")),
        retries=row.get("retries") or 0,
        memory_on_oom=row.get("memory_on_oom") or 0.0,
        keep_steps=row.get("keep_steps") or 0,
    )


def _again(receipt: Receipt) -> Again:
    files = receipt["inputs"].get("files") or ()
    return Again(
        str(receipt["id"]),
        str(receipt["name"]),
        node=str(receipt["node"].get("id") or ""),
        workflow=str(receipt["workflow"].get("id") or ""),
        version=str(receipt["workflow"].get("version") or ""),
        parameters=receipt["parameters"],
        code={
            step["id"]: StepCode(step.get("commit") or "", step.get("digest") or "")
            for step in receipt["steps"]
            if step.get("source_url")
        },
        files=tuple(
            DataFile(
                str(row.get("package_id") or ""),
                str(row["path"]),
                row.get("size"),
                str(row.get("checksum") or ""),
            )
            for row in files
        ),
    )


def _notes(receipt: Receipt, here: Here, *, node: str | None, is_other: bool) -> list[str]:
    notes = []
    before = receipt["node"]
    if before.get("id") != node:
        name = before.get("name") or before.get("id")
        where = f"on compute node '{name}'" if name else "on a person's machine"
        notes.append(f"the run was {where}, which is not where this one is")
    if is_other:
        notes.append(
            f"the run was in workspace '{receipt['workspace'].get('name')}', and this one is in "
            f"'{here.workspace.name}'"
        )
    return notes
