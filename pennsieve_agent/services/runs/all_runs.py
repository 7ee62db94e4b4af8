"""All runs of a person: those on own nodes and those on Pennsieve's, in one order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.run_filter import RunQuery, Someone
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    NodeError,
    NotFound,
    PlatformError,
    UnknownName,
    UsageProblem,
)
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend

T = TypeVar("T")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LIST = "pennsieve run list"
_SILENT = (PlatformError, AwsError, NodeError)
"""What one place may fail with while the others go on."""


@dataclass(frozen=True, slots=True)
class Located:
    """A run, and where it is."""

    run: Run
    backend: RunBackend


class AllRuns:
    """Every place that may have runs.

    ``note`` is told of a place that cannot be reached, once each; the others go on. ``me`` says who
    is asking, and ``started_on`` on which own node this machine started a run, if it knows.
    """

    def __init__(
        self,
        backends: Sequence[RunBackend],
        *,
        me: Callable[[], Someone],
        note: Callable[[str], None],
        started_on: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._backends = tuple(backends)
        self._me, self._note, self._started_on = me, note, started_on
        self._silent: set[str] = set()

    def newest(self, query: RunQuery) -> list[Run]:
        """The newest runs of all places, newest first.

        Raises:
            AgentError: no place at all could be reached.
        """
        # Names are compared here, so that the limit counts those that have the name.
        wider = replace(query, limit=None) if query.name else query
        runs = (located.run for located in self.located(wider))
        return [run for run in runs if not query.name or query.names(run)][: query.limit]

    def ask(self, question: Callable[[RunBackend], T]) -> list[tuple[RunBackend, T]]:
        """The answers of all places that can be reached.

        Raises:
            AgentError: none could be reached.
        """
        answers = self._ask_all(question)
        reached = [(place, said) for place, said in answers if not isinstance(said, AgentError)]
        for place, said in answers:
            if isinstance(said, AgentError):
                if not reached:
                    raise said
                self._name_silent(place, said)
        return reached

    def find(self, reference: str | None) -> Located:
        """A run by name, unique prefix or id; my latest when nothing is wanted.

        Raises:
            UsageProblem: none or several match.
        """
        if reference is None:
            return self._latest()
        if _UUID.fullmatch(reference.strip().casefold()):
            return self._by_id(reference.strip().casefold())
        rows = self.located(RunQuery())
        older = _older_attempts(rows)
        located = pick(
            reference,
            rows,
            kind="run",
            keys=lambda one: (one.run.uuid, "" if one.run.uuid in older else one.run.name),
            list_command=_LIST,
            where=(lambda one: one.run.node_name) if len(self._backends) > 1 else None,
        )
        return Located(located.backend.get(located.run.uuid), located.backend)

    def _latest(self) -> Located:
        mine = self.located(RunQuery(limit=1, person=self._me()))
        if not mine:
            raise UsageProblem(
                "you have not started a run yet",
                hint="start one with: pennsieve run start; or name one of: pennsieve run list",
            )
        return Located(mine[0].backend.get(mine[0].run.uuid), mine[0].backend)

    def _by_id(self, run_id: str) -> Located:
        """The run with a full id; asks no more places than it needs."""
        token = self._started_on(run_id)
        # Pennsieve comes before own nodes, so that a run there needs no AWS.
        first = [b for b in self._backends if token and b.token == token]
        rest = sorted((b for b in self._backends if b not in first), key=lambda b: bool(b.token))
        for backend in (*first, *rest):
            try:
                return Located(backend.get(run_id), backend)
            except NotFound:
                continue
            except _SILENT as error:
                if len(self._backends) == 1:
                    raise
                self._name_silent(backend, error)
        raise UnknownName(f"there is no run {run_id}", hint=f"list them with: {_LIST}")

    def located(self, query: RunQuery) -> list[Located]:
        """The runs of all places that can be reached, each with its place, newest first."""
        answers = self.ask(lambda backend: backend.newest(query))
        rows = [Located(run, backend) for backend, runs in answers for run in runs]
        rows.sort(key=lambda row: row.run.age_key, reverse=True)
        return rows

    def _ask_all(self, ask: Callable[[RunBackend], T]) -> list[tuple[RunBackend, T | AgentError]]:
        """Ask all places in parallel; an error stands where there is no answer."""

        def one(backend: RunBackend) -> T | AgentError:
            try:
                return ask(backend)
            except _SILENT as error:
                return error

        answers = side_by_side([partial(one, backend) for backend in self._backends])
        return list(zip(self._backends, answers, strict=True))

    def _name_silent(self, backend: RunBackend, error: AgentError) -> None:
        if backend.name in self._silent:
            return
        self._silent.add(backend.name)
        kind = f"compute node '{backend.name}'" if backend.token else backend.name
        hint = f" ({error.hint})" if error.hint else ""
        self._note(f"{kind} was left out: {error.message}{hint}")


def _older_attempts(rows: Sequence[Located]) -> set[str]:
    """The runs that are not the newest of their subject in a batch: all of them have its name.

    ``rows`` are newest first.
    """
    seen = set[tuple[str, str]]()
    older = set[str]()
    for row in rows:
        if (details := row.run.details) is None or not details.batch_id:
            continue
        subject = (details.batch_id, details.subject)
        if subject in seen:
            older.add(row.run.uuid)
        seen.add(subject)
    return older
