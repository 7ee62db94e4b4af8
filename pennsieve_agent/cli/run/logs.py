"""``pennsieve run logs``: what a run printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import log_lines, log_options
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run import event_views
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.follow_run import Follower


@command(
    "run logs",
    answers=("run_logs", "log_line", "run_archive", "batch_logs"),
    examples=[
        "pennsieve run logs --follow",
        "pennsieve run logs spike-rate-1c20 --step spikes --timestamps",
        "pennsieve run logs spike-rate-1c20 --since 10m --grep Error --tail 20",
        "pennsieve run logs spike-rate-1c20 --archive logs.zip",
        "pennsieve run logs first-batch --failed --tail 20",
    ],
)
def logs(
    context: Context,
    run: options.Run = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends.")
    ] = False,
    step: log_options.Step = None,
    attempt: log_options.Attempt = None,
    since: log_options.Since = None,
    until: log_options.Until = None,
    tail: log_options.Tail = None,
    grep: log_options.Grep = None,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", "-t", help="Begin each line with its time.")
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--archive",
            metavar="FILE",
            help="After the run's end: write the whole log to a zip file.",
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            "--subject",
            metavar="SUBJECT",
            help="Of a batch, only this subject; * and ? are wildcards.",
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Of a batch, only the subjects that failed.")
    ] = False,
) -> Iterator[Shown]:
    """What a run printed. With --follow the exit code is the run's, as for 'run start --wait'.

    Lines of a batch begin with the subject, and --tail counts for each subject. With --follow,
    those of its active runs are shown; of a batch that is over, all. Ctrl+C stops following, not
    the run.

    --json prints one document; with --follow, one object per line. On AWS, a line longer than
    256 KB is cut into several.
    """
    from pennsieve_agent.cli.run import (
        batch_following,
        batch_logs,
        batch_places,
        event_views,
        following,
    )

    typed = log_options.Typed(step, attempt, since, until, tail, grep)
    located = batch_places.run_or_batch(context, run)
    if isinstance(located, batch_places.LocatedBatch):
        _refuse_archive(located, archive)
        choice = batch_logs.LogChoice(subject, failed, typed, timestamps)
        if follow:
            yield from batch_following.to_end(context, located, show=True, choice=choice)
        else:
            yield from batch_logs.until_now(context, located, choice)
        return
    if failed or subject:
        raise UsageProblem(
            f"{'--failed' if failed else '--subject'} is for a batch, and '{located.run.label}' is "
            "a run",
            hint="leave it out",
        )
    if archive is not None:
        if follow or typed.is_any or timestamps:
            raise UsageProblem(
                "--archive is all logs of a run that has ended", hint="leave the other options out"
            )
        yield _saved(context, located, archive)
        return
    only = log_options.chosen_lines(typed, located.run, context.now(), follow=follow)
    follower = following.follower(context, located.run, located.backend, step=step)
    follower.only = only if tail is None else log_lines.from_the_last(follower, only, tail)
    views = event_views.EventViews(context, located.run, timestamps=timestamps)
    if follow:
        yield from following.to_end(context, follower, following.Mode.LINES, views=views)
    else:
        yield from _until_now(follower, views, tail, is_chosen=typed.is_any)


def _refuse_archive(located: LocatedBatch, archive: Path | None) -> None:
    if archive is not None:
        raise UsageProblem(
            f"'{located.batch.name}' is a batch, and --archive is for a run",
            hint=f"its runs: pennsieve run show {located.batch.id}",
        )


def _until_now(
    follower: Follower, views: event_views.EventViews, tail: int | None, *, is_chosen: bool
) -> Iterator[Shown]:
    """The lines so far, page by page: a log may be larger than the memory."""
    messages, is_empty = list[Any](), True
    for events in log_lines.lines_of(follower, tail):
        for part in views.shown(events):
            is_empty = False
            messages += part.lines
            yield replace(part, lines=())
    yield Shown(
        document={"run_id": follower.run.uuid, "messages": messages},
        notes=(_nothing(follower.run, is_chosen=is_chosen),) if is_empty else (),
    )


def _nothing(run: Run, *, is_chosen: bool) -> str:
    if is_chosen:
        return f"no such line of run '{run.label}'; see all with: pennsieve run logs {run.typed}"
    if run.status.is_final:
        return f"run '{run.label}' logged nothing"
    return "nothing was logged yet; wait for it with --follow"


def _saved(context: Context, located: Located, file: Path) -> Shown:
    """Save the archive of a run's logs."""
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.console.words import size
    from pennsieve_agent.services.runs import run_log_archive

    run = located.run
    count = run_log_archive.save(located.backend, run, file, lambda url: places.fetch(context, url))
    return Shown(
        document={"run_id": run.uuid, "file": str(file), "size": count},
        text=f"Saved the logs of run '{run.label}' to {file}",
        notes=[size(count)],
    )
