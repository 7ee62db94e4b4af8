"""What the journal of this machine keeps of a batch on a node that Pennsieve runs.

Pennsieve knows runs alone, whose names have letters, digits, spaces, ``.``, ``_`` and ``-``
(``contracts/workflows.md`` 3.1): the run of a subject has a name made of both, and of its id here,
so that there is one of this name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.batches import run_id
from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.runs import RunRequest

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch

_PART = 26
"""Characters of a batch's and of a subject's name in that of a run, which has 64 at most."""


def unique_name(batch_id: str, batch: str, subject: str) -> str:
    """The name of a subject's run on Pennsieve's nodes."""
    parts = (_slug(batch) or "batch", _slug(subject) or "subject")
    return "-".join((*parts, run_id(batch_id, subject)[:8]))


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.\-]+", "-", plain).strip("-._")[:_PART]


def document(ready: PreparedBatch, batch_id: str, created: str) -> dict[str, Any]:
    """All that is needed to send the runs that were not sent, whatever became of this process."""
    request = ready.first.request
    workflow = request.workflow
    runs = []
    for run in ready.runs:
        request_ = ready.request(run)
        runs.append(
            {
                "subject": run.subject.name,
                "name": unique_name(batch_id, ready.name, run.subject.name),
                "files": [[f.path, f.package_id, f.size] for f in run.subject.files],
                "parameters": request_.parameters,
                "targets": request_.target_params,
            }
        )
    return {
        "workflow": {"id": workflow.uuid, "name": workflow.name},
        "dataset": request.dataset_id,
        "node": {"id": request.node_uuid, "name": ready.first.node.name},
        "parallel": ready.parallel,
        "created": created,
        "undeclared": request.undeclared,
        "versions": list(ready.versions),
        "steps": [{"id": step.id, "name": step.id} for step in workflow.steps],
        "runs": runs,
    }


def request_of(
    document: Mapping[str, Any], row: Mapping[str, Any], workflow: Workflow
) -> RunRequest:
    """What is asked for to start the run of a row."""
    return RunRequest(
        workflow=workflow,
        node_uuid=document["node"]["id"],
        dataset_id=document["dataset"],
        package_ids=tuple(dict.fromkeys(package for _, package, _ in row["files"])),
        name=row["name"],
        parameters=row["parameters"],
        target_params=row["targets"],
        undeclared=document["undeclared"],
    )


def changed(row: Mapping[str, Any], files: Mapping[str, DataFile]) -> str:
    """What became of a row's files, in words; "" where they are as they were chosen.

    ``files`` are those of the dataset now, by path.
    """
    for path, package, size in row["files"]:
        now = files.get(path)
        if now is None or now.package_id != package:
            return f"its file '{path}' is not in the dataset any more"
        if now.size != size:
            return f"its file '{path}' has changed"
    return ""


@dataclass
class Sent:
    """What the journal says: runs by subject, those that may have been sent, and those skipped."""

    runs: dict[str, str] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Mapping[str, Any]]) -> Sent:
        """The sum of what happened."""
        sent = cls()
        for event in events:
            subject = str(event.get("subject", ""))
            if "run" in event:
                sent.runs[subject] = str(event["run"])
                sent.maybe.discard(subject)
            elif "skipped" in event:
                sent.skipped[subject] = str(event["skipped"])
                sent.maybe.discard(subject)
            elif event.get("sending"):
                sent.maybe.add(subject)
        return sent
