"""``pennsieve run receipt``: what exactly a run did, as a folder to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.form import Receipt
    from pennsieve_agent.services.receipts.collect import Maker


_PICTURE_SECONDS = 30.0
"""For one of at most 200 kB; without it the page has its name alone."""


@command(
    "run receipt",
    answers=("run_receipt", "checked_receipt"),
    examples=[
        "pennsieve run receipt spike-rate-1c20 --to receipt",
        "pennsieve run receipt --check receipt",
    ],
)
def receipt(
    context: Context,
    run: options.Run = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            file_okay=False,
            help="The folder to write; default: receipt-NAME, here.",
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="PATH", help="Check whether a receipt or its files were changed."
        ),
    ] = None,
) -> Shown:
    """Write a folder that says exactly what a run or a batch did.

    receipt.json has the code, parameters, inputs and results with checksums, machines, times,
    attempts and cost, and the command that repeats the run. ro-crate-metadata.json says the same
    as a Workflow Run RO-Crate, and index.html shows it in a browser, without a network. While a
    run is going on, its receipt has what is known so far, and the exit code is 8: type the same
    command again after its end.

    With --check, a receipt and the files beside it are compared with the receipt's checksums: the
    exit code is 1 if one was changed or is missing. Checksums show what was edited by hand; they
    do not prove who wrote a receipt.
    """
    from pennsieve_agent.cli.run import receipt_views

    if check is not None:
        if run is not None or to is not None:
            other = "--to" if to is not None else "a run"
            raise UsageProblem(
                f"--check and {other} cannot be given together", hint="leave one of them out"
            )
        from pennsieve_agent.services.receipts import check_receipt

        return receipt_views.checked(check_receipt.check(check))
    from pennsieve_agent.services.receipts import receipt_folder

    document = receipt_of(context, run)
    folder = to or Path(receipt_folder.file_name(document))
    files = receipt_folder.write(document, folder, pictures_of(context, document))
    return receipt_views.written(document, folder, files)


def receipt_of(context: Context, reference: str | None) -> Receipt:
    """The receipt of a run or a batch, wherever it is; of my latest run where none is named."""
    from pennsieve_agent.cli.run import batch_places
    from pennsieve_agent.services.receipts.collect import run_receipt
    from pennsieve_agent.services.receipts.collect_batch import batch_receipt

    located = batch_places.run_or_batch(context, reference)
    if isinstance(located, batch_places.LocatedBatch):
        rows = list(located.backend.rows(located.batch.id))
        backend = batch_places.runs_of(context, located)
        return batch_receipt(maker(context), located.batch, rows, backend)
    return run_receipt(maker(context), located)


def pictures_of(context: Context, document: Receipt) -> dict[str, bytes]:
    """The pictures among the results, for the page."""
    from pennsieve_agent.services.receipts.result_pictures import result_pictures
    from pennsieve_agent.transfer import receive

    def read(url: str) -> bytes:
        return receive.read(context.sender, url, context.sleep, seconds=_PICTURE_SECONDS)

    return result_pictures(document, context.platform.downloads, read)


def maker(context: Context) -> Maker:
    """What a receipt says of the place where it is made."""
    from pennsieve_agent.services.receipts.collect import Maker

    return Maker(
        context.platform,
        context.profile.hosts.api,
        context.identity.workspace,
        context.now(),
        context.own_nodes,
    )
