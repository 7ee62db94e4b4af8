"""Which runs of a workspace are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.runs import Run


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
        wanted = (
            (self.node_uuid, run.node_uuid),
            (self.dataset_id, run.dataset_id),
            (self.created_by, run.created_by),
        )
        return all(not mine or mine == theirs for mine, theirs in wanted)


EVERY_RUN = RunFilter()
