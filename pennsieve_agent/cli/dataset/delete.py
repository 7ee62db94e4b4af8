"""``pennsieve dataset delete``."""

from __future__ import annotations

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.errors import UsageProblem


@command(
    "dataset delete",
    answers=("dataset_deleted", "planned_change"),
    examples=["pennsieve dataset delete 'Mouse EEG'"],
)
def delete(
    context: Context,
    dataset: options.WholeDataset,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Delete a dataset with all its files for good.

    Only its owner can do this. Without --yes, you are asked to type the dataset's full name.
    """
    from pennsieve_agent.domain.name_matching import need_whole
    from pennsieve_agent.services import lookup

    match = lookup.dataset(context.platform, dataset)
    need_whole(dataset, match.id, match.name, "dataset")
    if dry_run:
        return planned(f"delete dataset '{match.name}' with all its files")
    if not yes:
        context.streams.note(f"Dataset '{match.name}' will be deleted with all its files.")
        typed = context.streams.ask(
            "Type its name to go on", instead="add --yes to go on without being asked"
        )
        if typed != match.name:
            raise UsageProblem(
                f"'{typed}' is not the dataset's name; nothing was changed",
                hint=f"type: {match.name}",
            )
    context.platform.datasets.delete(match.id)
    document = {"id": match.id, "name": match.name, "deleted": True}
    return Shown(document, f"Deleted dataset '{match.name}'")
