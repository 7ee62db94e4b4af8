"""Active runs of a compute node: list them, refuse to go on, or cancel them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.errors import Conflict, StillRunning

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend

END_SECONDS = 300.0
_ACTIVE = (RunStatus.NOT_STARTED, RunStatus.STARTED, RunStatus.FINALIZING, RunStatus.CANCELING)


def active_runs(backend: RunBackend, node_uuid: str = "") -> tuple[Run, ...]:
    """The runs that have not ended; of one node of Pennsieve's with ``node_uuid``."""
    runs = [
        run
        for status in _ACTIVE
        for run in backend.newest(RunQuery(status=status))
        if not node_uuid or run.node_uuid == node_uuid
    ]
    return tuple({run.uuid: run for run in runs}.values())


def refuse_deletion(runs: Sequence[Run], node_name: str) -> None:
    """Refuse to remove a compute node while it has active runs.

    Raises:
        Conflict: there are some.

    """
    if runs:
        hint = "wait until they end, or cancel them with: --cancel-runs"
        raise Conflict(_still_active(runs, node_name), hint=hint)


def refuse_update(runs: Sequence[Run], node_name: str, why: str) -> None:
    """Refuse an update of a compute node that takes from its active runs what they need.

    ``why`` is what the update does.

    Raises:
        Conflict: there are some.

    """
    if runs:
        raise Conflict(
            f"{_still_active(runs, node_name)}, and this update {why}; nothing was changed",
            hint="wait until they end, or cancel each, for example: pennsieve run cancel "
            f"'{runs[0].label}', then run the same command again",
        )


def _still_active(runs: Sequence[Run], node_name: str) -> str:
    names = ", ".join(f"'{run.label}'" for run in runs[:5])
    more = f" and {len(runs) - 5} more" if len(runs) > 5 else ""  # noqa: PLR2004 - as above
    return f"compute node '{node_name}' still has active runs: {names}{more}"


def cancel_all(backend: RunBackend, runs: Sequence[Run], sleep: Callable[[float], None]) -> None:
    """Cancel runs and wait until each has ended.

    Raises:
        StillRunning: one takes too long.

    """
    for run in runs:
        if not backend.state(run.uuid).status.is_final:
            backend.cancel(run.uuid)
    for run in runs:
        for pause in pauses(END_SECONDS):
            if backend.state(run.uuid).status.is_final:
                break
            sleep(pause)
        else:
            raise StillRunning(
                f"run '{run.label}' was cancelled and has not ended yet",
                where=run.uuid,
                hint="run the same command again to keep waiting",
            )
