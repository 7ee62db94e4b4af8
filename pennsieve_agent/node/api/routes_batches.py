"""Routes to start, see, cancel and retry batches of runs."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.batches.batch_head import BatchHead, list_key
from pennsieve_agent.node.batches.batch_store import BatchStore
from pennsieve_agent.node.batches.batch_summary import batch_document, page_of_rows, summary
from pennsieve_agent.node.mail.subscriptions import mail_status
from pennsieve_agent.node.wake_reconciler import wake

MOST_BATCHES, MOST_ROWS, MOST_FILES = 200, 1000, 5000


def start(request: Request) -> Reply:
    """Start a batch; the same request twice is one batch."""
    # Most requests only look, and a cold start takes as long as what it loads.
    from pennsieve_agent.node.api.start_batch import started  # noqa: PLC0415

    return started(request)


def list_batches(request: Request) -> Reply:
    """Batches, newest first; ``next`` goes on where a page ended."""
    limit = max(request.number("limit", 50, MOST_BATCHES), 1)
    store = _store(request)
    page: list[dict[str, Any]] = []
    last = ""
    for key, batch, person in store.listed(request.query.get("next", "")):
        if not request.may_see_batch(person):
            continue
        head = store.read(batch)
        if head is None or list_key(head) != key or not _fits(request, head):
            continue
        if len(page) == limit:
            return 200, {"batches": page, "next": last}
        page.append(summary(store, head))
        last = key
    return 200, {"batches": page, "next": ""}


def _fits(request: Request, head: BatchHead) -> bool:
    workflow, dataset = (request.query.get(name, "") for name in ("workflow", "dataset"))
    if workflow and workflow not in {head.workflow["id"], head.workflow["name"]}:
        return False
    return not dataset or dataset == head.dataset


def show(request: Request, batch: str) -> Reply:
    """Everything of a batch but its rows."""
    document = batch_document(_store(request), _head(request, batch))
    if "mail" in document:
        document["mail"] |= mail_status(request.node, document["mail"])
    return 200, document


def rows(request: Request, batch: str) -> Reply:
    """A page of the rows, in the order of the batch; ``status`` chooses among them."""
    head = _head(request, batch)
    begin = request.number("next", 0, head.total)
    limit = max(request.number("limit", MOST_ROWS, MOST_ROWS), 1)
    states = frozenset(filter(None, request.query.get("status", "").upper().split(",")))
    try:
        page, after = page_of_rows(_store(request), head, begin, limit, states)
    except LookupError as missing:
        raise Problem(404, "expired", str(missing)) from None
    return 200, {"rows": [row.document() for row in page], "next": str(after) if after else ""}


def start_of(request: Request, batch: str) -> Reply:
    """What a batch was started with, and a page of its rows as they were asked for."""
    store, head = _store(request), _head(request, batch)
    begin = request.number("next", 0, head.total)
    page: list[dict[str, Any]] = []
    files = 0
    try:
        while begin < head.total and len(page) < MOST_ROWS and files < MOST_FILES:
            page.append(dict(store.row(head, begin)))
            files += len(page[-1].get("files") or ())
            begin += 1
    except LookupError as missing:
        raise Problem(404, "expired", str(missing)) from None
    return 200, {
        "parameters": head.parameters,
        "limits": head.limits,
        "layout": head.layout,
        "undeclared": head.undeclared,
        "runs": page,
        "next": str(begin) if begin < head.total else "",
    }


def cancel(request: Request, batch: str) -> Reply:
    """End what runs of a batch, and begin nothing more."""
    store, head = _store(request), _head(request, batch)
    state = summary(store, head)
    if state["ended"]:
        raise Problem(409, "ended", f"the batch has ended: {state['status']}")
    store.activate(batch)
    store.ask_cancel(batch)
    wake(request.node, (batch,), "batch")
    return 202, {"batch": batch}


def retry(request: Request, batch: str) -> Reply:
    """Attempt rows of a batch once more."""
    from pennsieve_agent.node.api.retry_batch import retried  # noqa: PLC0415 - seldom asked for

    return retried(request, _store(request), _head(request, batch))


def retry_from(request: Request, batch: str) -> Reply:
    """Attempt rows of a batch once more, and take over the steps before one."""
    from pennsieve_agent.node.api.retry_batch import retried_from  # noqa: PLC0415 - as above

    return retried_from(request, _store(request), _head(request, batch))


def _store(request: Request) -> BatchStore:
    return BatchStore(request.node, request.store)


def _head(request: Request, batch: str) -> BatchHead:
    """A batch that the caller may see; others do not exist for him."""
    head = _store(request).read(batch)
    if head is None or not request.may_see_batch(head.person):
        raise Problem(404, "no-such-batch", "this node has no such batch of yours")
    return head


ROUTES: tuple[Route, ...] = (
    route("POST", "/batches", start),
    route("GET", "/batches", list_batches),
    route("GET", "/batches/{}", show),
    route("GET", "/batches/{}/rows", rows),
    route("GET", "/batches/{}/start", start_of),
    route("POST", "/batches/{}/cancel", cancel),
    route("POST", "/batches/{}/retry", retry),
    route("POST", "/batches/{}/retry-from", retry_from),
)
