"""``pennsieve run download --as-they-come``: results are fetched as each run succeeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.batch_download import Fetch, Whole, folders_of
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    ExitCode,
    NodeError,
    NotFound,
    PlatformError,
    RunFailed,
    StillRunning,
    UsageProblem,
)

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.batches import Batch, BatchRow
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.run_backend import RunBackend

_STOPPED = "stopped; what was downloaded is kept, and {} goes on"
_GO_ON = "go on with: the same command"


def of_run(context: Context, located: Located, to: Path, fetch: Fetch) -> Shown:
    """Wait until a run has ended, then get what it wrote. The exit code is that of the run."""
    from pennsieve_agent.cli.run import endings, following
    from pennsieve_agent.domain.runs import RunStatus

    with context.interruption.during(_STOPPED.format("the run"), _GO_ON, always=True):
        follower = following.follower(context, located.run, located.backend)
        follower.reads_lines = False
        for _ in follower.events():
            pass
    located = replace(located, run=located.backend.get(located.run.uuid))
    state = located.backend.state(located.run.uuid)
    shown: Shown = fetch(context, located, to)
    if state.status is RunStatus.SUCCEEDED:
        return shown
    failure = endings.failure(located.run, state)
    return replace(shown, notes=[*shown.notes, failure.message], exit_code=int(RunFailed.exit_code))


def of_batch(context: Context, located: LocatedBatch, to: Path, fetch: Fetch) -> Shown:
    """Get what each run of a batch wrote as it succeeds, until the batch is over.

    Results that Pennsieve imports meanwhile are looked for again at each look, and waited for at
    the end. The exit code is that of the batch; of one that succeeded, it is 1 where files could
    not be fetched, and 8 where some are still on their way.
    """
    from pennsieve_agent.cli.run import batch_following, batch_places
    from pennsieve_agent.cli.run.batch_views import counts_words

    wait = batch_following.waiter(context, located, None)
    arrivals = _Arrivals(
        context, located, to, fetch, batch_places.runs_of(context, located), Whole(to)
    )
    with context.interruption.during(_STOPPED.format("the batch"), _GO_ON, always=True):
        batch = located.batch
        while not batch.status.is_final:
            arrivals.take(batch)
            wait.pause()
            batch = wait.look(batch)
        arrivals.take(batch)
        wait.look(batch)  # through an outage: what it kept from us is got now
        arrivals.take(batch, is_last=True)
    code = batch_following.exit_code(batch)
    shown = arrivals.whole.shown(len(arrivals.finished))
    if code == ExitCode.OK:
        return shown
    words = f"batch '{batch.name}': {counts_words(batch.counts)}"
    return replace(shown, notes=[*shown.notes, words], exit_code=code)


@dataclass
class _Arrivals:
    """What was got so far; ``finished`` are the runs of which nothing more will come."""

    context: Context
    located: LocatedBatch
    to: Path
    fetch: Fetch
    runs: RunBackend
    whole: Whole
    finished: set[str] = field(default_factory=set)
    _parts: dict[str, Shown] = field(default_factory=dict)

    def take(self, batch: Batch, *, is_last: bool = False) -> None:
        """Get what has come since the last time; at the last one, all that still comes."""
        from pennsieve_agent.domain.batches import RowStatus

        try:
            rows = list(self.located.backend.rows(batch.id, RowStatus.SUCCEEDED))
        except (PlatformError, AwsError, NodeError) as error:
            if is_last or not _is_passing(error):
                raise
            return
        new = [row for row in rows if row.run not in self.finished]
        folders = folders_of(self.to, [row.subject for row in new])
        for row in new:
            count = f"{len(rows)} of {batch.counts.total}"
            self._get(row, folders[row.subject], count, is_last=is_last)

    def _get(self, row: BatchRow, folder: Path, count: str, *, is_last: bool) -> None:
        from pennsieve_agent.services.runs.all_runs import Located

        if row.run not in self._parts:
            self.context.streams.note(f"{row.subject} succeeded ({count})")
        try:
            run = Located(self.runs.get(row.run), self.runs)
            seconds = None if is_last else 0.0
            shown = self.fetch(self.context, run, folder, import_seconds=seconds)
        except (UsageProblem, StillRunning, NotFound) as problem:
            self.finished.add(row.run)
            self.whole.fail(row.subject, problem)
        except (PlatformError, AwsError, NodeError) as error:
            if is_last or not _is_passing(error):
                raise
        else:
            shown = _together(self._parts.get(row.run), shown)
            self._parts[row.run] = shown
            if is_last or not shown.document["importing"]:
                self.finished.add(row.run)
                self.whole.add(row.subject, shown)


def _is_passing(error: AgentError) -> bool:
    from pennsieve_agent.services.runs.follow_run import is_passing

    return is_passing(error)


def _together(before: Shown | None, now: Shown) -> Shown:
    """Two downloads of one run: what the first one fetched was not there before the command."""
    if before is None:
        return now
    fetched = before.document["downloaded"]
    known = set(fetched)
    document: dict[str, Any] = {
        **now.document,
        "downloaded": [*fetched, *now.document["downloaded"]],
        "skipped": [path for path in now.document["skipped"] if path not in known],
        "size": before.document["size"] + now.document["size"],
    }
    return replace(now, document=document)
