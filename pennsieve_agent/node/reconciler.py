"""The reconciler's Lambda function: it wakes up and moves runs forward.

It is woken when a job of Batch's changed, by the clock, by the gateway, and by the relay when a
call of a transfer function has ended (``{"advance": run}``, and ``{"archive": run}`` for a log
whose archive failed). ``{"batch": id}`` opens runs of a batch, and so does the end of one of them.

An event only says which run to look at. One that is lost is made up for by the clock, every five
minutes while a run is active and once an hour at any time, so that no lost request leaves a run
that nobody looks at; one that comes twice finds nothing to do.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.domain.runs import unix_seconds
from pennsieve_agent.node.batches.batch_reconciler import BatchReconciler
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.execution_environment import environment_node, make_clients
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.job_starts import Starting
from pennsieve_agent.node.runs.run_reconciler import RunReconciler

log = logging.getLogger(__name__)

HEEDED = ("RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
"""The job states that wake it: the others change nothing. ``STARTING`` ends the wait in a queue."""
_NAMED = 3
"""How many runs an error names; the log has all."""
_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def handler(event: Mapping[str, Any], _context: object = None) -> Any:
    """AWS Lambda's way in."""
    return handle(event, environment_node())


def handle(event: Mapping[str, Any], node: Node) -> Any:
    """Do what an event asks for."""
    store = RunStore(node)
    reconciler = RunReconciler(node, store, _starting(event))
    if "archive" in event:
        reconciler.archive(str(event["archive"]))
        return {"ok": True}
    failed: list[str] = []
    batches = BatchReconciler(node, BatchStore(node, store))
    if "batch" in event:
        _schedule(node, on=True)
        is_mine = batches.advance(str(event["batch"]))
    elif "advance" in event:
        _schedule(node, on=True)
        is_mine = reconciler.advance(str(event["advance"]))
    elif run := _run_of(event):
        is_mine = reconciler.advance(run)
    else:
        is_mine = True
        active = store.active()
        if active or store.any_active():
            _schedule(node, on=True)
        # In any order: where there are too many for one invocation, each has its turn.
        failed = [
            run
            for run in random.sample(active, len(active))
            if not _safely(reconciler.advance, run)
        ]
        kept, due, unsettled = reconciler.kept_files, *store.files_to_look_at()
        failed += [run for run in due if not _safely(kept.sweep, run)]
        failed += [run for run in unsettled if not _safely(kept.settle, run)]
        store.ended_of |= set(store.active_batches())
    failed += [batch for batch in store.ended_of if not _safely(batches.advance, batch)]
    if is_mine and not store.any_active():
        _schedule(node, on=False)
        if store.any_active():  # one came meanwhile
            _schedule(node, on=True)
    if failed:  # told to AWS as an error, so that it is tried again, and the alarm sees it
        raise RuntimeError(
            f"{len(failed)} of the active runs cannot be advanced: {', '.join(failed[:_NAMED])}"
        )
    return {"ok": True}


def _safely(advance: Callable[[str], object], name: str) -> bool:
    """Advance a run or batch, and say whether that worked; its failure must not stop others."""
    try:
        advance(name)
    except Exception:
        log.exception("%s cannot be advanced", name)
        return False
    return True


def _run_of(event: Mapping[str, Any]) -> str:
    """The run of a job that changed, by the job's name."""
    detail = event.get("detail")
    name = str(detail.get("jobName") or "") if isinstance(detail, Mapping) else ""
    match = _RUN.match(name)
    return match[0] if match else ""


def _starting(event: Mapping[str, Any]) -> Starting:
    """The job that has a machine now, if that is the event: by id, its attempt and since when."""
    detail = event.get("detail")
    if not isinstance(detail, Mapping) or detail.get("status") != "STARTING":
        return {}
    at = unix_seconds(str(event.get("time") or ""))
    return {str(detail["jobId"]): (len(detail.get("attempts") or ()), at)} if at else {}


def _schedule(node: Node, *, on: bool) -> None:
    """Turn the clock on or off; where AWS refuses, its slow hand, which is always on, does it."""
    events = node.client("events")
    try:
        (events.enable_rule if on else events.disable_rule)(Name=node.settings.schedule)
    except Exception:
        log.exception("the clock cannot be turned %s", "on" if on else "off")


make_clients("batch", "dynamodb", "events", "lambda", "s3", "s3files")
