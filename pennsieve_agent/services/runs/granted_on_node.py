"""Whether a workflow may use a dataset on an own node."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Self

from pennsieve_agent.domain.grants import Access, until_words
from pennsieve_agent.domain.runs import unix_seconds
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import (
    Forbidden,
)
from pennsieve_agent.services.nodes.node_documents import (
    NodeWorkflow,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.own_node import OwnNode


class NotGrantedError(Forbidden):
    """A workflow may not use a dataset on a node of the user's own, who can grant it."""

    workflow, dataset = "", ""
    needed = Access.READ

    @classmethod
    def of(cls, message: str, command: str, workflow: str, dataset: str, needed: Access) -> Self:
        """The error, with what is to be granted: names, and the access that is needed."""
        error = cls(message, hint=f"grant it with: {command}; or start it with --grant")
        error.workflow, error.dataset, error.needed = workflow, dataset, needed
        return error


def check_grant(node: OwnNode, row: NodeWorkflow, workflow: Workflow, dataset: Dataset) -> None:
    """Refuse a workflow that may not use the dataset.

    Raises:
        Forbidden: it has no (sufficient) grant.
    """
    access, ended = row.grants.get(dataset.id), row.ended.get(dataset.id, "")
    needed = Access.READ_WRITE if workflow.writes else Access.READ
    if access is needed or access is Access.READ_WRITE:
        return
    has = (
        f"may only read dataset '{dataset.name}', and it writes results there"
        if access
        else f"has no access to dataset '{dataset.name}'"
        + (f": its grant ended on {_day(ended)}" if ended else "")
    )
    command = f"pennsieve dataset grant {quote(row.name)} --dataset {quote(dataset.name)}"
    message = f"on compute node '{node.name}', workflow '{row.name}' {has}"
    if not node.is_owned:
        raise Forbidden(message, hint=f"ask the node's owner for: {command}")
    raise NotGrantedError.of(message, command, row.uuid, dataset.id, needed)


def _day(moment: str) -> str:
    at = unix_seconds(moment)
    return until_words(at) if at else moment
