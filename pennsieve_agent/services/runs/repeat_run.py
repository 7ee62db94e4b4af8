"""Starting a run again as it was, and finding the run that did the same before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from pennsieve_agent.domain.repeats import Again, next_name
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.run_results import own_folder, target_folders
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, RunStatus
from pennsieve_agent.errors import Conflict

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.runs.run_request import RunOptions


def repeated(located: Located, typed: RunOptions) -> RunOptions:
    """The options that start a run again: what was ``typed`` beside it wins."""
    run = located.run
    version = run.details.workflow_version if run.details else ""
    again = Again(
        run.uuid,
        run.label,
        node=run.node_uuid,
        workflow=run.workflow_uuid,
        version=version,
        parameters=run.parameters,
        files=located.backend.input(run).files or (),
    )
    return replace(
        typed,
        dataset=typed.dataset or run.dataset_id,
        workflow=typed.workflow or run.workflow_uuid,
        node=typed.node or run.node_uuid,
        limits=limits_over(run.limits, typed.limits),
        versions=typed.versions or (() if typed.workflow else tuple(filter(None, (version,)))),
        layout=typed.layout or (run.details.layout if run.details else ""),
        again=again,
    )


def limits_over(before: RunLimits, typed: RunLimits) -> RunLimits:
    """The limits that a run had, and over them the typed ones."""
    values = {one.name: getattr(typed, one.name) for one in fields(RunLimits)}
    return replace(before or NO_LIMITS, **{name: value for name, value in values.items() if value})


def retried(located: Located, typed: RunOptions) -> RunOptions:
    """The options of another attempt of a run: named after it, into its folder if that is empty.

    Whoever was told of the end of the first by mail is told of this one, too.

    Raises:
        Conflict: the run goes on or succeeded, or somebody has started it again already.
    """
    run = located.run
    if not run.status.is_final:
        raise Conflict(
            f"run '{run.label}' is {run.status.label}; only runs that failed or were cancelled "
            "can be retried",
            hint=f"wait for its end: pennsieve run wait {run.typed}",
        )
    if run.status is RunStatus.SUCCEEDED:
        raise Conflict(
            f"run '{run.label}' succeeded; only runs that failed or were cancelled can be retried",
            hint=f"to run the same again: pennsieve run start --repeat {run.typed}",
        )
    known = _names(located)
    name = next_name(run.label, known)
    if name in known:
        raise taken(run, name)
    address = (
        run.details.mail.to if run.details is not None and run.details.mail is not None else ""
    )
    again = replace(typed, name=name, folder=_folder(located, name), mail=typed.mail or address)
    return repeated(located, again)


def is_taken(located: Located, name: str) -> bool:
    """Whether there is a run of this name by now, beside the one that is located."""
    return name in _names(located)


def _names(located: Located) -> set[str]:
    query = RunQuery(dataset=located.run.dataset_id)
    return {run.name for run in located.backend.newest(query)}


def taken(run: Run, name: str) -> Conflict:
    """The error where another attempt of a run has been started already."""
    return Conflict(
        f"run '{run.label}' was started again already, as '{name}'",
        hint=f"see it with: pennsieve run show {name}",
    )


def _folder(located: Located, name: str) -> str:
    """Where the results go: to the folder of the run before, where it delivered nothing."""
    run = located.run
    before = {run.details.folder} if run.details and run.details.folder else target_folders(run)
    if len(before) == 1 and not located.backend.outputs(run):
        return next(iter(before))
    return own_folder(name)


def done(backend: RunBackend, workflow: str, dataset: str) -> Mapping[str, Run]:
    """The newest run of a workflow on a dataset that succeeded, by fingerprint."""
    query = RunQuery(status=RunStatus.SUCCEEDED, workflow=workflow, dataset=dataset)
    runs = reversed(backend.newest(query))
    return {run.details.fingerprint: run for run in runs if run.details and run.details.fingerprint}
