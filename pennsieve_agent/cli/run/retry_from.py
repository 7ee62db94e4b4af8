"""``run retry --from``: whether the finished steps of a run can be taken over, or why not."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.errors import UnknownName, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pennsieve_agent.domain.repeats import GoesOn
    from pennsieve_agent.domain.runs import Run, RunDetails
    from pennsieve_agent.services.runs.run_request import Prepared


def goes_on(run: Run, step: str) -> GoesOn:
    """The run whose steps are taken over. Its node has the last word.

    Raises:
        UnknownName: there is no such step.
        UsageProblem: nothing that the steps made is there.
    """
    from pennsieve_agent.domain.repeats import GoesOn

    check_step("run", step, (one.id for one in run.steps))
    if why := _why_not(run):
        raise refusal(run.label, step, why)
    return GoesOn(run.uuid, step)


def check_step(what: str, step: str, steps: Iterable[str]) -> None:
    """Refuse a step that a run or batch does not have.

    Raises:
        UnknownName: it has none of this name.
    """
    names = list(steps)
    if step not in names:
        raise UnknownName(
            f"the {what} has no step '{step}'", hint=f"its steps are: {', '.join(names)}"
        )


def refusal(name: str, step: str, why: str) -> UsageProblem:
    """The error where nothing can be taken over."""
    return UsageProblem(
        f"'{name}' cannot go on from step '{step}': {why}",
        hint=f"start all steps again: pennsieve run retry {quote(name)}",
    )


def check_input(ready: Prepared, name: str) -> None:
    """Refuse to go on with what was made of other files than those that are there today.

    Raises:
        UsageProblem: the input has changed.
    """
    if ready.goes_on is None or not (changes := ready.input.changes):
        return
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    raise refusal(name, ready.goes_on.step, f"its input has changed since: {changes[0]}{more}")


PENNSIEVES = "it ran on a compute node that Pennsieve runs, which keeps nothing that steps made"


def _why_not(run: Run) -> str:
    """Why nothing can be taken over; empty where the node may do it."""
    from pennsieve_agent.domain.runs import RunStatus

    details = run.details
    if details is None:
        return PENNSIEVES
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
