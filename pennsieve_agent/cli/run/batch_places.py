"""Where a command looks for batches, and whether a name is that of a run or of a batch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import places
from pennsieve_agent.domain.batches import run_name
from pennsieve_agent.errors import (
    Ambiguous,
    AwsError,
    NodeError,
    NotFound,
    PlatformError,
    UnknownName,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.batches import Batch
    from pennsieve_agent.services.batches.batch_backend import BatchBackend, BatchQuery
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.settings.started_batches import BatchJournal, KeptBatch

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LIST = "pennsieve run list --batches"


@dataclass(frozen=True, slots=True)
class LocatedBatch:
    """A batch, and where it is. ``kept`` is what the journal of this machine has of it."""

    batch: Batch
    backend: BatchBackend
    kept: KeptBatch | None = None


def journal(context: Context) -> BatchJournal:
    """The batches that this machine started."""
    from pennsieve_agent.settings.started_batches import FOLDER, BatchJournal

    return BatchJournal(context.config_path.parent / FOLDER, context.now)


def backends(context: Context) -> list[BatchBackend]:
    """All places, own nodes first."""
    from pennsieve_agent.services.batches.node_batches import NodeBatches
    from pennsieve_agent.services.batches.pennsieve_batches import PennsieveBatches

    own: list[BatchBackend] = [
        NodeBatches(node, context.node_calls(node)) for node in context.own_nodes
    ]
    sent = [kept for kept in journal(context).all() if not kept.own]
    return [*own, *([PennsieveBatches(context.platform, sent)] if sent else [])]


def newest(context: Context, query: BatchQuery) -> list[tuple[Batch, BatchBackend]]:
    """The newest batches of all places, newest first; a place that cannot be reached is named.

    Raises:
        AgentError: no place at all could be reached.
    """
    from functools import partial

    from pennsieve_agent.errors import AgentError
    from pennsieve_agent.services.side_by_side import side_by_side

    def ask(backend: BatchBackend) -> Sequence[Batch] | AgentError:
        try:
            return backend.newest(query)
        except (PlatformError, AwsError, NodeError) as error:
            return error

    known = backends(context)
    answers = list(zip(known, side_by_side([partial(ask, one) for one in known]), strict=True))
    rows: list[tuple[Batch, BatchBackend]] = []
    silent = [said for _, said in answers if isinstance(said, AgentError)]
    if silent and len(silent) == len(answers):
        raise silent[0]
    for backend, said in answers:
        if isinstance(said, AgentError):
            context.streams.note(f"compute node '{backend.name}' was left out: {said.message}")
        else:
            rows += [(batch, backend) for batch in said]
    rows.sort(key=lambda row: row[0].created, reverse=True)
    return rows


def find(context: Context, reference: str) -> LocatedBatch:
    """A batch by id, name or unique prefix.

    Raises:
        UsageProblem: none or several match.
    """
    from pennsieve_agent.domain.name_matching import pick
    from pennsieve_agent.services.batches.batch_backend import BatchQuery

    text = reference.strip()
    for kept in journal(context).all():
        if text in {kept.id, kept.name}:
            return _of_kept(context, kept)
    if _UUID.fullmatch(text.casefold()):
        return _by_id(context, text.casefold())
    batch, backend = pick(
        reference,
        newest(context, BatchQuery()),
        kind="batch",
        keys=lambda row: (row[0].id, row[0].name),
        list_command=LIST,
        where=lambda row: row[1].name,
    )
    return LocatedBatch(batch, backend)


def _of_kept(context: Context, kept: KeptBatch) -> LocatedBatch:
    token = kept.node if kept.own else ""
    backend = next((one for one in backends(context) if one.token == token), None)
    if backend is None:
        raise UnknownName(
            f"batch '{kept.name}' is on a compute node that this machine does not know any more",
            where=kept.node,
            hint="find your nodes with: pennsieve compute list",
        )
    try:
        return LocatedBatch(backend.get(kept.id), backend, kept)
    except NotFound as error:
        raise UnknownName(
            f"batch '{kept.name}' is not on compute node '{backend.name}': its start was refused, "
            "or no answer came",
            where=kept.id,
            hint=f"send it again: pennsieve run start --resume {kept.id}",
        ) from error


def _by_id(context: Context, batch_id: str) -> LocatedBatch:
    for backend in backends(context):
        try:
            return LocatedBatch(backend.get(batch_id), backend)
        except NotFound:
            continue
        except (PlatformError, AwsError, NodeError) as error:
            context.streams.note(f"compute node '{backend.name}' was left out: {error.message}")
    raise UnknownName(f"there is no batch {batch_id}", hint=f"list them with: {LIST}")


def runs_of(context: Context, located: LocatedBatch) -> RunBackend:
    """The runs of the place where a batch is."""
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    for node in context.own_nodes:
        if node.token == located.backend.token:
            return places.backend_of(context, node)
    return PennsieveRuns(context.platform)


def run_or_batch(context: Context, reference: str | None) -> Located | LocatedBatch:
    """The run or the batch of that name; my latest run when nothing is named.

    Names of runs in a batch begin with that of the batch, which is meant where it is typed.

    Raises:
        UsageProblem: none or several match.
    """
    if reference is None:
        return places.find(context, None)
    text = reference.strip()
    batches = journal(context).all()
    if any(text in {kept.id, kept.name} for kept in batches):
        return find(context, text)
    for kept in batches:
        if not kept.own and text.startswith(run_name(kept.name, "")):
            return _of_subject(context, _of_kept(context, kept), text[len(kept.name) + 1 :])
    try:
        located = places.find(context, reference)
    except (UnknownName, Ambiguous) as error:
        return _batch_instead(context, text, error)
    details = located.run.details
    whole = {located.run.uuid, located.run.name}
    begins = details is not None and details.batch.casefold().startswith(text.casefold())
    if details and details.batch and begins and text not in whole:
        return _by_id(context, details.batch_id)
    return located


def _of_subject(context: Context, located: LocatedBatch, subject: str) -> Located:
    """The run of a subject on Pennsieve's nodes, where runs have other names."""
    from pennsieve_agent.services.runs.all_runs import Located

    batch = located.batch
    rows = {row.subject: row for row in located.backend.rows(batch.id)}
    hint = f"see them: pennsieve run show {quote(batch.name)}"
    if subject not in rows:
        raise UnknownName(f"batch '{batch.name}' has no subject '{subject}'", hint=hint)
    if not rows[subject].run:
        raise UnknownName(f"'{subject}' of batch '{batch.name}' has no run", hint=hint)
    backend = runs_of(context, located)
    return Located(backend.get(rows[subject].run), backend)


def _batch_instead(
    context: Context, reference: str, error: UnknownName | Ambiguous
) -> LocatedBatch:
    """The batch that is meant where no run is; else the error of the run."""
    try:
        return find(context, reference)
    except Ambiguous:
        raise
    except (UnknownName, PlatformError, AwsError, NodeError):
        raise error from None


def only_run(context: Context, reference: str | None, command: str) -> Located:
    """A run, where a batch cannot be meant.

    Raises:
        UsageProblem: it is a batch, or none or several match.
    """
    from pennsieve_agent.errors import UsageProblem

    located = run_or_batch(context, reference)
    if isinstance(located, LocatedBatch):
        raise UsageProblem(
            f"'{located.batch.name}' is a batch, and {command} is for a run",
            hint=f"its runs: pennsieve run show {located.batch.id}",
        )
    return located
