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
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.domain.batches import run_id
from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.runs import RunRequest

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch

FOLDER = "TARGET_FOLDER"
"""The parameter of a target that says where results go."""
_PART = 26
"""Characters of a batch's and of a subject's name in that of a run, which has 64 at most."""


class Named(Protocol):
    """A batch that is written down."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...


def unique_name(batch_id: str, batch: str, subject: str, attempt: int = 1) -> str:
    """The name of a subject's run on Pennsieve's nodes; ``attempt`` counts from 1."""
    parts = (_slug(batch) or "batch", _slug(subject) or "subject")
    return "-".join((*parts, run_id(batch_id, subject, attempt)[:8]))


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """A later attempt of a subject: its number, its run's name, and its own ``targets``."""

    number: int = 1
    name: str = ""
    targets: Mapping[str, Any] = field(default_factory=dict)

    def event(self, subject: str) -> dict[str, Any]:
        """As the journal has it."""
        return {
            "subject": subject,
            "attempt": self.number,
            "name": self.name,
            "targets": self.targets,
        }

    def of_row(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row as this attempt sends it."""
        return row if self.number == 1 else {**row, "name": self.name, "targets": self.targets}


FIRST = Attempt()


def next_attempt(kept: Named, row: Mapping[str, Any], number: int, paths: Iterable[str]) -> Attempt:
    """Another attempt of a row; ``paths`` are those of the dataset's files.

    Its results go to the subject's folder, or to one beside it where the folder has files.
    """

    def folder(values: Mapping[str, str]) -> str:
        own = values.get(FOLDER, "")
        has_files = any(path.startswith(f"{own}/") for path in paths)
        return f"{own}-attempt-{number}" if own and has_files else own

    targets = {
        step: {**values, **({FOLDER: folder(values)} if FOLDER in values else {})}
        for step, values in row["targets"].items()
    }
    return Attempt(number, unique_name(kept.id, kept.name, row["subject"], number), targets)


@dataclass
class Sent:
    """What the journal says, by subject: runs, those that may have been sent, and those skipped.

    ``attempts`` are the later ones; ``cancelled`` are subjects that had no run when the batch was
    cancelled, and were left so by a retry of others.
    """

    runs: dict[str, str] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

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
            elif event.get("cancelled"):
                sent.cancelled.add(subject)
            elif "attempt" in event:
                sent.again(subject, Attempt(int(event["attempt"]), event["name"], event["targets"]))
        return sent

    def again(self, subject: str, attempt: Attempt) -> None:
        """Another attempt of a subject is to be sent."""
        self.attempts[subject] = attempt
        self.runs.pop(subject, None)
        self.skipped.pop(subject, None)
        self.maybe.discard(subject)
        self.cancelled.discard(subject)

    def attempt(self, subject: str) -> Attempt:
        """The newest attempt of a subject."""
        return self.attempts.get(subject, FIRST)

    @property
    def done(self) -> set[str]:
        """Subjects of which nothing is to be sent."""
        return {*self.runs, *self.skipped, *self.cancelled}
