"""What a BIDS dataset has, and what a derivative dataset needs (https://bids-specification.readthedocs.io)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = "dataset_description.json"
MISSING = "n/a"


def participants(dataset: Path, labels: Sequence[str]) -> list[Path]:
    """The folders of the participants, or of those with these labels."""
    chosen = {label.removeprefix("sub-") for label in labels}
    folders = sorted(path for path in dataset.glob("sub-*") if path.is_dir())
    return [path for path in folders if not chosen or path.name.removeprefix("sub-") in chosen]


def images(participant: Path) -> list[Path]:
    """The NIfTI images of a participant, of all sessions."""
    names = ("*.nii", "*.nii.gz")
    return sorted(path for name in names for path in participant.rglob(name) if path.is_file())


def kind(image: Path, participant: str) -> str:
    """What an image is, whoever it is of, such as ``task-rest_bold``."""
    stem = image.name.partition(".")[0]
    parts = [p for p in stem.split("_") if p != participant and not p.startswith(("ses-", "run-"))]
    return "_".join(parts)


def sidecar(dataset: Path, image: Path) -> dict[str, Any]:
    """What the JSON files say of an image; the nearest counts (the inheritance principle)."""
    about: dict[str, Any] = {}
    parts = set(image.name.partition(".")[0].split("_"))
    suffix = image.name.partition(".")[0].rpartition("_")[2]
    folders = [*reversed(image.relative_to(dataset).parents)]
    for folder in folders:
        for file in sorted((dataset / folder).glob(f"*{suffix}.json"), key=lambda f: len(f.name)):
            if set(file.stem.split("_")) <= parts:
                about |= _object(file)
    return about


def _object(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_table(file: Path, header: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    """A table with tabs between its columns, and n/a for what is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, header, MISSING, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def write_description(target: Path, source: Path, name: str, version: str) -> None:
    """What makes a folder a BIDS derivative dataset, and names where it comes from.

    BIDS has no name for these tables, so ``.bidsignore`` takes them out of what is validated.
    """
    origin = _object(source / DESCRIPTION)
    about = {
        "Name": f"{name} of {origin.get('Name', 'a dataset')}",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": name, "Version": version}],
        "SourceDatasets": list(_origins(origin)),
    }
    (target / DESCRIPTION).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    (target / ".bidsignore").write_text("*_desc-protocol_scans.tsv\n", encoding="utf-8")


def _origins(origin: dict[str, Any]) -> Iterator[dict[str, str]]:
    doi = origin.get("DatasetDOI")
    if isinstance(doi, str):
        yield {"DOI": doi}
