"""The batches of one own node (protocol 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pennsieve_agent.domain.batches import Batch, BatchRow, RowStatus
from pennsieve_agent.errors import NodeError, NodeOlder, NotFound
from pennsieve_agent.services.batches.batch_backend import BatchQuery
from pennsieve_agent.services.batches.repeat_batch import of_node

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.repeats import BatchAgain

T = TypeVar("T")
PAGE = 100
ROWS = 1000
"""The most rows that a node answers at once."""


@dataclass(frozen=True, slots=True)
class KeptSteps:
    """Which subjects go on from a step.

    ``takes`` are the steps that are taken over, by subject, and ``left`` says why others cannot.
    """

    takes: Mapping[str, tuple[str, ...]]
    left: Mapping[str, str]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The answer of a node.

        Raises:
            ValueError, TypeError, AttributeError, KeyError: it is something else.
        """
        return cls(
            {str(subject): tuple(map(str, steps)) for subject, steps in document["takes"].items()},
            {str(subject): str(why) for subject, why in document["left"].items()},
        )


class NodeBatches:
    """The batches of an own node that its user may see."""

    def __init__(self, node: OwnNode, calls: NodeCalls) -> None:
        self.node, self._calls = node, calls

    @property
    def token(self) -> str:
        """The node's id."""
        return self.node.token

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    def newest(self, query: BatchQuery) -> list[Batch]:
        """The newest batches that fit, newest first."""
        limit = PAGE if query.limit is None else max(1, min(query.limit, PAGE))
        pages = self._rows(
            "/batches", "batches", workflow=query.workflow, dataset=query.dataset, limit=str(limit)
        )
        return [self._read(Batch.of, row) for row in islice(pages, query.limit)]

    def get(self, batch_id: str) -> Batch:
        """One batch.

        Raises:
            NotFound: the node has no such batch, or it is somebody else's.
        """
        return self._read(Batch.of, self._ask("GET", f"/batches/{batch_id}"))

    def rows(self, batch_id: str, status: RowStatus | None = None) -> Iterator[BatchRow]:
        """Its subjects, in order, page by page."""
        only = status.value if status else ""
        rows = self._rows(f"/batches/{batch_id}/rows", "rows", status=only, limit=str(ROWS))
        return (self._read(BatchRow.of, row) for row in rows)

    def retry(
        self, batch_id: str, attempts: Mapping[str, int], limits: Mapping[str, Any]
    ) -> list[str]:
        """Begin another attempt of subjects, of which these attempts were seen last; which began.

        Raises:
            Conflict: somebody was faster, or one of them goes on.
        """
        body = {"rows": dict(attempts), "limits": dict(limits)}
        answer = self._calls.ask(
            "POST", f"/batches/{batch_id}/retry", body=body, admin=self.node.is_owned
        )
        return [str(subject) for subject in answer.get("begun") or ()]

    def retry_from(
        self,
        batch: Batch,
        attempts: Mapping[str, int],
        limits: Mapping[str, Any],
        step: str,
        *,
        begin: bool,
    ) -> KeptSteps:
        """As :meth:`retry`, of those subjects that can take over the steps before one.

        Nothing begins without ``begin``.

        Raises:
            Conflict: somebody was faster, or one of them goes on.
            NodeOlder: the node takes over steps of single runs alone.
        """
        body = {"rows": dict(attempts), "limits": dict(limits), "step": step, "check": not begin}
        path = f"/batches/{batch.id}/retry-from"
        try:
            answer = self._calls.ask("POST", path, body=body, admin=self.node.is_owned)
        except NotFound:
            raise NodeOlder(
                f"compute node '{self.name}' is older than this program: it takes over no steps of "
                "a batch's runs",
                hint=f"update it with: pennsieve compute update {quote(self.name)}",
            ) from None
        return self._read(KeptSteps.of, answer)

    def started(self, batch_id: str) -> BatchAgain:
        """What it was started with, to be started again.

        Raises:
            NodeOlder: the node does not tell it yet.
        """
        batch = self.get(batch_id)
        pages, token = list[Mapping[str, Any]](), ""
        while not pages or token:
            try:
                pages.append(self._ask("GET", f"/batches/{batch_id}/start", next=token))
            except NotFound:
                raise self._older(batch.name) from None
            token = str(pages[-1].get("next") or "")
        try:
            return of_node(batch, self.node.token, pages)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise self._wrong(str(error)) from error

    def _older(self, name: str) -> NodeOlder:
        return NodeOlder(
            f"compute node '{self.name}' does not report what batch '{name}' was started with",
            hint=f"update it with: pennsieve compute update {quote(self.name)}",
        )

    def cancel(self, batch_id: str) -> None:
        """Cancel what is active, and begin nothing more.

        Raises:
            Conflict: the batch has ended already.
        """
        self._ask("POST", f"/batches/{batch_id}/cancel")

    def _rows(self, path: str, name: str, **query: str) -> Iterator[Mapping[str, Any]]:
        token = ""
        while True:
            page = self._ask("GET", path, **query, next=token)
            rows = page.get(name)
            if not isinstance(rows, list):
                raise self._wrong(f"no list of {name}")
            yield from rows
            before, token = token, str(page.get("next") or "")
            if not token or token == before:
                return

    def _ask(self, method: str, path: str, **query: str) -> Mapping[str, Any]:
        words = {name: value for name, value in query.items() if value}
        return self._calls.ask(method, path, words, admin=self.node.is_owned)

    def _read(self, read: Callable[[Mapping[str, Any]], T], document: Mapping[str, Any]) -> T:
        try:
            return read(document)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise self._wrong(str(error)) from error

    def _wrong(self, what: str) -> NodeError:
        return NodeError(f"compute node '{self.name}' gave an answer that is not valid: {what}")
