"""How registering and removing a compute node is shown, and what it is done with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pennsieve_agent.account.remove.plan_removal import RemovalPlan
from pennsieve_agent.account.world.clients import Clients, Progress
from pennsieve_agent.account.world.node_code import bundle
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.cli.compute import node_choice, transfer_image
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import NOT_CHANGED, Prose, Shown
from pennsieve_agent.console.steptree import Happening, StepTree
from pennsieve_agent.errors import SettingsError

if TYPE_CHECKING:
    from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry

GO_ON = "go on with: the same command"


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
        transfer=transfer_image.PublicPython(aws, context.sleep),
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
def shown(context: Context, clients: Clients, *, undo: str = "") -> Iterator[Clients]:
    """The same clients, with a listener that shows progress as it happens.

    ``undo`` is the command that takes back what was done, where there is one.
    """
    done = context.interruption.during(
        "steps with a ✓ are done; AWS or Pennsieve finishes what it has begun",
        f"{GO_ON}\n  undo it with: {undo}" if undo else GO_ON,
    )
    with done, StepTree(context.streams, context.now) as tree:
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
    context.streams.note(
        f"AWS account {who.account_id} in {who.region}, as {who.arn} ({who.source})"
    )


def removal_lines(plan: RemovalPlan) -> list[str]:
    """What a removal will do."""
    lines = ["This will be done:"]
    for number, step in enumerate(plan.steps, 1):
        lines.append(f"  {number}. {step.sentence}")
        lines += [f"     {line}" for line in step.lines]
    return [*lines, *(f"  stays: {kept}" for kept in plan.kept)]


def explain(context: Context, lines: Sequence[str]) -> None:
    """Show a plan before a question is asked."""
    for line in lines:
        context.streams.note(line)


def dry_run(document: dict[str, Any], lines: Sequence[str]) -> Shown:
    """A plan as the result of a dry run."""
    return Shown(document, [Prose(line) for line in lines], [NOT_CHANGED])
