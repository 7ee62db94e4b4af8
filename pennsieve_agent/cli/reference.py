"""The table of all commands in the README, written from the table of commands."""

from __future__ import annotations

from pathlib import Path

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.command import click_command, usage_words

BEGIN, END = "<!-- commands -->\n", "<!-- /commands -->\n"


def table() -> str:
    """A Markdown table: each command with its arguments, and what it does."""
    rows = [f"| `{_usage(row.words)}` | {_cell(row.help)} |" for row in tree.walk()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def write(readme: Path) -> None:
    """Put the table into a README, between its two marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")


def _usage(words: str) -> str:
    return " ".join([words, *usage_words(click_command(tree.COMMANDS[words]).params)])


def _cell(text: str) -> str:
    return text.rstrip(".").replace("|", "\\|")


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "README.md")
