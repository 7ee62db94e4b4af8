"""Starting a batch on an own node: all rows are checked, then the batch is written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from pennsieve_agent.node.api.request_handler import Problem, Reply, Request
from pennsieve_agent.node.api.start_run import version_for
from pennsieve_agent.node.batches.batch_document import BatchStart
from pennsieve_agent.node.batches.batch_document import Problem as RowProblem
from pennsieve_agent.node.batches.batch_head import BatchHead, caller_of
from pennsieve_agent.node.batches.batch_runs import steps_of, unfit
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.runs.own_run import Who, why_not_kept
from pennsieve_agent.node.runs.plan_jobs import CannotRun, check_budget
from pennsieve_agent.node.wake_reconciler import wake

MOST_PROBLEMS = 50
"""Problems that an answer lists."""


def started(request: Request) -> Reply:
    """Start a batch; the same request twice is one batch."""
    try:
        new = BatchStart.of(request.document())
    except ValueError as error:
        raise Problem(400, "bad-batch", str(error)) from None
    store = BatchStore(request.node, request.store)
    if (known := store.read(new.id)) is not None:
        return _known(request, known, new)
    version = version_for(request, new.workflow, new.version, new.dataset)
    if why := why_not_kept(request.node, new.common.get("limits") or {}):
        raise Problem(422, "unfit", why)
    _refuse(new.problems())
    _refuse(unfit(request.node, new, version, Who(request.caller, request.person)))
    try:
        check_budget(request.node, store.runs, "")
    except CannotRun as why:
        raise Problem(422, "unfit", str(why)) from None
    head = _head(request, new, version)
    if not store.reserve_name(head):
        text = f"a run or batch on this node is called '{head.name}' already; choose another name"
        raise Problem(409, "name-taken", text)
    if not store.begin(head, new.rows, version) and (known := store.read(new.id)) is not None:
        return _known(request, known, new)
    wake(request.node, (new.id,), "batch")
    return 202, {"batch": new.id, "created": True, "runs": head.total}


def _known(request: Request, head: BatchHead, new: BatchStart) -> Reply:
    if not request.may_see_batch(head.person) or head.content != new.content:
        raise Problem(409, "other-batch", "another batch has this id")
    if not head.ended:
        wake(request.node, (new.id,), "batch")
    return 202, {"batch": new.id, "created": False, "runs": head.total}


def _refuse(problems: Iterable[RowProblem]) -> None:
    """Refuse a batch with all that is wrong in its rows, or the first of it where it is much."""
    listed = list(islice(problems, MOST_PROBLEMS + 1))
    if not listed:
        return
    more = len(listed) > MOST_PROBLEMS
    rows = [{"subject": subject, "message": why} for subject, why in listed[:MOST_PROBLEMS]]
    count = f"more than {MOST_PROBLEMS}" if more else str(len(rows))
    first = f"'{rows[0]['subject']}': {rows[0]['message']}"
    text = f"{count} of the batch's runs cannot start; the first is {first}"
    raise Problem(422, "bad-rows", text, problems=rows)


def _head(request: Request, new: BatchStart, version: Mapping[str, Any]) -> BatchHead:
    common = new.common
    return BatchHead(
        id=new.id,
        name=new.name,
        created=request.node.now(),
        content=new.content,
        total=len(new.rows),
        parallel=new.parallel,
        workflow={"id": new.workflow, "name": str(version["name"]), "version": new.version},
        dataset=new.dataset,
        steps=steps_of(version),
        caller=caller_of(request.caller),
        person=request.caller.owner,
        claimed=dict(request.person),
        is_owners=request.is_owner,
        parameters=dict(common.get("parameters") or {}),
        targets=dict(common.get("targets") or {}),
        limits=dict(common.get("limits") or {}),
        layout=str(common.get("layout") or version.get("layout") or ""),
        undeclared=common.get("undeclared") is True,
        fingerprint=new.fingerprint,
        estimate=dict(new.estimate),
        mail={"to": new.mail} if new.mail else {},
    )
