"""``pennsieve run watch BATCH``: counts, failures and the slowest runs, while a batch goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import batch_following
from pennsieve_agent.cli.run.at_end import NOBODY, AtEnd
from pennsieve_agent.cli.run.batch_views import counts_words, why_words
from pennsieve_agent.cli.run.watch_rows import KEYS_OF_SEVERAL, Drawn, no_answer_words
from pennsieve_agent.console import cells
from pennsieve_agent.console.batch_documents import label
from pennsieve_agent.console.live_view import as_text, shown_live
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.words import duration, usd
from pennsieve_agent.domain.batches import RowStatus

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import Batch, BatchRow
    from pennsieve_agent.services.batches.follow_batch import BatchWait

LISTED = 5
"""How many failures, and how many of the slowest runs, are named."""
_BAR = 40
"""Columns of the bar at most."""


@dataclass
class SeenBatch:
    """What was seen of a batch last. ``failed`` and ``running`` are rows, in any order.

    ``trouble`` says for how long there is no answer.
    """

    batch: Batch
    failed: Sequence[BatchRow] = ()
    running: Sequence[BatchRow] = ()
    trouble: str = ""

    def outage(self, seconds: float | None, why: str) -> None:
        """Note for how long there is no answer; None: there is one again."""
        self.trouble = "" if seconds is None else no_answer_words(seconds, why)

    def picture(self, now: float, width: int) -> list[Drawn]:
        """The view for a terminal of so many columns; ``now`` is in unix seconds."""
        batch, counts = self.batch, self.batch.counts
        cost = "" if batch.cost is None else f", {usd(batch.cost)}"
        took = duration(batch.created, batch.ended, now)
        lines = [
            _drawn(width, (f"batch {batch.name}", "bold"), (f"  {took}{cost}", "")),
            _drawn(width, (counts_words(counts), "")),
            _drawn(width, (_bar(batch, width), "cyan")),
            *([_drawn(width, (self.trouble, "yellow"))] if self.trouble else []),
        ]
        recent = sorted(self.failed, key=lambda row: row.ended, reverse=True)[:LISTED]
        if recent:
            lines += [_drawn(width), _drawn(width, ("failed, newest first", "bold"))]
        for row in recent:
            name = cells.cut(row.subject, max(width // 2 - 4, 8))
            lines.append(_drawn(width, ("✗ ", "red"), (name, ""), (f"  {why_words(row)}", "dim")))
        slowest = sorted(self.running, key=lambda row: row.started or "9")[:LISTED]
        if slowest:
            lines += [_drawn(width), _drawn(width, ("running, longest first", "bold"))]
        for row in slowest:
            name = cells.cut(row.subject, max(width - 20, 8))
            ran = duration(row.started, row.ended, now)
            lines.append(_drawn(width, ("● ", "cyan"), (name, ""), (f"  {ran}", "dim")))
        if batch.status.is_final:
            return lines
        return [*lines, _drawn(width), _drawn(width, (KEYS_OF_SEVERAL, "dim"))]


def _bar(batch: Batch, width: int) -> str:
    counts = batch.counts
    total = max(counts.total, 1)
    over = counts.total - counts.waiting - counts.running
    columns = max(min(_BAR, width - 8), 4)
    full = columns * over // total
    return f"{'█' * full}{'░' * (columns - full)} {100 * over // total}%"


def _drawn(width: int, *parts: tuple[str, str]) -> Drawn:
    """A line that is cut to the width."""
    left, kept = width, []
    for text, style in parts:
        short = cells.cut(text, max(left, 0)) if text else ""
        kept.append((short, style))
        left -= cells.width(short)
    return Drawn(tuple(kept))


def watch(
    context: Context, located: LocatedBatch, timeout: float | None, at_end: AtEnd = NOBODY
) -> Iterator[Shown]:
    """Watch a batch until it is over; in a pipe each change of the counts is a line.

    On a terminal the last view stays as text.

    Who is to be told ``at_end`` is told then.

    Raises:
        RunFailed: a run failed, was cancelled or left out.
        StillRunning: the time was up.
    """
    batch = located.batch
    with context.interruption.during(
        "stopped watching; the batch goes on",
        f"watch again: pennsieve run watch {quote(batch.name)}\n"
        f"  cancel it:   pennsieve run cancel {quote(batch.name)}",
        always=True,
    ):
        streams = context.streams
        is_drawn = streams.out_is_terminal and context.environ.get("TERM") != "dumb"
        if is_drawn and not context.as_json:
            seen = _live(context, located, timeout)
            batch = seen.batch
            lines = seen.picture(context.now(), streams.width - 1)
            yield Shown(text=as_text(lines, streams))
        else:
            wait = batch_following.waiter(context, located, timeout)
            last = ""
            while True:
                if (words := counts_words(batch.counts)) != last:
                    last = words
                    yield Shown(text=words)
                if batch.status.is_final:
                    break
                wait.check_deadline(batch)
                wait.pause()
                batch = wait.look(batch)
    yield batch_following.end(context, located, batch, as_document=True, at_end=at_end)


def _live(context: Context, located: LocatedBatch, timeout: float | None) -> SeenBatch:
    """What was seen last, after drawing until the batch is over."""
    seen = SeenBatch(located.batch)
    wait = batch_following.waiter(context, located, timeout)
    wait.outage = seen.outage

    def look(batch: Batch) -> None:
        seen.batch = batch
        _look(wait, seen)

    with shown_live(context.streams, lambda width, _: seen.picture(context.now(), width)):
        look(located.batch)
        batch = wait.until_over(located.batch, look)
    context.streams.announce(f"{batch.name} {label(batch.status.value)}")
    return seen


def _look(wait: BatchWait, seen: SeenBatch) -> None:
    """Ask for the rows that are named, where the counts say that there are some."""
    batch, counts = seen.batch, seen.batch.counts
    if counts.failed != len(seen.failed):
        seen.failed = wait.rows(batch, RowStatus.FAILED)
    seen.running = wait.rows(batch, RowStatus.STARTED) if counts.running else ()
