"""The receipt of a batch: its subjects with the files of their runs, which are asked side by side.

Of a batch on Pennsieve's nodes the files are left out: Pennsieve keeps none by run, and each answer
would be a listing of the whole dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.receipt import batch as batch_form
from pennsieve_agent.domain.receipt.batch import SubjectFiles
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.errors import NotFound
from pennsieve_agent.services.receipts.collect import (
    Maker,
    Rows,
    input_rows,
    output_rows,
    run_receipt,
    without_records,
)
from pennsieve_agent.services.runs.all_runs import Located
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.batches import Batch, BatchRow
    from pennsieve_agent.domain.runs import OutputFile
    from pennsieve_agent.services.runs.run_backend import RunBackend


def batch_receipt(
    maker: Maker, batch: Batch, rows: Sequence[BatchRow], backend: RunBackend
) -> dict[str, Any]:
    """The receipt of a batch, without checksums."""
    begun = [row.run for row in rows if row.run]
    one = None
    for run_id in begun:
        try:
            run = backend.get(run_id)
        except NotFound:  # its start was refused, or it is too long ago
            continue
        one = run_receipt(maker, Located(run, backend))
        break
    stated = maker.stated(batch.dataset, backend.token)
    files = _files(maker, batch, begun, backend) if backend.token else {}
    return batch_form.receipt_of(batch, rows, stated, one, files)


def _files(
    maker: Maker, batch: Batch, run_ids: Sequence[str], backend: RunBackend
) -> dict[str, SubjectFiles]:
    answers = side_by_side([partial(_of_run, backend, batch, run_id) for run_id in run_ids])
    known = {run_id: answer for run_id, answer in zip(run_ids, answers, strict=True) if answer}
    # All files are looked up in one listing of the dataset.
    whole = Run("", RunStatus.UNKNOWN, dataset_id=batch.dataset)
    written = [file for _, files in known.values() for file in files]
    placed = dict(zip(map(id, written), output_rows(maker, whole, written), strict=True))
    return {
        run_id: SubjectFiles(inputs, [placed[id(file)] for file in files])
        for run_id, (inputs, files) in known.items()
    }


def _of_run(
    backend: RunBackend, batch: Batch, run_id: str
) -> tuple[Rows | None, list[OutputFile]] | None:
    run = Run(run_id, RunStatus.UNKNOWN, dataset_id=batch.dataset)
    try:
        read = backend.input(run)
        return input_rows(read), without_records(backend.outputs(run))
    except NotFound:
        return None
