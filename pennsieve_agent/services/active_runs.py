"""The runs that a compute node is still at, and ending them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.waiting import pauses
from pennsieve_agent.errors import Conflict, StillRunning

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.platform.client import Platform

END_SECONDS = 300.0


def active_runs(platform: Platform, organization_id: str, node_uuid: str) -> tuple[Run, ...]:
    """The runs of a workspace on this node that have not ended."""
    runs = platform.runs.list(organization_id)
    return tuple(run for run in runs if run.node_uuid == node_uuid and not run.status.is_final)


def refuse_active(runs: Sequence[Run], node_name: str) -> None:
    """Refuse to take a node away from under its runs.

    Raises:
        Conflict: there are some.

    """
    if not runs:
        return
    names = ", ".join(f"'{run.name or run.uuid}'" for run in runs[:5])
    more = f" and {len(runs) - 5} more" if len(runs) > 5 else ""  # noqa: PLR2004 - as above
    raise Conflict(
        f"compute node '{node_name}' is still at work: {names}{more}",
        hint="wait until they end, or end them by: --cancel-runs",
    )


def cancel_all(platform: Platform, runs: Sequence[Run], sleep: Callable[[float], None]) -> None:
    """Cancel runs and wait until each has ended.

    Raises:
        StillRunning: one takes too long.

    """
    for run in runs:
        if not platform.runs.get(run.uuid).status.is_final:
            platform.runs.cancel(run.uuid)
    for run in runs:
        for pause in pauses(END_SECONDS):
            if platform.runs.get(run.uuid).status.is_final:
                break
            sleep(pause)
        else:
            raise StillRunning(
                f"run '{run.name or run.uuid}' was cancelled and has not ended yet",
                where=run.uuid,
                hint="run the same command again to go on waiting",
            )
