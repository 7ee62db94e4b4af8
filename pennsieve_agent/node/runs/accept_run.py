"""Accepting a run: it is prepared and starts, waits for Pennsieve, or ends at once."""

from __future__ import annotations

from pennsieve_agent.node.identity.pennsieve_api import RUNS, Down, Refused
from pennsieve_agent.node.identity.user_session import as_person
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.lost_grants import lost_grant
from pennsieve_agent.node.runs.plan_jobs import CannotRun
from pennsieve_agent.node.runs.take_over import TAKEN_WORDS

PATIENCE_SECONDS = 480.0
"""How long a run may not get on before it is ended, so that none is stuck for ten minutes."""


def accept(node: Node, store: RunStore, record: RunRecord) -> bool:
    """Take a run to its next phase; False when that has to wait."""
    if store.is_cancelled(record.run):
        record.end("CANCELED", "")
        record.phase = Phase.FINALIZING
        return True
    try:
        _prepare(node, store, record)
    except CannotRun as unfit:
        # What Pennsieve refuses a run that is being cancelled is no failure of the run.
        cancelled = _is_cancelled(node, store, record)
        record.end(*(("CANCELED", "") if cancelled else ("FAILED", str(unfit))))
        record.phase = Phase.FINALIZING
        return True
    except Down as down:
        if node.now() - record.created < PATIENCE_SECONDS:
            return False
        record.end("FAILED", f"Pennsieve did not answer the compute node: {down}")
        record.phase = Phase.FINALIZING
        return True
    record.started = node.now()
    record.phase = Phase.SUBMITTING
    return True


def _prepare(node: Node, store: RunStore, record: RunRecord) -> None:
    """An own run is prepared when it is asked for; a grant may have been taken back since."""
    if not record.is_own:
        # Once a run, on nodes that Pennsieve runs alone: a tenth of what a cold start loads.
        from pennsieve_agent.node.runs.pennsieve_run import prepare  # noqa: PLC0415

        web = as_person(node, store, record.run)
        prepare(node, store, record, web)
    elif why := lost_grant(node, record):
        raise CannotRun(why)
    elif record.taken:
        # Last, and once: whoever has the files has to delete them.
        _take_files(store, record)


def _take_files(store: RunStore, record: RunRecord) -> None:
    """Take the files of the earlier run over, which is then told not to pay for them any more."""
    earlier = str(record.taken["run"])
    if not store.take_files(earlier, record.run):
        raise CannotRun(TAKEN_WORDS.format(run=f"run '{record.taken['name']}'"))
    store.release_files(earlier)


def _is_cancelled(node: Node, store: RunStore, record: RunRecord) -> bool:
    """Whether a run is to be ended, by what was told here or by what Pennsieve shows."""
    if record.is_own or store.is_cancelled(record.run):
        return store.is_cancelled(record.run)
    web = as_person(node, store, record.run)
    try:
        shown = web.ask("GET", f"{RUNS}/{record.run}")
    except (Refused, Down):
        return False
    return isinstance(shown, dict) and shown.get("status") in {"CANCELING", "CANCELED"}
