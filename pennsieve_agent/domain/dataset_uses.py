"""Which runs touched a dataset: when, by whom, with which code, where, and how they ended. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields

from pennsieve_agent.domain.runs import Run
from pennsieve_agent.domain.workflows import StepKind

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A run that touched a dataset. Times are ISO 8601 in UTC, "" where there is none.

    ``person`` and ``email`` are what Pennsieve knows of the person, or on an own node what the
    caller said of himself; ``caller`` is the AWS identity there, which AWS named. ``version`` is
    that of the workflow, or the tags of its code for a run on Pennsieve's nodes.
    """

    run: str
    run_id: str
    started: str
    ended: str
    person: str
    email: str
    caller: str
    workflow: str
    workflow_id: str
    version: str
    node: str
    state: str


def uses(runs: Iterable[Run], people: Mapping[str, tuple[str, str]]) -> list[DatasetUse]:
    """The uses that runs are, in their order; ``people`` are names and addresses by their ids."""
    return [_use(run, people) for run in runs]


def _use(run: Run, people: Mapping[str, tuple[str, str]]) -> DatasetUse:
    own = run.details
    known = people.get(run.created_by, (run.creator_name, run.creator_email))
    person, email = (own.person_name, own.person_email) if own else known
    return DatasetUse(
        run=run.name,
        run_id=run.uuid,
        started=run.started_at or run.created_at,
        ended=run.completed_at,
        person=person or ("" if own else run.created_by),
        email=email,
        caller=own.caller if own else "",
        workflow=run.workflow_name,
        workflow_id=run.workflow_uuid,
        version=own.workflow_version if own else _tags(run),
        node=run.node_name or run.node_uuid,
        state=run.status.label,
    )


def _tags(run: Run) -> str:
    code = [step for step in run.steps if step.kind not in {StepKind.SOURCE, StepKind.TARGET}]
    return "+".join(dict.fromkeys(step.tag for step in code if step.tag))


def as_csv(rows: Iterable[DatasetUse]) -> str:
    """The uses as CSV with a line of names; a text that a spreadsheet would calculate is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(DatasetUse))
    for row in rows:
        writer.writerow(
            f"'{value}" if value.startswith(_FORMULAS) else value for value in astuple(row)
        )
    return text.getvalue()
