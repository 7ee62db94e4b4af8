"""A trial run on an own node, by the calls with which its owner starts every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain import trial_run
from pennsieve_agent.services.workflows.node_workflows import version_path

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls


def begin(calls: NodeCalls, image: str, run: str, phrase: str) -> None:
    """Start a trial run in an image of the node.

    Its workflow is on the node until the run is accepted, which then has all that it needs; one
    that a command left which was killed is removed with it.

    Raises:
        AwsError, NodeError: the node cannot be called.
        PlatformError: it refuses.
    """
    path = version_path(trial_run.WORKFLOW, trial_run.VERSION)
    remove(calls)
    calls.ask("PUT", path, body=trial_run.version_document(image), admin=True)
    try:
        body = trial_run.start_document(run, phrase)
        calls.ask("POST", "/runs", body=body, admin=True)
    finally:
        remove(calls)


def remove(calls: NodeCalls) -> None:
    """Remove the workflow of trial runs, if it is there. Errors as of :func:`begin`."""
    calls.ask("DELETE", f"/workflows/{trial_run.WORKFLOW}", admin=True)
