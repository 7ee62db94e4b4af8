"""What a run on this machine would do: the plan of ``run start --local --dry-run``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import Column, Cut

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.run.local_options import LocalOptions
    from pennsieve_agent.services.files.input_cache import InputCache
    from pennsieve_agent.services.runs.prepare_local_run import LocalPrepared
    from pennsieve_agent.services.workflows.local_input import LocalInput
    from pennsieve_agent.services.workflows.registered_code import CodePlace

_MARK = 12


def cache(context: Context) -> InputCache:
    """The files of datasets that are kept on this machine, of the Pennsieve of the profile."""
    from pennsieve_agent.services.files.input_cache import InputCache

    mark = hashlib.sha256(context.profile.hosts.api2.encode()).hexdigest()[:_MARK]
    return InputCache(
        context.config_path.parent / "local" / "inputs" / mark, context.now, context.streams.note
    )


def code_places(context: Context, ready: LocalPrepared) -> tuple[CodePlace, ...]:
    """Where the code of each step is.

    Raises:
        UsageProblem: this machine does not know it.
    """
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.services.workflows import registered_code

    record, uuid = code_record(context), ready.workflow.uuid
    return registered_code.code_places(
        ready.registered, record.addresses(uuid), record.commits(uuid)
    )


def shown(
    context: Context,
    ready: LocalPrepared,
    places: tuple[CodePlace, ...],
    data: LocalInput | None,
    options: LocalOptions,
    kept: Path,
) -> Shown:
    """The plan; ``data`` is a folder of this machine that is the input."""
    missing = None
    if data is None and ready.dataset is not None:
        missing = cache(context).missing(ready.dataset, ready.files)
    document = _document(ready, places, options, kept)
    document["download_bytes"] = missing if data is None else 0
    return Shown(
        document,
        _text(ready, places, data, _fetched(ready, missing), kept, document["uploaded_to"]),
        notes=["nothing was started (--dry-run)"],
    )


def _document(
    ready: LocalPrepared, places: tuple[CodePlace, ...], options: LocalOptions, kept: Path
) -> dict[str, Any]:
    from pennsieve_agent.console import documents

    return {
        "name": ready.name,
        "workflow": ready.workflow.name,
        "workflow_id": ready.workflow.uuid,
        "dataset": ready.dataset.name if ready.dataset is not None else None,
        "input_folder": None if options.input is None else str(options.input),
        "files": [documents.file(file) for file in ready.files],
        "results_left_out": ready.input.left_out,
        "layout": ready.layout.value,
        "steps": [
            {
                "id": place.step,
                "source_url": place.address,
                "tag": place.tag or None,
                "commit": place.commit or None,
            }
            for place in places
        ],
        "parameters": {step: dict(values) for step, values in ready.parameters.items()},
        "kept_in": str(kept),
        "uploaded_to": ready.folder if options.upload else None,
    }


def _fetched(ready: LocalPrepared, missing: int | None) -> str:
    """What is to be downloaded."""
    from pennsieve_agent.console.words import size

    if not ready.files:
        return ""
    return "nothing: all files are here" if missing == 0 else size(missing)


def _text(
    ready: LocalPrepared,
    places: tuple[CodePlace, ...],
    data: LocalInput | None,
    fetched: str,
    kept: Path,
    uploaded_to: str | None,
) -> list[Part]:
    from pennsieve_agent.cli.run import start_views
    from pennsieve_agent.console.words import plural, size

    words = start_views.input_words(ready.input)
    if data is not None:
        words = f"{data.folder}: {plural(len(data.files), 'file')}, {size(data.size)}"
    pairs = [
        ("workflow", ready.workflow.name),
        ("dataset", ready.dataset.name if ready.dataset is not None else ""),
        ("runs on", "this machine, as you"),
        ("input", words),
        ("left out", start_views.left_out_words(ready.input)),
        ("download", fetched if data is None else ""),
        ("layout", start_views.LAYOUTS[ready.layout.value]),
        ("results", str(kept)),
        ("upload", f"to {uploaded_to} of the dataset" if uploaded_to else ""),
    ]
    rows = [[place.step, f"{place.address} {place.tag}".strip()] for place in places]
    return [
        Details(pairs),
        "",
        Table(["STEP", Column("CODE", Cut.RUN_ON)], rows),
        *start_views.parameter_rows(ready.parameters),
    ]
