"""``pennsieve dataset list``."""

from __future__ import annotations

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import ID, NAME


@command("dataset list", answers="list of dataset", examples=["pennsieve dataset list"])
def list_(context: Context) -> Shown:
    """The datasets that you can see."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.console.words import size, when

    datasets = sorted(context.platform.datasets.list(), key=lambda d: d.name.casefold())
    document = [dataset_documents.dataset(dataset) for dataset in datasets]
    if not datasets:
        hint = "no dataset yet; create one with: pennsieve dataset create NAME"
        return Shown(document, notes=[hint])
    rows = [
        [
            d.name,
            d.role.value,
            "" if d.size is None else size(d.size),
            when(d.updated_at, context.now(), relative=context.relative),
            d.id,
        ]
        for d in datasets
    ]
    return Shown(document, Table([NAME, "ROLE", "SIZE", "UPDATED", ID], rows))
