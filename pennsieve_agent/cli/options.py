"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli.context import Context

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="The profile to use.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without being asked.")]
Workflow = Annotated[str, typer.Argument(metavar="WORKFLOW", help="Name, unique prefix or id.")]
Dataset = Annotated[
    str, typer.Option("--dataset", "-d", metavar="DATASET", help="Name, unique prefix or id.")
]
Node = Annotated[str, typer.Argument(metavar="NODE", help="Name, unique prefix or id.")]
Run = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="Name, unique prefix or id; the latest if left out."),
]


def use(ctx: typer.Context, profile: str | None = None, *, as_json: bool = False) -> Context:
    """The command's context, told what all commands may be told."""
    context = ctx.find_object(Context)
    if context is None:
        raise RuntimeError("a command was run without a context")
    context.profile_name = profile
    context.as_json = as_json
    return context
