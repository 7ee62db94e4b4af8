"""``pennsieve run cost --advise``: which sizes to declare next time, and what that saves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console import cost_documents
from pennsieve_agent.console.shown import Part, Shown, Table
from pennsieve_agent.console.words import plural, size
from pennsieve_agent.domain.forecast_limits import money
from pennsieve_agent.domain.step_advice import (
    StepAdvice,
    headroom_words,
    manifest_lines,
)
from pennsieve_agent.domain.step_advice import (
    advise as advise_steps,
)
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.all_runs import Located
    from pennsieve_agent.services.runs.run_backend import RunBackend

MOST_RUNS = 10
"""The newest runs of the version whose measurements are looked at."""


def advise(context: Context, reference: str | None) -> Shown:
    """The advice for a run or a batch, from its measurements and those of like runs.

    Raises:
        UsageProblem: it is on a node that Pennsieve runs, which measures nothing.
    """
    from pennsieve_agent.cli.run import batch_places

    located = batch_places.run_or_batch(context, reference)
    if isinstance(located, batch_places.LocatedBatch):
        runs, backend = _of_batch(context, located)
    else:
        runs, backend = _like(located), located.backend
    node = next((one for one in context.own_nodes if one.token == backend.token), None)
    rows = advise_steps(runs, basic=node is not None and node.mode == "basic")
    measured = sum(any(_is_measured(run, row.step) for row in rows) for run in runs)
    document = cost_documents.advice(runs[0], measured, rows)
    if not measured:
        hint = (
            "runs are measured on nodes that are up to date: pennsieve compute update; or try the "
            "steps on this machine: pennsieve workflow test"
        )
        words = f"Nothing was measured in run '{runs[0].label}', so there is no advice"
        return Shown(document, words, [hint])
    return Shown(document, _text(runs[0], measured, rows), [headroom_words()])


def _is_measured(run: Run, step: str) -> bool:
    return any(
        attempt.measured is not None
        for state in run.states
        if state.id == step
        for attempt in state.attempts
    )


def _like(located: Located) -> list[Run]:
    """The run, and the newest others of its version that succeeded, with all that is known."""
    from pennsieve_agent.domain.run_filter import RunQuery
    from pennsieve_agent.domain.runs import RunStatus

    run, backend = located.run, located.backend
    if run.details is None:
        raise UsageProblem(
            f"run '{run.label}' was on a node that Pennsieve runs, which does not report what its "
            "steps used",
            hint="try the steps on this machine: pennsieve workflow test",
        )
    version = run.details.workflow_version
    query = RunQuery(limit=5 * MOST_RUNS, workflow=run.workflow_uuid, status=RunStatus.SUCCEEDED)
    others = [
        one
        for one in backend.newest(query)
        if one.uuid != run.uuid and one.details and one.details.workflow_version == version
    ]
    return [run, *_whole(backend, others[: MOST_RUNS - 1])]


def _of_batch(context: Context, located: LocatedBatch) -> tuple[list[Run], RunBackend]:
    from pennsieve_agent.cli.run import places
    from pennsieve_agent.domain.run_filter import RunQuery

    batch, token = located.batch, located.backend.token
    node = next((one for one in context.own_nodes if token and one.token == token), None)
    if node is None:
        raise UsageProblem(
            f"batch '{batch.name}' is on nodes that Pennsieve runs, which do not report what "
            "steps used",
            hint="try the steps on this machine: pennsieve workflow test",
        )
    backend = places.backend_of(context, node)
    runs = backend.newest(RunQuery(batch=batch.id))
    ended = [run for run in runs if run.status.is_final]
    if not ended:
        raise UsageProblem(
            f"no run of batch '{batch.name}' has ended yet",
            hint=f"wait for it: pennsieve run wait {batch.id}",
        )
    return _whole(backend, ended[:MOST_RUNS]), backend


def _whole(backend: RunBackend, runs: Sequence[Run]) -> list[Run]:
    from pennsieve_agent.services.side_by_side import side_by_side

    return side_by_side([partial(backend.get, run.uuid) for run in runs])


def _text(run: Run, measured: int, rows: Sequence[StepAdvice]) -> list[Part]:
    table = [
        [
            row.step,
            "" if row.cores is None else f"{row.cores:.2f}",
            "" if row.peak is None else size(row.peak),
            _sizes(row.cpu, row.memory),
            _sizes(row.next_cpu, row.next_memory) if row.changes else "the same",
            _saving(row.saves) if row.changes else row.why,
        ]
        for row in rows
    ]
    columns = ["STEP", "BUSY CPUS", "MOST MEMORY", "DECLARED", "NEXT TIME", "SAVES A RUN"]
    version = run.details.workflow_version if run.details else ""
    text: list[Part] = [
        f"Measured in {plural(measured, 'run')} of '{run.workflow_name} {version}'".rstrip(),
        "",
        Table(columns, table),
    ]
    changed = [row for row in rows if row.changes]
    if not changed:
        return [*text, "", "The sizes that the steps declare fit what they use."]
    saves = sum(row.saves for row in rows)
    text += ["", f"All steps together: {_saving(saves)} a run, {_saving(100 * saves)} in 100 runs"]
    for row in changed:
        place = f" of {row.code}" if row.code else ""
        text += ["", f"In app.yml{place} (step '{row.step}'):", *manifest_lines(row)]
    return text


def _sizes(cpu: int, memory: int) -> str:
    return f"{cpu / 1024:g} CPU, {memory} MB"


def _saving(usd: float) -> str:
    return money(usd) if usd >= 0 else f"costs {money(-usd)} more"
