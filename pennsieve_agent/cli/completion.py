"""``pennsieve completion``: scripts that complete commands in a shell."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "_PENNSIEVE_COMPLETE"
app = group("A script that completes commands in your shell.")


class Shell(StrEnum):
    """Shells with a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


FILES = {Shell.BASH: "pennsieve.bash", Shell.ZSH: "_pennsieve", Shell.FISH: "pennsieve.fish"}


@app.command()
def completion(
    ctx: typer.Context,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script that completes commands: source it from your shell's start-up file.

    For bash: pennsieve completion bash > ~/.local/share/bash-completion/completions/pennsieve
    """
    options.use(ctx).streams.result(script(shell))


def script(shell: Shell) -> str:
    """The completion script for a shell."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    made: str = get_completion_script(
        prog_name="pennsieve", complete_var=VARIABLE, shell=shell.value
    )
    return made


def enable() -> None:
    """Let typer answer a shell that asks for completions."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()


def write_all(folder: Path) -> None:
    """Write the scripts of all shells into a folder."""
    for shell, name in FILES.items():
        (folder / name).write_text(f"{script(shell)}\n", encoding="utf-8")
