"""What a run left behind: its files, by the paths that they have in the dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.console import documents
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import PATH
from pennsieve_agent.console.words import figure, plural, size
from pennsieve_agent.domain.figures import total

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.runs import OutputFile, Run


def wrote_nothing(run: Run) -> str:
    """What is said of a run without results."""
    ended = "wrote nothing" if run.status.is_final else "has written nothing yet"
    return f"run '{run.label}' {ended}"


def outputs(
    context: Context,
    run: Run,
    written: Sequence[OutputFile],
    delivered: Sequence[OutputFile],
    importing: Sequence[str] = (),
) -> Shown:
    """What a run left behind, and which files have not the name that they were ``delivered`` by.

    ``importing`` are paths of files that are not in the dataset yet.
    """
    document = {
        "run_id": run.uuid,
        "files": [documents.output_file(f) for f in written],
        "importing": list(importing),
        "outputs": dict(run.outputs),
    }
    on_their_way = []
    if importing:
        on_their_way.append(
            f"Pennsieve is still importing {plural(len(importing), 'file')}, such as "
            f"'{importing[0]}'; wait for them with: pennsieve run download {run.typed} --to DIR"
        )
    if not written and not run.outputs:
        return Shown(document, notes=on_their_way or [wrote_nothing(run)])
    text: list[Part] = []
    if written:
        rows = [[f.path, figure(f.size, size, plain=not context.relative)] for f in written]
        text.append(Table([PATH, "SIZE"], rows))
    # A target's folder and number of files are what was just listed.
    said = [(k, v) for k, v in sorted(run.outputs.items()) if not k.endswith((".folder", ".files"))]
    if said:
        text.append(Details(said))
    count = f"{plural(len(written), 'file')}, {size(total(f.size for f in written))}"
    renamed = [
        f"'{before.path}' is called '{now.path}': its name was taken, or it was renamed or moved"
        for before, now in zip(delivered, written, strict=True)
        if before.path != now.path
    ]
    return Shown(document, text, [count, *renamed, *on_their_way])
