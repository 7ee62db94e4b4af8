"""``run retry --from``: whether the finished steps of a run can be taken over, or why not."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.errors import UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.repeats import GoesOn
    from pennsieve_agent.domain.runs import Run, RunDetails
    from pennsieve_agent.services.runs.all_runs import Located


def goes_on(located: Located | LocatedBatch, step: str) -> GoesOn:
    """The run whose steps are taken over. Its node has the last word.

    Raises:
        UnknownName: there is no such step.
        UsageProblem: nothing that the steps made is there.
    """
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.repeats import GoesOn

    if isinstance(located, LocatedBatch):
        names = [one.id for one in located.batch.steps]
        _check_name("batch", step, names)
        raise _refusal(located.batch.name, step, _OF_BATCH)
    run = located.run
    _check_name("run", step, [one.id for one in run.steps])
    if why := _why_not(run):
        raise _refusal(run.label, step, why)
    return GoesOn(run.uuid, step)


_OF_BATCH = "what the steps of a batch's runs made is deleted when each of them ends"


def _why_not(run: Run) -> str:
    """Why nothing can be taken over; empty where the node may do it."""
    from pennsieve_agent.domain.runs import RunStatus

    details = run.details
    if details is None:
        return "it ran on a compute node that Pennsieve runs, which keeps nothing that steps made"
    if details.batch_id:
        return _OF_BATCH
    if not run.limits.keep_steps:
        return (
            "what its steps made was deleted when it ended, as it was started without --keep-steps"
        )
    # That a run goes on or succeeded is said of every run that is retried.
    if not run.status.is_final or run.status is RunStatus.SUCCEEDED:
        return ""
    return _why_not_kept(run, details)


def _why_not_kept(run: Run, details: RunDetails) -> str:
    if not details.kept_until:
        return "none of its steps had finished, so nothing was kept"
    if details.files_of == run.uuid:
        return f"what its steps made was kept for {run.limits.keep_steps} days, which are over"
    if details.files_of:
        return f"run {details.files_of} goes on with what its steps made; retry that one"
    return ""


def _check_name(what: str, step: str, names: list[str]) -> None:
    if step not in names:
        raise UnknownName(
            f"the {what} has no step '{step}'", hint=f"its steps are: {', '.join(names)}"
        )


def _refusal(name: str, step: str, why: str) -> UsageProblem:
    return UsageProblem(
        f"'{name}' cannot go on from step '{step}': {why}",
        hint=f"start all steps again: pennsieve run retry {quote(name)}",
    )
