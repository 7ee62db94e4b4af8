"""The receipt that lies with the results of a run: with what was delivered, and its RO-Crate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pennsieve_agent.domain.receipt.context import output_rows
from pennsieve_agent.domain.receipt.crate import crate_text, workflow_text
from pennsieve_agent.domain.receipt.crate_files import Beside
from pennsieve_agent.domain.receipt.form import CRATE, FileSum, Json, Receipt, sealed, text_of
from pennsieve_agent.domain.run_results import WORKFLOW

OWN_NAMES = (CRATE, WORKFLOW)
"""What lies beside the receipt, where no result has one of these names itself."""


def texts_of(
    receipt: Receipt, name: str, folder: str, delivered: Sequence[Json], taken: Collection[str]
) -> dict[str, str]:
    """The texts of the files that go with results, by name; the receipt is called ``name``.

    ``folder`` is where they go in the dataset, ``delivered`` what was put there (``{path, size,
    sha256, package}``, paths in the dataset), ``taken`` the names of results beside it. A result
    that is an RO-Crate of its own stays the only one.
    """
    whole: Mapping[str, Any] = {**receipt, "outputs": output_rows(delivered)}
    texts: dict[str, str] = {}
    if not set(OWN_NAMES) & set(taken):
        beside = Beside(receipt=name, workflow=WORKFLOW, results=folder)
        texts = {WORKFLOW: workflow_text(whole), CRATE: crate_text(whole, beside)}
    sums = [FileSum.of(path, text.encode()) for path, text in texts.items()]
    return {name: text_of(sealed(whole, sums)), **texts}
