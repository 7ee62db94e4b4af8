"""Arguments and options that many commands share.

A letter means one thing in the whole program: ``-d`` dataset, ``-w`` workflow, ``-n`` node, ``-p``
param, ``-f`` follow, ``-s`` step, ``-L`` limit, ``-y`` yes, ``-t`` timestamps, ``-h`` help.
What a word may be is in its metavar: names of DATASET, WORKFLOW, NODE, RUN and PROFILE complete.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pennsieve_agent.cli.context import Context

Json = Annotated[bool, typer.Option("--json", help="Answer with a JSON document.")]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="PROFILE", help="The profile to use.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without being asked.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
OfWorkflow = Annotated[
    str | None,
    typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Only this workflow's."),
]
OfDataset = Annotated[
    str | None,
    typer.Option("--dataset", "-d", metavar="DATASET", help="Only those on this dataset."),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="Stop waiting, not the run, after this."),
]
Workflow = Annotated[str, typer.Argument(metavar="WORKFLOW", help="Name, unique prefix or id.")]
Dataset = Annotated[
    str, typer.Option("--dataset", "-d", metavar="DATASET", help="Name, unique prefix or id.")
]
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, unique prefix or id.")
]
WholeDataset = Annotated[
    str, typer.Argument(metavar="DATASET", help="Its full name or id, never a prefix.")
]
WholeNode = Annotated[
    str, typer.Argument(metavar="NODE", help="Its full name or id, never a prefix.")
]
Files = Annotated[
    list[str] | None,
    typer.Option("--files", metavar="GLOB", help="Only these, such as 'raw/**/*.edf'."),
]
Archived = Annotated[bool, typer.Option("--archived", help="List archived ones instead.")]
User = Annotated[
    str | None,
    typer.Option("--user", metavar="EMAIL", help="A member: e-mail address or name."),
]
Team = Annotated[str | None, typer.Option("--team", metavar="TEAM", help="A team.")]
Workspace = Annotated[bool, typer.Option("--workspace", help="Everybody in the workspace.")]
Node = Annotated[str, typer.Argument(metavar="NODE", help="Name, unique prefix or id.")]
Run = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="Name, unique prefix or id; the latest if left out."),
]


Runs = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN", help="Names, unique prefixes or ids; default: the latest."),
]


class InputLayout(StrEnum):
    """How a step gets its input files: in their folders, or all at the top of INPUT_DIR."""

    TREE = "tree"
    FLAT = "flat"


def use(ctx: typer.Context, profile: str | None = None, *, as_json: bool = False) -> Context:
    """The command's context, told what all commands may be told."""
    context = ctx.find_object(Context)
    if context is None:
        raise RuntimeError("a command was run without a context")
    context.profile_name = profile
    context.as_json = as_json
    return context
