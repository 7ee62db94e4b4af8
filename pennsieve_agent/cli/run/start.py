"""``pennsieve run start``: start analysis, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pennsieve_agent.cli import local_run, local_secrets, options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import at_end, batch_options, limits, mail_options, start_options
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.following import Mode
    from pennsieve_agent.cli.run.start_typed import TypedStart, Watching
    from pennsieve_agent.domain import workflows
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.services.runs.earlier_runs import EarlierRuns
    from pennsieve_agent.services.runs.run_request import HandOver, Prepared, RunOptions


@command(
    "run start",
    answers=(
        "run",
        "run_plan",
        "local_run",
        "local_run_plan",
        "batch_summary",
        "batch_plan",
        "batch",
    ),
    examples=[
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --files 'raw/**/*.edf' --follow",
        "pennsieve run start -d 'Mouse EEG' -p THRESHOLD=4 --dry-run",
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --version v1.0.0 --all",
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --files raw --local",
        "pennsieve run start --repeat spike-rate-1c20 -p THRESHOLD=5",
        "pennsieve run start --repeat receipt.json --dry-run",
        "pennsieve run start --repeat all-mice --skip-done",
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --each 'raw/sub-*' --max-cost 2",
        "pennsieve run start -d 'Mouse EEG' --csv subjects.csv --files 'raw/{subject}/*.edf'",
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --each 'raw/sub-*' --mail",
    ],
)
def start(
    context: Context,
    dataset: start_options.Dataset = None,
    workflow: start_options.Workflow = None,
    version: start_options.Version = None,
    node: start_options.Node = None,
    files: start_options.Files = None,
    whole: start_options.All = False,
    input_run: start_options.InputRun = None,
    include_results: start_options.IncludeResults = False,
    repeat: start_options.Repeat = None,
    skip_done: start_options.SkipDone = False,
    grant: start_options.Grant = False,
    param: start_options.Param = None,
    params_file: start_options.ParamsFile = None,
    undeclared: start_options.Undeclared = False,
    layout: start_options.Layout = None,
    name: start_options.Name = None,
    folder: start_options.Folder = None,
    follow: start_options.Follow = False,
    wait: start_options.Wait = False,
    watch: start_options.Watch = False,
    then: at_end.Then = None,
    webhook: at_end.Webhook = None,
    mail: mail_options.Mail = False,
    mail_to: mail_options.MailTo = None,
    timeout: options.Timeout = None,
    max_cost: limits.MaxCost = None,
    time_limit: limits.TimeLimit = None,
    spot: limits.Spot = False,
    retries: limits.Retries = 0,
    memory_on_oom: limits.MemoryOnOom = None,
    keep_steps: limits.KeepSteps = 0,
    local: start_options.Local = False,
    input_: start_options.Input = None,
    to: start_options.To = None,
    upload: start_options.Upload = False,
    engine: local_run.EngineOption = None,
    secret: local_secrets.Secret = None,
    per_folder: batch_options.PerFolder = None,
    per_file: batch_options.PerFile = None,
    csv: batch_options.Csv = None,
    parallel: batch_options.Parallel = None,
    resume: batch_options.Resume = None,
    dry_run: start_options.DryRun = False,
) -> Iterator[Shown]:
    """Start a workflow on a dataset's files.

    Input: without --files it is the whole dataset. The number and size of its files are shown, and
    you are asked; in a script, add --all. In --files, '**/' stands for any number of folders,
    '{a,b}' for either, and '!x' leaves out; a path as 'dataset files' lists it stands for that file
    or folder. What earlier runs wrote is left out, unless --files names its folder.

    Before the start everything is checked, and all problems are listed at once. On a terminal you
    are asked for missing parameters and, on a node of your own, whether the workflow may use the
    dataset (--grant says yes). The time and cost of the run are estimated from the workflow's
    earlier runs. A run that --max-cost or the month's budget is certain to end is refused; one that
    they may end is started with a warning. If the answer of this command is lost, type it again: an
    own node goes on with the same run.

    With --wait, --follow or --watch the exit code is 0 when the run succeeded, 3 when it failed or
    was cancelled, and 8 when the time was up.

    With --each, --each-file or --csv it is a batch: a run for each subject, which is a folder, a
    file or a row. {subject} and {COLUMN} in --files and --param are replaced for each of them.
    Limits are for each run. If the terminal was closed before all runs were sent, use --resume.

    With --mail, an own node mails you when the run, or the whole batch, has ended; no terminal has
    to stay open. The first time AWS asks you by a mail whether it may: click the link in it.

    With --keep-steps, an own node keeps for some days what finished steps made if the run fails or
    is cancelled, and 'run retry --from' goes on with it. What that costs is shown first.

    With --repeat a run or a batch is started again with its workflow and version, subjects, files,
    parameters, limits and layout; what has changed since is shown first. A receipt can be named
    in place of a run, also one from somebody else. With --skip-done nothing is started where a run
    with equal code, parameters and files succeeded on an own node.

    With --local the run is on this machine, as a node would do it: only a Pennsieve key is needed.
    The code is built from the workflow's repositories. The files are downloaded once and kept, or
    are those of --input. The results go to a folder and, with --upload, to the dataset, too.
    """
    from pennsieve_agent.cli.run import local_options, start_typed
    from pennsieve_agent.services.runs import run_request

    request = run_request.RunOptions(
        dataset or "",
        workflow,
        node,
        files=tuple(files or ()),
        input_runs=tuple(input_run or ()),
        include_results=include_results,
        parameters=start_options.parameters(param, params_file),
        name=name,
        folder=folder,
        limits=limits.limits(
            max_cost,
            time_limit,
            retries,
            spot=spot,
            memory_on_oom=memory_on_oom,
            keep_steps=keep_steps,
        ),
        layout=layout or "",
        undeclared=undeclared,
        grant=grant,
        versions=tuple(version or ()),
    )
    here = local_options.LocalOptions(
        input_, to, engine, upload=upload, secrets=tuple(secret or ()), dry_run=dry_run
    )
    batch = batch_options.BatchOptions(
        per_folder, per_file, csv, parallel, resume, skip_done=skip_done
    )
    typed = start_typed.TypedStart(
        request,
        here,
        batch,
        at_end.AtEnd(then, webhook),
        mail_options.MailTyped(own=mail, to=mail_to),
        start_typed.Watching(follow=follow, wait=wait, watch=watch, timeout=timeout),
        repeat=repeat,
        whole=whole,
        local=local,
        dry_run=dry_run,
    )
    typed.check()
    yield from _start(context, typed)


def _start(context: Context, typed: TypedStart) -> Iterator[Shown]:
    """Start what was typed: on this machine, as a batch, or once on a node."""
    from pennsieve_agent.cli.run import batch_start, start_local

    if typed.local:
        yield start_local.start_local(context, typed.request, typed.here, whole=typed.whole)
        return
    mode = mode_of(context, typed.watching)
    typed = replace(typed, request=replace(typed.request, mail=typed.mail.address(context)))
    request, batch = typed.request, typed.batch
    if typed.repeat is not None:
        request, batch = _repeated(context, typed.repeat, typed)
    typed.telling.check_followed(is_followed=mode is not None)
    if batch.is_batch:
        yield from batch_start.start_batch(
            context,
            request,
            batch,
            None if typed.dry_run else _hand_over(context),
            ends=batch_start.Ends(
                mode, typed.watching.timeout, dry_run=typed.dry_run, telling=typed.telling
            ),
        )
        return
    yield from on_node(
        context,
        request,
        whole=typed.whole,
        mode=mode,
        timeout=typed.watching.timeout,
        telling=typed.telling,
        dry_run=typed.dry_run,
        skip_done=batch.skip_done,
    )


def _repeated(
    context: Context, reference: str, typed: TypedStart
) -> tuple[RunOptions, batch_options.BatchOptions]:
    """The options that start a run or a batch again, under what was typed beside it."""
    from pennsieve_agent.cli.run import batch_places, receipt_files, repeat_views
    from pennsieve_agent.services.runs.repeat_run import repeated

    if receipt_files.names_file(reference):
        typed.batch.refuse_of_batch(reference)
        return repeat_views.from_receipt(context, reference, typed.request), typed.batch
    located = batch_places.run_or_batch(context, reference)
    if isinstance(located, batch_places.LocatedBatch):
        from pennsieve_agent.services.batches.repeat_batch import repeated_batch

        typed.check_repeated_batch(located.batch.name)
        again = located.backend.started(located.batch.id)
        parallel = typed.batch.parallel or located.batch.parallel
        return repeated_batch(again, typed.request), replace(
            typed.batch, again=again, parallel=parallel
        )
    typed.batch.refuse_of_batch(located.run.label)
    return repeated(located, typed.request), typed.batch


def on_node(
    context: Context,
    request: RunOptions,
    *,
    whole: bool,
    mode: Mode | None,
    timeout: float | None,
    telling: at_end.AtEnd = at_end.NOBODY,
    dry_run: bool,
    skip_done: bool = False,
) -> Iterator[Shown]:
    """Start a run on a node, or show what would run; ``mode`` follows it to its end."""
    from pennsieve_agent.cli.run import (
        estimate_views,
        places,
        repeat_views,
        retry_from,
        start_views,
        starting,
    )
    from pennsieve_agent.services.runs.hindrances import refuse_hindered

    earlier = places.earlier_runs(context)
    ready, request = _prepared(context, request, earlier, dry_run=dry_run)

    if request.again is not None:
        retry_from.check_input(ready, request.again.label)
    over = partial(estimate_views.refuse, ready)
    check = partial(refuse_hindered, earlier, ready, request, over=over)
    repeat_views.note_differences(context, ready)
    start_views.note_kept(context, ready)
    if skip_done and (done := repeat_views.done_before(context, ready)) is not None:
        yield repeat_views.skipped(done)
        return
    if dry_run:
        check()
        estimate_views.note(context, ready)
        yield start_views.plan(ready)
    elif _takes_input(context, ready, whole=whole):

        def clear() -> None:
            check()
            mail_options.ask(context, ready)

        yield from starting.start_and_show(
            context, ready, request, clear, mode=mode, timeout=timeout, telling=telling
        )
    else:
        yield Shown(notes=["nothing was started"])


def mode_of(context: Context, watching: Watching) -> Mode | None:
    """What is shown until the run's end; None where it is not waited for."""
    from pennsieve_agent.cli.run.following import Mode

    if watching.follow and watching.watch:
        raise UsageProblem("--follow and --watch cannot be given together", hint="leave one out")
    if watching.watch:
        return Mode.WATCH
    if watching.follow and not context.as_json:
        return Mode.LINES
    return Mode.QUIET if watching.follow or watching.wait else None


