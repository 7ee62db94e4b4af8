"""``dataset_description.json`` of what a BIDS App made, where it did not write one itself.

"Brain Imaging Data Structure", "Dataset description" and "Derived dataset":
https://bids-specification.readthedocs.io/en/stable/modality-agnostic-files/dataset-description.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.command_lines import CommandLine
from pennsieve_agent.domain.image_addresses import SCHEME, is_image
from pennsieve_agent.domain.image_names import archive_of
from pennsieve_agent.domain.receipt.form import CRATE
from pennsieve_agent.domain.run_results import RECEIPT, WORKFLOW
from pennsieve_agent.node.records.run_record import RunRecord

DESCRIPTION, IGNORED = "dataset_description.json", ".bidsignore"
BIDS_VERSION = "1.10.0"
"""The version of the specification of which this is a description."""


def bids_files(record: RunRecord, steps: tuple[str, ...], api: str) -> dict[str, str]:
    """The texts of the files that make what some steps wrote a derivative, by their names.

    None where no step is a BIDS App. ``api`` is where Pennsieve answers for the dataset.
    """
    makers = [row for step in steps for row in _makers(record, step)]
    if not makers:
        return {}
    workflow = str(record.workflow.get("name") or "results")
    generated: list[dict[str, Any]] = []
    for row in makers:
        entry = _generated_by(row)
        if entry not in generated:
            generated.append(entry)
    document: dict[str, Any] = {
        "Name": f"{workflow}: derivatives",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": generated,
    }
    if record.dataset:
        document["SourceDatasets"] = [{"URL": f"{api.rstrip('/')}/datasets/{record.dataset}"}]
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # What says what the run did does not belong to BIDS, and the validator is to say nothing of it.
    return {DESCRIPTION: text, IGNORED: f"*{RECEIPT}\n*{WORKFLOW}\n{CRATE}\n"}


def _makers(record: RunRecord, step: str) -> Iterator[Mapping[str, Any]]:
    """The step as it was planned, and the one that it goes on with, if they are a BIDS App."""
    row = record.planned_step(step)
    line = CommandLine.of(row.get("command"))
    if line is not None and line.bids:
        if line.continues:
            yield from _makers(record, line.continues)
        yield row


def _generated_by(row: Mapping[str, Any]) -> dict[str, Any]:
    address, tag = str(row.get("source_url") or ""), str(row.get("tag") or "")
    image, commit = str(row.get("image") or ""), str(row.get("commit") or "")
    name = address.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git")
    entry: dict[str, Any] = {"Name": name or str(row["id"])}
    if tag:
        entry["Version"] = tag
    if address.startswith("https://"):
        entry["CodeURL"] = address
    if is_image(address):
        called, digest = address.removeprefix(SCHEME), f"sha256:{commit}"
        uri = {"URI": f"{address}@{digest}"}
        return {**entry, "Container": {"Type": "docker", "Tag": f"{called}:{tag}", **uri}}
    if image and not archive_of(image):
        digest = image.rpartition("@")[2]
        entry["Container"] = {"Type": "docker", "Tag": f"{name}@{digest}"}
    return entry
