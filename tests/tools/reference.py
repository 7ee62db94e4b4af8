"""The table of all commands in the README, written from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperGroup

from pennsieve_agent.cli.app import root

BEGIN, END = "<!-- commands -->\n", "<!-- /commands -->\n"


def table() -> str:
    """A Markdown table: each command with its arguments, and its first sentence."""
    rows = [f"| `{words}` | {text} |" for words, text in _commands()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def write(readme: Path) -> None:
    """Put the table into a README, between its two marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")


def _commands() -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, Any]] = [("", typer.main.get_command(root))]
    while waiting:
        words, command = waiting.pop(0)
        if isinstance(command, TyperGroup):
            context: Any = None  # neither needs one
            names = command.list_commands(context)
            inner = [(f"{words} {n}".strip(), command.get_command(context, n)) for n in names]
            waiting = inner + waiting
            continue
        arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
        yield " ".join([words, *arguments]), _first_sentence(command.help or "")


def _argument(parameter: Any) -> str:
    """As one types it: an optional one in brackets, of several with dots."""
    name = (parameter.metavar or parameter.name).strip("[]{}").upper()
    return name if parameter.required else f"[{name}]"


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", 1)[0].split())
    sentence = paragraph.split(". ", 1)[0].rstrip(".")
    return sentence.replace("|", "\\|")


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "README.md")
