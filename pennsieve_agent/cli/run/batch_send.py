"""Sending a batch that is written down, and going on with one that was not sent to its end."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_places
from pennsieve_agent.console import batch_documents
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.words import plural
from pennsieve_agent.errors import UnknownName

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.settings.started_batches import KeptBatch, OpenBatch


def resume(context: Context, reference: str) -> OpenBatch:
    """The batch of that name or id in the journal of this machine, to be sent on.

    Raises:
        UsageProblem: none or several match.
        Conflict: another command sends it now.
    """
    from pennsieve_agent.domain.name_matching import pick

    journal = batch_places.journal(context)
    kept: KeptBatch = pick(
        reference,
        journal.all(),
        kind="batch started on this machine",
        keys=lambda one: (one.id, one.name),
        list_command=batch_places.LIST,
    )
    return journal.resume(kept)


def send(context: Context, batch: OpenBatch, *, parallel: int | None = None) -> Shown:
    """Send what was not sent, and show the batch. ``parallel`` is another number from now on.

    Raises:
        AgentError: it cannot be sent; what was sent is written down.
    """
    with (
        batch,
        context.interruption.during(
            "stopped; the runs that were sent go on",
            f"send the rest: pennsieve run start --resume {batch.kept.id}",
        ),
    ):
        if batch.kept.own:
            return _to_own_node(context, batch)
        return _to_pennsieve(context, batch, parallel)


def _to_own_node(context: Context, batch: OpenBatch) -> Shown:
    from pennsieve_agent.services.batches import start_batch

    node = _node(context, batch.kept)
    sent = start_batch.send(context.node_calls(node), node, batch.kept.document(), batch)
    located = batch_places.find(context, batch.kept.id)
    batch.answered("sent")
    runs = plural(sent.count, "run")
    text = (
        f"Batch '{sent.name}' ({sent.id}) was sent before; it was not started a second time"
        if sent.before
        else f"Started batch '{sent.name}' ({sent.id}): {runs}"
    )
    return Shown(
        batch_documents.summary(located.batch, node.name),
        text,
        [f"the node goes on by itself; see it: pennsieve run show {quote(sent.name)}"],
    )


def _node(context: Context, kept: KeptBatch) -> OwnNode:
    node = next((one for one in context.own_nodes if one.token == kept.node), None)
    if node is None:
        raise UnknownName(
            f"this machine does not know the compute node of batch '{kept.name}' any more",
            where=kept.node,
            hint="find your nodes with: pennsieve compute list",
        )
    return node


def _to_pennsieve(context: Context, batch: OpenBatch, parallel: int | None) -> Shown:
    """Send run by run; the command goes on until all are sent."""
    from pennsieve_agent.console.progress import CountLine
    from pennsieve_agent.services.batches.pennsieve_sender import Sender

    kept, document = batch.kept, batch.kept.document()
    if parallel is not None:
        document["parallel"] = parallel
    sender = Sender(
        context.platform, document, kept.events(), batch, context.sleep, kept.is_cancelled
    )
    count, before = len(document["runs"]), len(sender.sent.runs)
    if sender.waiting():
        context.streams.note(
            f"sending {plural(len(sender.waiting()), 'run')}, up to {document['parallel']} active "
            "at once: leave this command running, or go on later with: pennsieve run start "
            "--resume "
            f"{kept.id}"
        )
    line = CountLine(context.streams, "Sending", "runs")
    for number in sender.send():
        line.show(number, count)
    line.end()
    if kept.is_cancelled() or not sender.waiting():
        batch.answered("sent")
    located = batch_places.find(context, kept.id)
    skipped = [f"'{name}' was left out: {why}" for name, why in sender.sent.skipped.items()]
    verb = "Sent the rest of" if before else "Started"
    return Shown(
        batch_documents.summary(located.batch, located.backend.name),
        f"{verb} batch '{kept.name}' ({kept.id}): {len(sender.sent.runs)} of "
        f"{plural(count, 'run')}",
        [*skipped, f"see it: pennsieve run show {quote(kept.name)}"],
    )
