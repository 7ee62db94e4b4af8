"""``pennsieve compute doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice, node_options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import ExitCode, UnknownName, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.account.world.check_result import Check
    from pennsieve_agent.console.shown import Part
    from pennsieve_agent.console.streams import Streams

_NAME = "my-compute"


@command("compute doctor", answers="compute_checks", examples=["pennsieve compute doctor"])
def doctor(
    context: Context,
    node: Annotated[
        str | None, typer.Argument(metavar="[NODE]", help="Its name. Default: the only one.")
    ] = None,
    aws_profile: node_options.AwsProfile = None,
    region: node_options.Region = None,
) -> Shown:
    """Check a compute node from both sides; changes nothing. Exit code 0 only if all is well."""
    from pennsieve_agent.account.doctor.inspect_node import examine
    from pennsieve_agent.account.doctor.node_health import checks
    from pennsieve_agent.account.register.node_identity import RegisterOptions
    from pennsieve_agent.cli.compute import views

    name, node_id = _only_node(context) if node is None else _full_name(context, node)
    clients = views.clients(context, name, region, aws_profile, node_id=node_id)
    registration = RegisterOptions(name, context.workspace_id, hosts=context.profile.hosts)
    results = checks(examine(clients, registration, context.now))
    good = all(check.passed for check in results)
    return Shown(
        {"node": name, "passed": good, "checks": [check.to_json() for check in results]},
        _lines(results),
        exit_code=ExitCode.OK if good else ExitCode.FAILED,
    )


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
            f"compute node '{chosen.name}' was shared with you; its owner alone looks into it",
            where=chosen.gateway,
            hint="ask the owner, or make a node of your own with: pennsieve compute register",
        )
    return chosen.name, node_choice.node_id(chosen)
