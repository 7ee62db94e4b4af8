"""``pennsieve run diff``: what differs between two runs."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Part, Shown, Table
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.compare import Difference, Value
    from pennsieve_agent.domain.receipt.form import Receipt

_HELP = "A run or a batch by name or id, or a receipt's file or folder."
_DIGITS = 12
"""Of a checksum on a terminal; --json has all of it."""
_LEAST = 1e-6


@command(
    "run diff",
    answers="run_differences",
    examples=[
        "pennsieve run diff first spike-rate-1c20",
        "pennsieve run diff receipt.json spike-rate-1c20",
    ],
)
def diff(
    context: Context,
    first: Annotated[str, typer.Argument(metavar="A", help=_HELP)],
    second: Annotated[str, typer.Argument(metavar="B", help=_HELP)],
) -> Shown:
    """What differs between two runs, from code to cost and results.

    Each of the two is a run, a batch, or a receipt on this disk. Results are compared by their
    paths in the folder of the results and by their checksums, files without one by their size.
    """
    from pennsieve_agent.console import receipt_documents
    from pennsieve_agent.domain.receipt.compare import differences

    receipts = [_receipt(context, reference) for reference in (first, second)]
    of_one_kind(*receipts)
    rows = differences(*receipts)
    document = receipt_documents.differences(receipts[0], receipts[1], rows)
    names = [str(one["name"]) for one in receipts]
    if not rows:
        return Shown(document, f"'{names[0]}' and '{names[1]}' do not differ")
    return Shown(document, _table(names, rows))


def of_one_kind(first: Receipt, second: Receipt) -> None:
    """Refuse a run beside a batch.

    Raises:
        UsageProblem: one is a run and the other a batch.

    """
    if first["kind"] == second["kind"]:
        return
    run, batch = (first, second) if first["kind"] == "run" else (second, first)
    raise UsageProblem(
        f"'{run['name']}' is a run and '{batch['name']}' a batch, which cannot be compared",
        hint=f"name a run of the batch; see them: pennsieve run show {quote(str(batch['name']))}",
    )


def _receipt(context: Context, reference: str) -> Receipt:
    from pennsieve_agent.cli.run import receipt_files
    from pennsieve_agent.cli.run.receipt import receipt_of

    if not receipt_files.names_file(reference):
        return receipt_of(context, reference)
    receipt, unchanged = receipt_files.load(reference)
    if not unchanged:
        context.streams.note(receipt_files.edited(reference))
    return receipt


def _table(names: list[str], rows: list[Difference]) -> list[Part]:
    cells = [[row.part, row.what, *map(_cell, (row.first, row.second))] for row in rows]
    return [Table(["PART", "WHAT", *names], cells)]


def _cell(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        # cents of a cent as digits, not as 3e-06; what is less than that keeps its exponent
        return f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) >= _LEAST else f"{value:.6g}"
    text = str(value)
    plain = text.removeprefix("sha256:")
    is_digest = len(plain) >= 40 and all(c in "0123456789abcdef" for c in plain)  # noqa: PLR2004 - of a commit
    return plain[:_DIGITS] if is_digest else text
