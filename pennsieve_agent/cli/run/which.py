"""``pennsieve run which``: from a file to the run that wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.errors import NotFound, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.receipt.form import Receipt

_SHOWN = 10
_BY = {
    "package": "it is the package that the run delivered",
    "checksum": "it has the checksum of a result of the run",
    "folder": "it was written to the run's results folder during the run; Pennsieve records no "
    "more than that",
    "receipt": "the receipt beside it names it by its checksum",
}


@command(
    "run which",
    answers="run_of_file",
    examples=[
        "pennsieve run which results/first/rates.csv --dataset 'Mouse EEG'",
        "pennsieve run which ./rates.csv",
    ],
)
def which(
    context: Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A file on this disk; with --dataset, a path in it."),
    ],
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", "-d", metavar="DATASET", help="The file is in this dataset."),
    ] = None,
) -> Shown:
    """Which run wrote a file, from which code and inputs.

    A file on this disk is looked up by its checksum, first in the receipts beside it and in the
    folders above, then in what your own nodes recorded of the runs of the last 90 days. Nodes
    record no checksum of large files, which are uploaded in parts: name these by their path in
    the dataset, with --dataset.
    """
    receipt, by, path = (
        _in_dataset(context, dataset, file) if dataset is not None else _on_disk(context, file)
    )
    return _shown(receipt, by, path)


def _in_dataset(context: Context, dataset: str, path: str) -> tuple[Receipt, str, str]:
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.cli.run.receipt import maker
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.receipts.collect import run_receipt
    from pennsieve_agent.services.receipts.which_run import by_place

    one = lookup.dataset(context.platform, dataset)
    place = path.strip("/")
    files = context.platform.datasets.files(one.id)
    match = next((file for file in files if file.path == place), None)
    if match is None:
        raise NotFound(
            f"dataset '{one.name}' has no file '{place}'",
            hint=f"list its files with: pennsieve dataset files '{one.name}'",
        )
    written = by_place(places.everywhere(context), one.id, match)
    if written is None:
        raise NotFound(
            f"no run that you can see wrote '{place}'",
            hint="somebody uploaded it, or its run is older than what nodes keep (90 days)",
        )
    return run_receipt(maker(context), written.located), written.by, place


def _on_disk(context: Context, name: str) -> tuple[Receipt, str, str]:
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.cli.run.receipt import maker
    from pennsieve_agent.services.receipts import which_run
    from pennsieve_agent.services.receipts.collect import run_receipt

    path = Path(name)
    if path.is_dir():
        raise UsageProblem(
            f"'{name}' is a folder, and a run is found by one of its files",
            hint="name a file in it",
        )
    if not path.is_file():
        raise UsageProblem(
            f"there is no file '{name}' on this disk",
            hint="if the file is in a dataset, name the dataset, too: --dataset DATASET",
        )
    try:
        digest = which_run.sha256_of(path)
    except OSError as error:
        raise UsageProblem(f"cannot read '{name}': {error.strerror or error}") from error
    if (beside := which_run.by_receipt(path, digest)) is not None:
        return beside[1], "receipt", name
    written = which_run.by_content(places.everywhere(context, pennsieve=False), "", digest)
    if written is None:
        raise NotFound(
            f"no run on your own nodes recorded a result with the content of '{name}'",
            hint="it was changed since, is older than 90 days, or is large and was uploaded in "
            "parts; name its path in the dataset: pennsieve run which PATH --dataset DATASET",
        )
    return run_receipt(maker(context), written.located), written.by, name


def _status(receipt: Receipt) -> str:
    """How the run is; a receipt among the results was written before they were all delivered."""
    from pennsieve_agent.domain.runs import RunStatus

    status = str(receipt["status"])
    ended = receipt["times"]["completed_at"] or RunStatus.of(status.upper()).is_final
    return status if ended else f"{status} when the receipt was written"


def _shown(receipt: Receipt, by: str, path: str) -> Shown:
    from pennsieve_agent.console import receipt_documents
    from pennsieve_agent.console.words import plural, size

    workflow = " ".join(filter(None, (receipt["workflow"]["name"], receipt["workflow"]["version"])))
    pairs = [
        (str(receipt["kind"]), str(receipt["name"])),
        ("id", str(receipt["id"])),
        ("status", _status(receipt)),
        ("workflow", workflow),
        ("ended", str(receipt["times"]["completed_at"] or "")),
        ("known because", _BY[by]),
    ]
    text: list[Part] = [Details(pairs)]
    code = [
        [step["id"], step["source_url"], step["tag"] or "", step["commit"] or "not recorded"]
        for step in receipt["steps"]
        if step["source_url"]
    ]
    if code:
        text += ["", Table(["STEP", "CODE", "TAG", "COMMIT"], code)]
    files = receipt["inputs"]["files"] or []
    if files:
        rows = [[row["path"], size(row["size"])] for row in files[:_SHOWN]]
        text += ["", Table(["INPUT", "SIZE"], rows)]
    notes = []
    if len(files) > _SHOWN:
        notes.append(f"and {plural(len(files) - _SHOWN, 'more input file')}; --json has all")
    if receipt["repeat"]["command"]:
        notes.append(f"repeat it with: {receipt['repeat']['command']}")
    return Shown(receipt_documents.run_of_file(receipt, by, path), text, notes)