def _prepared(
    context: Context, request: RunOptions, earlier: EarlierRuns, *, dry_run: bool
) -> tuple[Prepared, RunOptions]:
    """The run, with everything checked, and the options with what was asked for.

    What the user should know of what he typed is said.
    """
    from pennsieve_agent.cli.run import start_views
    from pennsieve_agent.cli.run.missing_answers import with_answers
    from pennsieve_agent.services.runs import prepare_run

    def prepare(request: RunOptions) -> Prepared:
        return prepare_run.prepare(
            context.platform,
            context.own_nodes,
            context.node_calls,
            request,
            context.now(),
            earlier=earlier,
            hand_over=None if dry_run else _hand_over(context),
        )

    ready, request = with_answers(context, prepare, request, dry_run=dry_run)
    start_views.note_undeclared(context, ready.request.workflow, ready.request.parameters)
    start_views.note_idle_patterns(context, ready.input)
    start_views.note_coming_files(context, ready.dataset, request.files)
    return ready, request


def _takes_input(context: Context, ready: Prepared, *, whole: bool) -> bool:
    """Say what is not input, and ask whether all else is, where the user has chosen nothing."""
    from pennsieve_agent.cli.run import estimate_views, start_views

    start_views.note_files(context, ready.input, ready.folder)
    estimate_views.say(context, ready)
    return start_views.takes_input(context, ready.input, ready.dataset, whole=whole)


def _hand_over(context: Context) -> HandOver:
    """Puts the version that Pennsieve has on an own node that was made later."""
    from contextlib import closing

    from pennsieve_agent.cli.compute.node_images import LazyEngine, desks
    from pennsieve_agent.services.workflows.node_versions import ensure_version

    def put(node: OwnNode, workflow: workflows.Workflow) -> None:
        with closing(LazyEngine(context)) as engine:
            desk = [one for one in desks(context, engine) if one.node.token == node.token]
            for placed in ensure_version(context.platform, desk, workflow):
                context.streams.note(
                    f"version {placed.version} of workflow '{workflow.name}' is on node "
                    f"'{node.name}' now"
                )

    return put
