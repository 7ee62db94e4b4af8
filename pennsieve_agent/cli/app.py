"""Commands in the form that they had: functions of a typer app. Goes when the last is rewritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
import typer.main


def group(help_text: str) -> typer.Typer:
    """A place where functions become commands."""
    return typer.Typer(help=help_text, rich_markup_mode=None, add_completion=False)


def callback_of(app: typer.Typer, words: str) -> Callable[..., Any]:
    """The function of a command of an app; ``words`` begin with the app's own name."""
    for word in words.split()[1:-1]:
        (app,) = (
            info.typer_instance
            for info in app.registered_groups
            if info.name == word and info.typer_instance
        )
    name = words.rpartition(" ")[2]
    nameless = [info.typer_instance for info in app.registered_groups if not info.name]
    for one in (app, *filter(None, nameless)):
        for info in one.registered_commands:
            if info.callback and name == (
                info.name or typer.main.get_command_name(info.callback.__name__)
            ):
                return info.callback
    raise LookupError(f"no command '{words}'")
