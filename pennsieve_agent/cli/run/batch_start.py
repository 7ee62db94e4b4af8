"""``pennsieve run start --each``, ``--each-file`` or ``--csv``: many runs, one for each subject."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_places, mail_options, places
from pennsieve_agent.cli.run.at_end import NOBODY, AtEnd
from pennsieve_agent.console.shown import NOTHING, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from pennsieve_agent.cli.run.batch_options import BatchOptions
    from pennsieve_agent.cli.run.following import Mode
    from pennsieve_agent.services.batches.csv_table import CsvTable
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch, Typed
    from pennsieve_agent.services.runs.run_request import HandOver, RunOptions
    from pennsieve_agent.settings.started_batches import OpenBatch


def start_batch(
    context: Context,
    request: RunOptions,
    options: BatchOptions,
    hand_over: HandOver | None,
    *,
    ends: Ends,
) -> Iterator[Shown]:
    """Start a batch or go on with one, and follow it to its end if that was asked for.

    Raises:
        UsageProblem: something cannot be used; of subjects, all that is wrong is told.
        RunFailed: a run failed, was cancelled or left out.
        StillRunning: the time was up.
    """
    from pennsieve_agent.cli.run import batch_send

    if options.resume is not None:
        batch: OpenBatch | Shown = batch_send.resume(context, options.resume)
    else:
        batch = _begun(context, request, options, hand_over, dry_run=ends.dry_run)
    if isinstance(batch, Shown):
        yield batch
        return
    shown = batch_send.send(context, batch, parallel=options.parallel)
    if ends.mode is None:
        yield shown
        return
    yield replace(shown, document=NOTHING)
    yield from ends.follow(context, batch_places.find(context, batch.kept.id))


@dataclass(frozen=True, slots=True)
class Ends:
    """How a command ends: with the plan, with the start, or with the end of all runs.

    ``mode`` says what is shown until then, ``timeout`` is in seconds, ``telling`` who is told.
    """

    mode: Mode | None = None
    timeout: float | None = None
    dry_run: bool = False
    telling: AtEnd = NOBODY

    def follow(self, context: Context, located: batch_places.LocatedBatch) -> Iterator[Shown]:
        """Follow a batch to its end, as ``mode`` says.

        Raises:
            RunFailed: a run failed, was cancelled or left out.
            StillRunning: the time was up.
        """
        from pennsieve_agent.cli.run import batch_following, batch_watch
        from pennsieve_agent.cli.run.following import Mode

        if self.mode is Mode.WATCH:
            yield from batch_watch.watch(context, located, self.timeout, self.telling)
            return
        yield from batch_following.to_end(
            context,
            located,
            show=self.mode is Mode.LINES,
            timeout=self.timeout,
            at_end=self.telling,
        )


def _begun(
    context: Context,
    request: RunOptions,
    options: BatchOptions,
    hand_over: HandOver | None,
    *,
    dry_run: bool,
) -> OpenBatch | Shown:
    """Check all runs of a batch and write it down; the plan with ``dry_run``."""
    from pennsieve_agent.cli.run import batch_plan, estimate_views, repeat_views, start_views
    from pennsieve_agent.services.batches import start_batch as starting

    typed, digest = _typed(request, options)
    ready, typed, check = _prepared(context, typed, hand_over, dry_run=dry_run)
    repeat_views.note_differences(context, ready.first)
    if options.skip_done:
        ready = repeat_views.without_done(context, ready)
    if dry_run:
        check(ready)
        estimate_views.note_batch(context, ready)
        return batch_plan.plan(ready)
    if not ready.runs:
        return repeat_views.all_done(ready)
    start_views.note_files(context, ready.first.input, ready.first.folder)
    words = starting.command_of(ready, _words(typed, digest))
    node = ready.first.request.node_uuid
    journal = batch_places.journal(context)
    if (batch := journal.unanswered(words, node)) is not None:
        context.streams.note(
            f"the same command was not finished before; going on with batch '{batch.kept.name}' "
            f"({batch.kept.id})"
        )
    else:
        check(ready)
        mail_options.ask(context, ready.first)
        estimate_views.note_batch(context, ready)
        own = ready.own_node is not None
        batch = journal.begin(
            words, node, ready.name, own=own, make=lambda id_: _document(context, ready, id_)
        )
    if limits := batch_plan.limits_of(ready):
        context.streams.note(f"limits: {limits}")
    if kept := batch_plan.kept_words(ready):
        context.streams.note(f"steps are kept {kept}")
    if estimate := estimate_views.sentence(ready.estimate()):
        context.streams.note(estimate)
    if ready.own_node is None:
        start_views.warn_pennsieve_node(context, ready.first.node.name)
    return batch


def _typed(request: RunOptions, options: BatchOptions) -> tuple[Typed, str]:
    """What was typed, with the table that was read and its digest."""
    from pennsieve_agent.domain.batches import PARALLEL
    from pennsieve_agent.services.batches.prepare_batch import Typed
    from pennsieve_agent.services.batches.selection import Choice

    table, digest, fault = None, "", None
    if options.csv:
        try:
            table, digest = _table(options.csv)
        except UsageProblem as error:  # told with all else that is wrong
            fault = error
    choice = Choice(
        folders=options.per_folder or "",
        single_files=options.per_file or "",
        table=table,
        table_name=str(options.csv or ""),
        patterns=request.files,
        settings=request.parameters,
        again=options.again,
    )
    parallel = PARALLEL if options.parallel is None else options.parallel
    return Typed(replace(request, parameters=()), choice, parallel, fault), digest


def _table(path: Path) -> tuple[CsvTable, str]:
    from pennsieve_agent.services.batches.csv_table import read_table

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageProblem(
            f"'{path}' cannot be read: {error.strerror or 'the system refused'}",
            hint="--csv is a file of this machine with a column 'subject'",
        ) from None
    return read_table(data, str(path)), hashlib.sha256(data).hexdigest()


def _prepared(
    context: Context, typed: Typed, hand_over: HandOver | None, *, dry_run: bool
) -> tuple[PreparedBatch, Typed, Any]:
    """The batch with everything checked, and what refuses a taken name or a hindered node.

    Between them what was typed, with the answers to questions.
    """
    from functools import partial

    from pennsieve_agent.cli.run import estimate_views, start_views
    from pennsieve_agent.cli.run.missing_answers import with_answers
    from pennsieve_agent.services.batches import prepare_batch
    from pennsieve_agent.services.runs.hindrances import refuse_hindered

    earlier = places.earlier_runs(context)
    around = prepare_batch.Surroundings(
        context.platform, context.own_nodes, context.node_calls, earlier, context.now(), hand_over
    )

    def with_settings(request: RunOptions) -> Typed:
        return replace(typed, choice=replace(typed.choice, settings=request.parameters))

    ready, request = with_answers(
        context,
        lambda request: prepare_batch.prepare(around, with_settings(request)),
        replace(typed.options, parameters=typed.choice.settings),
        dry_run=dry_run,
        what="batch",
    )
    typed = with_settings(request)
    first = ready.first
    common = ready.runs[0].parameters
    start_views.note_undeclared(context, first.request.workflow, common)
    start_views.note_coming_files(context, first.dataset, typed.choice.base)

    def check(ready: PreparedBatch) -> None:
        over = partial(estimate_views.refuse_batch, ready)
        refuse_hindered(earlier, first, typed.options, "batch", over)

    return ready, typed, check


def _words(typed: Typed, digest: str) -> dict[str, Any]:
    """What was typed, as the journal tells two commands apart."""
    from pennsieve_agent.services.runs.start_run import limits_document

    options, choice = typed.options, typed.choice
    return {
        "each": choice.folders,
        "each_file": choice.single_files,
        "csv": digest,
        "files": sorted(choice.patterns),
        "parameters": sorted(choice.settings),
        "include_results": options.include_results,
        "name": options.name,
        "layout": options.layout,
        "limits": limits_document(options.limits),
        "undeclared": options.undeclared,
        **({"versions": sorted(options.versions)} if options.versions else {}),
        **({"again": choice.again.batch} if choice.again else {}),
        "parallel": typed.parallel,
        **({"mail": options.mail} if options.mail else {}),
    }


def _document(context: Context, ready: PreparedBatch, batch_id: str) -> dict[str, Any]:
    from pennsieve_agent.console import documents
    from pennsieve_agent.services.batches import pennsieve_document, start_batch

    if ready.own_node is not None:
        return start_batch.document(ready, batch_id)
    return pennsieve_document.document(
        ready, batch_id, documents.milliseconds(round(context.now() * 1000))
    )
