"""How registering and removing a compute node is shown, and what it is done with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.remove.execute_removal import RemovalReport
from pennsieve_agent.account.remove.plan_removal import RemovalPlan
from pennsieve_agent.account.world.clients import Clients, Progress
from pennsieve_agent.account.world.node_code import bundle
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.cli.compute import node_choice, transfer_image
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.steptree import Happening, StepTree
from pennsieve_agent.errors import AgentError, SettingsError

if TYPE_CHECKING:
    from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry


def clients(
    context: Context,
    name: str,
    region: str | None,
    aws_profile: str | None,
    *,
    node_id: str = "",
    asks_pennsieve: bool = True,
) -> Clients:
    """AWS, the platform and the journal of one node.

    ``node_id`` is the token of an own node, or Pennsieve's uuid: the node is found by it also after
    it was renamed. An own node's region and credentials are used where no others are named. With
    ``asks_pennsieve`` off nobody need be signed in.
    """
    known = next((n for n in node_choice.memory(context).list() if n.token == node_id), None)
    if known is not None:
        region = region or known.region
        aws_profile = aws_profile or known.aws_profile or None
    aws = context.aws(region, aws_profile)
    return Clients(
        aws,
        context.platform.compute if asks_pennsieve else cast("NodeRegistry", None),
        Journal.of_node(journals(context), context.profile.name, name, node_id),
        context.sleep,
        node_choice.memory(context),
        context.calls_with(aws),
        bundle=bundle(),
        transfer=transfer_image.PublicPython(aws, context.sleep) if asks_pennsieve else None,
    )


def write_new(path: Path, data: bytes) -> None:
    """Write a file.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SettingsError(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            hint="choose another place",
        ) from error


def journals(context: Context) -> Path:
    """The folder of the journals of all nodes."""
    return context.config_path.parent / "nodes"


@contextmanager
def shown(context: Context, clients: Clients) -> Iterator[Clients]:
    """The same clients, with a listener that shows progress as it happens."""
    with StepTree(context.streams, context.now) as tree:
        yield replace(clients, progress=lambda progress: tree.show(_happening(progress)))


def _happening(progress: Progress) -> Happening:
    return Happening(
        progress.state.value,
        progress.sentence,
        progress.hint,
        progress.item,
        progress.status,
        progress.at,
    )


def show_account(context: Context, clients: Clients) -> None:
    """Whose AWS account it is and who one is there, before anything else is done with it."""
    who = clients.aws.identity()
    context.streams.explain(
        f"AWS account {who.account_id} in {who.region}, as {who.arn} ({who.source})"
    )


def show_plan(context: Context, plan: AccountPlan) -> None:
    """What a registration will do."""
    streams = context.streams
    if plan.nothing_to_do:
        return
    if plan.changed:
        streams.note("What you chose will be:")
        for change in plan.changed:
            streams.explain(f"  {change.line}")
    streams.note("This will be done:")
    for number, step in enumerate(plan.steps, 1):
        streams.explain(f"  {number}. {step.sentence}")
        for line in getattr(step, "lines", ()):
            streams.explain(f"     {line}")
    if not isinstance(plan.steps[0], AlreadyDone):
        streams.note("Permissions this grants:")
        for words in plan.words:
            streams.explain(f"  {words}")
    for line in plan.costs.lines:
        streams.explain(line)


def show_removal(context: Context, plan: RemovalPlan) -> None:
    """What a removal will do."""
    context.streams.note("This will be done:")
    for number, step in enumerate(plan.steps, 1):
        context.streams.explain(f"  {number}. {step.sentence}")
        for line in step.lines:
            context.streams.explain(f"     {line}")
    for kept in plan.kept:
        context.streams.explain(f"  stays: {kept}")


def show_report(context: Context, name: str, report: RemovalReport) -> None:
    """What a removal did.

    Raises:
        AgentError: something unexpected remains.
    """
    if context.as_json and not report.leftovers:
        context.streams.document(
            {"name": name, "removed": list(report.removed), "kept": list(report.kept)}
        )
    if report.leftovers:
        raise AgentError(
            f"something of compute node '{name}' remains: {', '.join(map(str, report.leftovers))}",
            hint="look at it in the AWS console, then run the same command again",
        )
    if not context.as_json:
        context.streams.result(f"Removed compute node '{name}'; nothing unexpected is left in AWS")
        for kept in report.kept:
            context.streams.explain(f"  kept: {kept}")
