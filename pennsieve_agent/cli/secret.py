"""``pennsieve secret``: values that a node's containers get and nobody can read."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.compute import node_choice
from pennsieve_agent.cli.compute.node_secrets import Secrets
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table, planned
from pennsieve_agent.errors import NotFound, UsageProblem

Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as OPENAI_API_KEY.")]
Shared = Annotated[
    bool, typer.Option("--shared", help="For everybody's runs, not only yours.", show_default=False)
]
Stdin = Annotated[bool, typer.Option("--stdin", help="Read the value from standard input.")]
_SOME_VALUE = "value"


@command(
    "secret list",
    answers="list of secret",
    examples=["pennsieve secret list my-compute"],
)
def list_(context: Context, node: options.Node) -> Shown:
    """The names of your secrets, and of those that everybody's runs get."""
    secrets = Secrets(context, node_choice.find(context, node))
    rows = [(name, shared) for shared in (False, True) for name in secrets.names(shared=shared)]
    document = [{"name": name, "shared": shared} for name, shared in rows]
    if not rows:
        name = secrets.node.name
        hint = f"set one with: pennsieve secret set '{name}' NAME"
        return Shown(document, notes=[f"compute node '{name}' has no secrets; {hint}"])
    cells = [[name, "everybody's runs" if shared else "your runs"] for name, shared in rows]
    return Shown(document, Table(["NAME", "FOR"], cells))


@command(
    "secret set",
    answers=("secret_change", "planned_change"),
    examples=[
        "pennsieve secret set my-compute OPENAI_API_KEY",
        "pennsieve secret set my-compute OPENAI_API_KEY --stdin < key.txt",
    ],
)
def set_(
    context: Context,
    node: options.Node,
    name: Name,
    shared: Shared = False,
    stdin: Stdin = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Set a secret.

    You are asked for its value, or it is read from standard input with --stdin. It cannot be given
    on the command line, where other programs of this machine could read it. Logs that this program
    shows have *** in its place; the node's own log in AWS has what a step printed, unchanged.
    """
    from pennsieve_agent.domain.secret_values import unmasked
    from pennsieve_agent.platform.compute.node_secrets import checked

    secrets = Secrets(context, node_choice.find(context, node))
    whose = "everybody's" if shared else "your"
    if dry_run:
        # Nobody is asked for a value that goes nowhere.
        value, _ = _value(context, name, stdin=True) if stdin else (_SOME_VALUE, [])
        checked({name: value})
        where = f"runs on compute node '{secrets.node.name}'"
        return planned(f"set secret {name} for {whose} {where}")
    value, notes = _value(context, name, stdin=stdin)
    secrets.set({name: value}, shared=shared)
    if why := unmasked(value):
        notes.append(f"note: {why}")
    return Shown(
        {"node_id": secrets.node_id, "name": name, "shared": shared, "masked": not why},
        f"Set secret {name} for {whose} runs on compute node '{secrets.node.name}'",
        notes,
    )


def _value(context: Context, name: str, *, stdin: bool) -> tuple[str, list[str]]:
    """What is to be set, and what is to be said of it."""
    from pennsieve_agent.domain.secret_values import value_in

    if not stdin:
        instead = "add --stdin and write the value to standard input"
        return context.streams.ask_secret(f"Value of {name} (not shown)", instead=instead), []
    try:
        value, had_end = value_in(context.streams.read_all())
    except ValueError as error:
        raise UsageProblem(str(error), hint="save it as UTF-8, or as base64") from None
    return value, ["the line break at the end of the value was removed"] if had_end else []


@command(
    "secret delete",
    answers=("secret_change", "planned_change"),
    examples=["pennsieve secret delete my-compute OPENAI_API_KEY"],
)
def delete(
    context: Context,
    node: options.WholeNode,
    name: Name,
    shared: Shared = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Delete a secret. Its value is lost."""
    secrets = Secrets(context, node_choice.find_whole(context, node))
    node_name = secrets.node.name
    if name not in secrets.names(shared=shared):
        whose = "no shared secret" if shared else "no secret of yours"
        raise NotFound(
            f"compute node '{node_name}' has {whose} called '{name}'",
            hint=f"list them with: pennsieve secret list '{node_name}'",
        )
    document = {"node_id": secrets.node_id, "name": name, "shared": shared}
    if dry_run:
        return planned(f"delete secret {name} of compute node '{node_name}'")
    question = f"Delete secret {name} of compute node '{node_name}'?"
    if not context.streams.confirm(question, assume=yes):
        return Shown({**document, "deleted": False}, notes=["nothing was changed"])
    secrets.remove(name, shared=shared)
    return Shown(
        {**document, "deleted": True}, f"Deleted secret {name} of compute node '{node_name}'"
    )
