"""``pennsieve compute doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import ExitCode, UnknownName, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.account.doctor.node_health import Inspection
    from pennsieve_agent.account.world.check_result import Check
    from pennsieve_agent.console.shown import Part
    from pennsieve_agent.console.streams import Streams

_NAME = "my-compute"


Run = Annotated[
    bool, typer.Option("--run", help="Also start a trial run; shows its cost first, and asks.")
]


@command(
    "compute doctor",
    answers="compute_checks",
    examples=["pennsieve compute doctor", "pennsieve compute doctor my-compute --run"],
)
def doctor(
    context: Context,
    node: Annotated[
        str | None,
        typer.Argument(metavar="[NODE]", help="Its name. Default: the only node there is."),
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
    run: Run = False,
    yes: options.Yes = False,
) -> Iterator[Shown]:
    """Check a compute node, on Pennsieve and in AWS; changes nothing. Exit code 0 if all is well.

    With --run, a node of your own then carries out a trial run: a machine starts, pulls an image
    from the node's registry, mounts the run's files, writes and reads them, its log comes back, and
    the files are deleted. Only its line in 'run list' and its log stay.
    """
    from pennsieve_agent.account.doctor.inspect_node import examine
    from pennsieve_agent.account.doctor.node_health import checks
    from pennsieve_agent.account.register.node_identity import RegisterOptions
    from pennsieve_agent.cli.compute import trial, views

    name, node_id = _only_node(context) if node is None else _full_name(context, node)
    clients = views.clients(context, name, region, aws_profile, node_id=node_id)
    registration = RegisterOptions(name, context.workspace_id, hosts=context.profile.hosts)
    seen = examine(clients, registration, context.now)
    if run:
        trial.check_own(seen)
    results = checks(seen)
    yield Shown(text=_lines(results))
    if run:
        yield _after_trial(context, seen, results, yes=yes)
        return
    notes = []
    if seen.own is not None and not trial.obstacle(seen, results):
        notes = [f"next: {trial.offer(name, seen.own.mode, seen.own.region)}"]
    yield _shown(name, results, notes)


def _after_trial(
    context: Context, seen: Inspection, results: Sequence[Check], *, yes: bool
) -> Shown:
    """A trial run, if nothing is in its way and the answer is yes."""
    from pennsieve_agent.cli.compute import trial

    why = trial.obstacle(seen, results)
    if why or seen.own is None:
        return _shown(seen.name, results, [why])
    trial.explain(context, seen.own)
    if not context.streams.confirm("Go on?", assume=yes):
        return _shown(seen.name, results, ["no trial run was started"])
    shown = trial.carry_out(context, seen.own, seen.transfer_image)
    more = trial.checks(shown)
    last = _shown(seen.name, (*results, *more), trial.summary(shown))
    return replace(
        last, document={**last.document, "trial_run": shown.to_json()}, text=_lines(more)
    )


def _shown(name: str, results: Sequence[Check], notes: Sequence[str]) -> Shown:
    """The result in one document; as text it was told already."""
    good = all(check.passed for check in results)
    document = {"node": name, "passed": good, "checks": [check.to_json() for check in results]}
    return Shown(document, notes=notes, exit_code=ExitCode.OK if good else ExitCode.FAILED)


def _lines(results: Sequence[Check]) -> list[Part]:
    return [_line(check) for check in results]


def _line(check: Check) -> Part:
    """A check's result; what to do next is below one that did not pass."""

    def text(streams: Streams) -> str:
        mark, style = ("✓", "green") if check.passed else ("✗", "red")
        line = f"{streams.paint(mark, style)} {check.name}: {check.finding}"
        lines = [line] if check.passed else [line, f"    {check.why}"]
        if not check.passed:
            lines.append(f"    hint: {check.remedy}")
        return streams.wrapped("\n".join(lines)) if streams.out_is_terminal else "\n".join(lines)

    return text


def _only_node(context: Context) -> tuple[str, str]:
    """The name and the id of the only node."""
    nodes = [
        *((n.name, n.token) for n in node_choice.memory(context).list() if n.is_owned),
        *((n.name, n.uuid) for n in context.platform.compute.nodes(context.workspace_id)),
    ]
    if len(nodes) > 1:
        names = ", ".join(name for name, _ in nodes)
        raise UsageProblem(f"which compute node? there are: {names}", hint="name one of them")
    return nodes[0] if nodes else (_NAME, "")


def _full_name(context: Context, node: str) -> tuple[str, str]:
    """The name in full, and the id; what was typed, where its registration was begun here.

    Raises:
        UsageProblem: there is none or several, or it is somebody else's.
    """
    from pennsieve_agent.account.world.registration_journal import Journal
    from pennsieve_agent.cli.compute import views

    try:
        chosen = node_choice.find(context, node)
    except UsageProblem as error:
        begun = Journal(views.journals(context), context.profile.name, node).read()
        if not isinstance(error, UnknownName) or begun is None:
            raise
        return node, ""
    if isinstance(chosen, OwnNode) and not chosen.is_owned:
        raise UsageProblem(
            f"compute node '{chosen.name}' was shared with you; only its owner can check it",
            where=chosen.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )
    return chosen.name, node_choice.node_id(chosen)
