"""Written from the tables: the README's table of all commands, and what --json answers with."""

from __future__ import annotations

from pathlib import Path

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.command import click_command, declared, usage_words
from pennsieve_agent.console import schema
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import Field, is_plain, kinds_in

BEGIN, END = "<!-- commands -->\n", "<!-- /commands -->\n"


def table() -> str:
    """A Markdown table: each command with its arguments, and what it does."""
    rows = [f"| `{_usage(row.words)}` | {_cell(row.help)} |" for row in tree.walk()]
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def documents() -> str:
    """What each command answers with under --json, and each document's fields, as Markdown."""
    answers = [(row.words, declared(row).answers) for row in tree.walk()]
    lines = [
        "# JSON documents",
        "",
        _intro(),
        "",
        "| command | answers with |",
        "|---|---|",
        *(f"| `{words}` | {', '.join(map(_linked, kinds))} |" for words, kinds in answers),
    ]
    for document in DOCUMENTS.values():
        lines += ["", f"## {document.name}", "", document.meaning, ""]
        lines += ["| field | type | meaning |", "|---|---|---|"]
        lines += [
            f"| `{field.name}` | {_linked(field.type)}{_may_be(field)} | {_cell(field.meaning)} |"
            for field in document.fields
        ]
    return "\n".join(lines) + "\n"


def _intro() -> str:
    """The rules of spelling, as the package of the descriptions has them."""
    text = (schema.__doc__ or "").partition("Spelling, in all of them:\n\n")[2]
    return text.replace("``", "`").rstrip()


def _linked(kind: str) -> str:
    kinds = kinds_in(kind)
    names = [name if is_plain(name) else f"[{name}](#{name})" for name in kinds]
    return kind.removesuffix(" or ".join(kinds)) + " or ".join(names)


def _may_be(field: Field) -> str:
    notes = [*(["or null"] if field.null else []), *(["may be missing"] if field.optional else [])]
    return f" ({', '.join(notes)})" if notes else ""


def write(root: Path) -> None:
    """Put the table into the README, between its two marks, and the documents beside it."""
    (root / "pennsieve_agent" / "console" / "schema" / "JSON.md").write_text(
        documents(), encoding="utf-8"
    )
    readme = root / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")


def _usage(words: str) -> str:
    return " ".join([words, *usage_words(click_command(tree.COMMANDS[words]).params)])


def _cell(text: str) -> str:
    return text.rstrip(".").replace("|", "\\|")


if __name__ == "__main__":
    write(Path(__file__).parents[2])
