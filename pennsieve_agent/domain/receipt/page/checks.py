"""How to do it again, and how to see that nobody has changed this receipt."""

from __future__ import annotations

from shlex import quote

from pennsieve_agent.domain.receipt.form import BATCH, NAME, PAGE, Receipt
from pennsieve_agent.domain.receipt.page.html import Html, code, join, quoted, section, table, tag
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.words import size


def again(receipt: Receipt) -> Html:
    """The section of the commands that repeat it."""
    repeat = part(receipt, "repeat")
    commands = [
        ("If you can see the run on Pennsieve or on its node:", text(repeat, "command")),
        ("If you have this folder, in your own account:", text(repeat, "from_receipt")),
    ]
    lines = [join((tag("p", words), command_line(line))) for words, line in commands if line]
    if receipt.get("kind") == BATCH and rows(receipt, "subjects"):
        lines.append(tag("p", "Each subject has its own command, under Inputs and results."))
    nothing = tag("p", "It has no command that repeats it.", class_="quiet")
    note = "The command first shows what is different in your account."
    return section("repeat", "Do it again", *(lines or [nothing]), note=note)


def command_line(line: str) -> Html:
    """A command, which one click selects."""
    return tag("pre", tag("code", quoted(line, 20_000)), tabindex="0")


def checksums(receipt: Receipt) -> Html:
    """The section of the checksums, and how to check them."""
    files = rows(part(receipt, "checksums"), "files")
    lines = [
        tag(
            "tr",
            tag("th", quoted(text(row, "path"), 200), scope="row"),
            tag("td", size(number(row, "size")), class_="figure"),
            tag("td", code(text(row, "sha256"), 200)),
        )
        for row in files[:200]
    ]
    known = (
        table("Files beside this page", ("File", "Size", "SHA-256"), lines, "files", hidden=False)
        if lines
        else None
    )
    names = " ".join(quote(text(row, "path")) for row in files[:20] if text(row, "path") != PAGE)
    note = (
        "Checksums show whether something was changed. They are not a signature: they do not show "
        "by whom."
    )
    return section(
        "check",
        "Check this receipt",
        tag(
            "p",
            f"All that this page says is in {NAME}, which lies beside it and has the SHA-256 of"
            f" this page ({PAGE}) and of the other files. Type this in their folder:",
        ),
        command_line("pennsieve run receipt --check ."),
        tag(
            "p",
            f"Without this program, compare the checksums in {NAME} with those of the files now:",
        ),
        command_line(f"sha256sum {PAGE} {names}".rstrip()),
        known,
        note=note,
    )
