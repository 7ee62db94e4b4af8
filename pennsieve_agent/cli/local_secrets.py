"""Secrets of a run on this machine: from the environment, or typed; a node's are not here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context

Secret = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="NAME",
        help="A secret for the steps: this variable's value here, else you are asked; repeatable.",
    ),
]


def secrets(context: Context, names: Sequence[str]) -> dict[str, str]:
    """The values of secrets, which steps get as a node's.

    Raises:
        UsageProblem: a node would not take it, or there is no value and nobody can be asked.
    """
    from pennsieve_agent.platform.compute.node_secrets import checked

    values: dict[str, str] = {}
    for name in names:
        value = context.environ.get(name, "")
        if not value:
            checked({name: "value"})  # a wrong name is said before anybody types a value
            value = context.streams.ask_secret(
                f"Value of {name} (not shown)", instead=f"set the variable {name} to its value"
            )
        values |= checked({name: value})
    return values
