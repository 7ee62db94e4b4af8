"""Starting a batch on an own node: one document, sent once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.errors import PlatformError
from pennsieve_agent.services.batches.prepare_batch import PreparedBatch, without
from pennsieve_agent.services.batches.problems import refuse
from pennsieve_agent.services.runs import estimate_run
from pennsieve_agent.services.runs.start_run import (
    REFUSALS,
    files_document,
    limit_error,
    limits_document,
    targets_document,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode


class Answered(Protocol):
    """A batch that is written down."""

    def answered(self, how: str) -> None:
        """Note that it was answered."""
        ...


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch that a node has. ``before`` says that an earlier command had sent it."""

    id: str
    name: str
    count: int
    before: bool


def document(ready: PreparedBatch, batch_id: str) -> dict[str, Any]:
    """The body of ``POST /batches`` (protocol 1)."""
    request, common = ready.first.request, ready.common()
    workflow, estimates = request.workflow, ready.estimates()
    together = estimate_run.of_batch(estimates, ready.parallel)
    return {
        "id": batch_id,
        "name": ready.name,
        "workflow": workflow.uuid,
        "version": ready.first.version,
        "dataset": request.dataset_id,
        "parallel": ready.parallel,
        "parameters": common,
        "targets": targets_document(workflow, {}),
        "limits": limits_document(request.limits),
        "layout": ready.first.layout,
        **({"undeclared": True} if request.undeclared else {}),
        **({"mail": ready.first.mail.to} if ready.first.mail else {}),
        **({"estimate": together.document()} if together else {}),
        **({"estimates": [one.document() for one in estimates]} if estimates else {}),
        "runs": [
            {
                "subject": run.subject.name,
                "packages": list(dict.fromkeys(file.package_id for file in run.subject.files)),
                "files": files_document(run.subject.files),
                "parameters": without(run.parameters, common),
            }
            for run in ready.runs
        ],
    }


def send(calls: NodeCalls, node: OwnNode, body: Mapping[str, Any], journal: Answered) -> SentBatch:
    """Send a batch. The same document twice is one batch.

    Raises:
        UsageProblem: the node found subjects wrong; all that it told is.
        PlatformError: the node refused; the same command is then a new batch.
        AwsError, NodeError: it cannot be reached; the same command goes on with this one.
    """
    try:
        answer = calls.ask("POST", "/batches", body=body, admin=node.is_owned)
    except PlatformError as error:
        if error.status in REFUSALS:
            journal.answered("refused")
        if (older := limit_error(error, node.name)) is not error:
            raise older from error
        if problems := _problems(error):
            refuse(problems, error.message, hint="correct them, then type the same command again")
        raise
    return SentBatch(
        body["id"], body["name"], len(body["runs"]), before=answer.get("created") is False
    )


def _problems(error: PlatformError) -> list[str]:
    """What the node found wrong with subjects."""
    rows = error.answer.get("problems")
    known = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [f"'{row.get('subject')}': {row.get('message')}" for row in known]


def command_of(ready: PreparedBatch, words: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two commands the same one; names are resolved, so a rename changes nothing."""
    return {
        **words,
        "workflow": ready.first.request.workflow.uuid,
        "dataset": ready.first.dataset.id,
    }
