"""``pennsieve run start``: start analysis, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run import limits
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import AwsError, NodeError, PlatformError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain import workflows
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.runs.run_request import HandOver, Prepared, RunOptions
    from pennsieve_agent.services.runs.start_run import Started

Workflow = Annotated[
    str | None,
    typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Default: the only one granted."),
]
Node = Annotated[
    str | None,
    typer.Option("--node", "-n", metavar="NODE", help="Default: the only one there is."),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--files", metavar="GLOB", help="Input files, such as 'raw/**/*.edf'; repeatable."
    ),
]
InputRun = Annotated[
    list[str] | None,
    typer.Option(
        "--input-run", metavar="RUN", help="The results of this run are input; repeatable."
    ),
]
IncludeResults = Annotated[
    bool, typer.Option("--include-results", help="Results of earlier runs are input, too.")
]
All = Annotated[
    bool, typer.Option("--all", help="Take the whole dataset as input, without being asked.")
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="K=V", help="A parameter; STEP.K=V for one step; repeatable."
    ),
]
Undeclared = Annotated[
    bool, typer.Option("--undeclared", help="Allow parameters that no step declares.")
]
Layout = Annotated[
    str | None,
    typer.Option(
        metavar="tree|flat", help="Input in its folders, or all files at the top of INPUT_DIR."
    ),
]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="A name for the run.")]
Folder = Annotated[
    str | None, typer.Option(metavar="FOLDER", help="Of the dataset, for the results.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show the log until the run ends.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait, quietly, until the run ends.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and start nothing.")]


@command(
    "run start",
    answers=("run", "run_plan"),
    examples=[
        "pennsieve run start -d 'Mouse EEG' -w spike-rate --files 'raw/**/*.edf' --follow",
        "pennsieve run start -d 'Mouse EEG' -p THRESHOLD=4 --dry-run",
    ],
)
def start(
    context: Context,
    dataset: options.Dataset,
    workflow: Workflow = None,
    node: Node = None,
    files: Files = None,
    whole: All = False,
    input_run: InputRun = None,
    include_results: IncludeResults = False,
    param: Param = None,
    undeclared: Undeclared = False,
    layout: Layout = None,
    name: Name = None,
    folder: Folder = None,
    follow: Follow = False,
    wait: Wait = False,
    timeout: options.Timeout = None,
    max_cost: limits.MaxCost = None,
    time_limit: limits.TimeLimit = None,
    spot: limits.Spot = False,
    retries: limits.Retries = 0,
    dry_run: DryRun = False,
) -> Iterator[Shown]:
    """Start a workflow on a dataset's files.

    Without --files the whole dataset is the input: its number and size are shown, and you are
    asked; where nobody can be asked, add --all. In --files, '**/' is any number of folders, '{a,b}'
    is either, '!x' leaves out; a path as 'dataset files' lists it means that file or folder.
    What earlier runs wrote is left out, unless --files names its folder.
    Everything is checked before anything is sent. A command whose answer was lost can be typed
    again: on an own node, it goes on with the same run. With --wait or --follow the exit code is 0
    when the run succeeded, 3 when it failed or was cancelled, and 8 when the time was up.
    """
    from functools import partial

    from pennsieve_agent.cli.run import places, start_views
    from pennsieve_agent.services.runs import prepare_run, run_request
    from pennsieve_agent.services.runs.earlier_runs import EarlierRuns

    _refuse_both(files, input_run, whole=whole)
    request = run_request.RunOptions(
        dataset,
        workflow,
        node,
        files=tuple(files or ()),
        input_runs=tuple(input_run or ()),
        include_results=include_results,
        parameters=tuple(param or ()),
        name=name,
        folder=folder,
        limits=limits.limits(max_cost, time_limit, retries, spot=spot),
        layout=layout or "",
        undeclared=undeclared,
    )
    earlier = EarlierRuns(context.platform, places.everywhere(context))
    ready = prepare_run.prepare(
        context.platform,
        context.own_nodes,
        context.node_calls,
        request,
        context.now(),
        earlier=earlier,
        hand_over=None if dry_run else _hand_over(context),
    )
    start_views.note_undeclared(context, ready)
    start_views.note_idle_patterns(context, ready)
    check = partial(earlier.refuse_taken, ready, request)
    if dry_run:
        check()
        yield start_views.plan(context, ready)
        return
    start_views.note_files(context, ready)
    if not _takes_input(context, ready, whole=whole):
        yield Shown(notes=["nothing was started"])
        return
    show = follow and not context.as_json
    with (
        context.interruption.during("the run may have been started, or not", _go_on_hint(ready)),
        _started(context, ready, request, check) as (begun, backend),
    ):
        ways = {"waits": follow or wait, "show": show}
        yield from _go_on(context, ready, begun, backend, timeout=timeout, **ways)


def _refuse_both(files: list[str] | None, input_runs: list[str] | None, *, whole: bool) -> None:
    if whole and (files or input_runs):
        other = "--files" if files else "--input-run"
        raise UsageProblem(f"--all and {other} cannot be given together", hint="leave one out")


def _takes_input(context: Context, ready: Prepared, *, whole: bool) -> bool:
    """Whether the user takes a whole dataset, where he has chosen nothing."""
    from pennsieve_agent.cli.run import start_views

    return not ready.input.is_whole or context.streams.confirm(
        start_views.whole_dataset_question(ready),
        assume=whole,
        instead="choose files with: --files 'PATTERN'; or take them all with: --all",
    )


def _go_on_hint(ready: Prepared) -> str:
    if ready.own_node:
        return "type the same command again: it goes on with that run"
    return "look before you type it again: pennsieve run list"


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


def _go_on(
    context: Context,
    ready: Prepared,
    begun: Started,
    backend: RunBackend,
    *,
    waits: bool,
    show: bool,
    timeout: float | None,
) -> Iterator[Shown]:
    """Show the run, and follow it if that was asked for.

    Once the user knows of the run, the start is over (``acknowledge``), and the same command
    starts a new run.
    """
    from pennsieve_agent.cli.run import following, start_views

    yield start_views.started(ready, begun, followed=waits)
    if not (context.as_json and waits):
        begun.acknowledge()
    if not waits:
        return
    follower = following.follower(context, begun.run, backend, timeout=timeout)
    try:
        yield from following.to_end(context, follower, show=show)
    except (PlatformError, AwsError, NodeError):
        raise  # with --json nothing was said of the run: the same command goes on with it
    except BaseException:
        begun.acknowledge()
        raise
    begun.acknowledge()


@contextmanager
def _started(
    context: Context, ready: Prepared, request: RunOptions, check: Callable[[], None]
) -> Iterator[tuple[Started, RunBackend]]:
    from pennsieve_agent.cli.run import places, start_views
    from pennsieve_agent.services.runs import start_run as starting
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    if (own := ready.own_node) is None:
        check()
        start_views.warn_pennsieve_node(context, ready)
        run = context.platform.runs.start(ready.request)
        yield starting.Started(run), PennsieveRuns(context.platform)
        return
    backend = places.backend_of(context, own)
    with starting.on_own_node(
        ready,
        request,
        calls=context.node_calls(own),
        backend=backend,
        journal=places.journal(context),
        note=context.streams.note,
        check=check,
    ) as begun:
        yield begun, backend
