"""Filters and queries of runs."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape

from pennsieve_agent.domain.runs import Run, RunStatus


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a run must be; everything empty means every run.

    ``since`` and ``until`` are ISO 8601 text with milliseconds and Z, as the platform wants them
    (``contracts/workflows.md`` 3.3); it filters by time itself, and by node and dataset not at all.
    """

    since: str = ""
    until: str = ""
    node_uuid: str = ""
    dataset_id: str = ""
    created_by: str = ""

    def takes(self, run: Run) -> bool:
        """Whether a run is wanted, as far as the platform cannot tell."""
        pairs = (
            (self.node_uuid, run.node_uuid),
            (self.dataset_id, run.dataset_id),
            (self.created_by, run.created_by),
        )
        return all(not mine or mine == theirs for mine, theirs in pairs)


EVERY_RUN = RunFilter()


@dataclass(frozen=True, slots=True)
class Someone:
    """A person as Pennsieve knows him (``user_id``) and as own nodes were told (``email``)."""

    user_id: str = ""
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs are wanted, of every kind of node; everything empty means all.

    ``workflow`` and ``dataset`` are ids. ``since`` and ``until`` are as in :class:`RunFilter`.
    ``name`` is a part of the name, or a pattern of the whole with ``*`` or ``?``. ``batch`` is the
    id of a batch of an own node, whose runs all have its.
    """

    limit: int | None = None
    status: RunStatus | None = None
    workflow: str = ""
    dataset: str = ""
    person: Someone | None = None
    since: str = ""
    until: str = ""
    name: str = ""
    batch: str = ""

    def names(self, run: Run) -> bool:
        """Whether a run has the name, as far as no server can tell."""
        pattern = self.name if set(self.name) & set("*?") else f"*{escape(self.name)}*"
        return fnmatchcase(run.name.casefold(), pattern.casefold())
