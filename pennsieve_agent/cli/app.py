"""The tree of commands; a branch is imported when it is used."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

COMMANDS = {
    "login": "Sign in to Pennsieve with an API key.",
    "logout": "Forget the key of a profile.",
    "whoami": "Who is signed in, to which workspace, with which key.",
    "profile": "Workspaces this machine knows.",
    "aws": "AWS credentials, for people without an AWS profile.",
    "compute": "Your AWS account as a place where analysis runs.",
    "workflow": "Analysis code from git, registered to run.",
    "dataset": "Datasets, and which workflow may use them.",
    "run": "Start analysis and follow it.",
    "workspace": "The people and teams of your workspace.",
    "sandbox": "A Pennsieve and an AWS account on this machine, for trying.",
    "completion": "A script that completes commands in your shell.",
}
"""The order is that of a first journey."""
HELP = ("--help", "-h")


class LazyGroup(TyperGroup):
    """A group whose commands are found in modules of the same name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands, without importing them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import one command."""
        del ctx
        return _load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that was typed, knowing the word after it."""
        if args and args[0] in COMMANDS:
            return args[0], _load(args[0], args[1] if len(args) > 1 else HELP[0]), args[1:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("First steps"):
            formatter.write_dl(
                [
                    ("pennsieve sandbox start --detach", "try everything without an account"),
                    ("pennsieve login", "or sign in to Pennsieve"),
                ]
            )


def _load(name: str, inner: str = "") -> Any:
    """A command, made from its module; of a group only ``inner``, the word that was typed.

    To make all commands of a large group takes a fifth of the time that help may take.
    """
    whole = importlib.import_module(f"pennsieve_agent.cli.{name}").app
    one = _listed(whole) if inner in HELP else _only(whole, inner) if inner else None
    command = typer.main.get_command(whole) if one is None else typer.main.get_group(one)
    command.name = name
    return command


def _only(whole: typer.Typer, inner: str) -> typer.Typer | None:
    """A group's copy with one of its commands or groups; None if there is none of that name."""
    flat = [whole, *(g.typer_instance for g in whole.registered_groups if not g.name)]
    commands = [info for each in flat if each for info in each.registered_commands]
    if len(commands) == 1 and not whole.registered_groups:
        return None  # it is that command itself
    one = copy.copy(whole)
    one.registered_commands = [info for info in commands if _word(info) == inner]
    one.registered_groups = [info for info in whole.registered_groups if info.name == inner]
    return one if one.registered_commands or one.registered_groups else None


def _listed(whole: typer.Typer) -> typer.Typer | None:
    """A group's copy whose commands have names and help alone, to be listed; None if it is none."""
    if len(whole.registered_commands) == 1 and not whole.registered_groups:
        return None
    shown = copy.copy(whole)
    shown.registered_commands = [_without_options(info) for info in whole.registered_commands]
    shown.registered_groups = []
    for info in whole.registered_groups:
        inner = copy.copy(info)
        if info.typer_instance is not None:
            inner.typer_instance = _without_commands(info.typer_instance, named=bool(info.name))
        shown.registered_groups.append(inner)
    return shown


def _without_commands(inner: typer.Typer, *, named: bool) -> typer.Typer:
    """A group's copy: of one with a name, only that is listed; of another, its commands are."""
    shown = copy.copy(inner)
    shown.registered_groups = []
    kept = [] if named else inner.registered_commands
    shown.registered_commands = [_without_options(info) for info in kept]
    return shown


def _without_options(info: Any) -> Any:
    def command() -> None:
        raise AssertionError("it was made to be listed")

    command.__name__, command.__doc__ = info.callback.__name__, info.callback.__doc__
    shown = copy.copy(info)
    shown.callback = command
    return shown


def _word(info: Any) -> str:
    """What a command is called: typer's rule."""
    return info.name or typer.main.get_command_name(info.callback.__name__)


def group(help_text: str) -> typer.Typer:
    """A group of commands in our style."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


root = typer.Typer(
    cls=LazyGroup,
    name="pennsieve",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from pennsieve_agent import __version__

        typer.echo(f"pennsieve {__version__}")
        raise typer.Exit


@root.callback()
def main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
    debug: bool = typer.Option(False, "--debug", help="Show a traceback when something fails."),
) -> None:
    """Run your analysis at scale on Pennsieve, with compute you own."""
    del version, debug  # --debug is read by the boundary, which must know it for every failure
