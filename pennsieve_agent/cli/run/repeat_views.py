"""What is said of runs that are started again, or left out because they were done before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions

_MOST_NOTES = 10


def note_differences(context: Context, ready: Prepared) -> None:
    """Say what is not as it was in the run that is started again."""
    for words in ready.differences[:_MOST_NOTES]:
        context.streams.note(words)
    if (more := len(ready.differences) - _MOST_NOTES) > 0:
        context.streams.note(f"and {more} more differences; --dry-run --json has all")


def from_receipt(context: Context, place: str, typed: RunOptions) -> RunOptions:
    """The options that start the run of a receipt again; what is different here is said."""
    from pennsieve_agent.cli.run import receipt_files
    from pennsieve_agent.services.runs.repeat_receipt import Here, repeated_receipt
    from pennsieve_agent.services.workflows.node_workflows import workflows_on

    receipt, unchanged = receipt_files.load(place)
    if not unchanged:
        context.streams.note(receipt_files.edited(place))
    platform, own = context.platform, context.own_nodes
    theirs = platform.compute.nodes(platform.workspace_id())
    workflows = {one.uuid: one.name for one in platform.workflows.list(platform.workspace_id())}
    for node in own:
        if typed.node in {None, node.name, node.token}:
            rows = workflows_on(node, context.node_calls(node))
            workflows |= {row.uuid: row.name for row in rows}
    here = Here(
        context.profile.hosts.api,
        context.identity.workspace,
        nodes={*(one.uuid for one in theirs), *(one.token for one in own)},
        own={*(one.token for one in own), *(one.name for one in own)},
        workflows=workflows,
    )
    options, notes = repeated_receipt(receipt, place, typed, here)
    for note in notes:
        context.streams.note(note)
    return options


def done_before(context: Context, ready: Prepared) -> Run | None:
    """The run that did the same with the same, and succeeded.

    Raises:
        UsageProblem: nobody can tell.
    """
    return _before(context, ready, has_fingerprint=bool(ready.fingerprint)).get(ready.fingerprint)


def without_done(context: Context, ready: PreparedBatch) -> PreparedBatch:
    """A batch without what was done before, which is said.

    Raises:
        UsageProblem: nobody can tell.
    """
    from pennsieve_agent.console.words import plural
    from pennsieve_agent.services.batches import leave_out_done

    open_ = not ready.document.get("needsPennsieve")
    before = _before(context, ready.first, has_fingerprint=open_)
    count = len(ready.runs)
    ready = leave_out_done.without_done(ready, before)
    if ready.done:
        words = plural(len(ready.done), "subject")
        context.streams.note(f"left out: {words} of {count} that were done before")
    return ready


def _before(context: Context, ready: Prepared, *, has_fingerprint: bool) -> Mapping[str, Run]:
    """The runs that succeeded, by fingerprint."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.services.runs.repeat_run import done

    if ready.own_node is None:
        raise UsageProblem(
            f"compute node '{ready.node.name}' is run by Pennsieve, which does not record the "
            "code and files of a run",
            hint="leave out --skip-done, or use a node of your own with: --node NAME",
        )
    if not has_fingerprint:
        raise UsageProblem(
            f"workflow '{ready.request.workflow.name}' can read everything that its key gives "
            "access to, so no run is known to be the same as an earlier one",
            hint="leave out --skip-done",
        )
    backend = places.backend_of(context, ready.own_node)
    return done(backend, ready.request.workflow.uuid, ready.dataset.id)


def all_done(ready: PreparedBatch) -> Shown:
    """All subjects were done before, so nothing is started."""
    from pennsieve_agent.cli.run import batch_plan
    from pennsieve_agent.console.words import plural

    shown = batch_plan.plan(ready)
    count = len(ready.done)
    words = f"{plural(count, 'subject')} {'was' if count == 1 else 'were'} done before"
    words = f"Nothing is left to do: {words}"
    return Shown(shown.document, words, ["nothing was started (--skip-done)"])


def skipped(run: Run) -> Shown:
    """A run did this before, so nothing is started."""
    from pennsieve_agent.console import documents

    when = f" ({run.completed_at})" if run.completed_at else ""
    return Shown(
        documents.run(run),
        f"Run '{run.label}' did this already{when}",
        notes=["nothing was started (--skip-done)", f"see it: pennsieve run show {run.typed}"],
    )
