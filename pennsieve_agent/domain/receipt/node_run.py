"""The receipt of a run on an own node, of the run's document (``GET /runs/ID``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pennsieve_agent.domain.cost_kinds import COST_KINDS
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.receipt import context
from pennsieve_agent.domain.receipt.context import Costs, Stated
from pennsieve_agent.domain.receipt.form import FORM, OWN_NODE, RUN, Json


def receipt_of(document: Json, stated: Stated, spent: Costs | None = None) -> dict[str, Any]:
    """The receipt, without checksums. ``spent`` is told where the run's metrics are not there yet.

    Of a run that goes on it says what is known so far.
    """
    input_, person = _map(document, "input"), _map(document, "person")
    texts = {name: str(document.get(name) or "") for name in ("created", "started", "ended")}
    batch = _map(document, "batch")
    spent = costs(document) if spent is None else spent
    return {
        "form": FORM,
        "kind": RUN,
        **context.origin(stated),
        "id": str(document.get("id") or ""),
        "name": str(document.get("name") or document.get("id") or ""),
        "status": context.word(document.get("status")),
        "reason": document.get("reason") or None,
        "place": OWN_NODE,
        "host": stated.host,
        "workspace": {"id": None, "name": None, **stated.workspace},
        "dataset": {
            "id": document.get("dataset") or None,
            "name": stated.dataset or None,
            "folder": document.get("folder") or None,
        },
        "workflow": {
            name: _map(document, "workflow").get(name) or None for name in ("id", "name", "version")
        },
        "batch": dict(batch) or None,
        "who": {
            "name": person.get("name") or None,
            "email": person.get("email") or None,
            "id": None,
            "caller": document.get("caller") or None,
            # AWS names the caller; the name is what that caller called himself.
            "verified": False,
        },
        "times": context.times(texts["created"], texts["started"], texts["ended"]),
        "node": node_of(document, stated),
        "steps": [
            _step(row, spent, _map(document, "taken").get("steps") or ())
            for row in document.get("steps") or ()
        ],
        "parameters": {step: dict(values) for step, values in _map(document, "parameters").items()},
        "targets": {step: dict(values) for step, values in _map(document, "targets").items()},
        "layout": input_.get("layout") or None,
        "layers": list(document.get("layers") or ()),
        "limits": context.limits(_map(document, "limits")),
        "taken_over": dict(_map(document, "taken")) or None,
        "inputs": context.input_files(stated, input_.get("count"), input_.get("bytes")),
        "outputs": context.output_files(stated),
        "cost": context.cost(spent, document.get("estimate")),
        "fingerprint": document.get("fingerprint") or None,
        "repeat": context.repeat(str(document.get("id") or "")),
    }


def costs(document: Json) -> Costs:
    """What a run cost as its metrics say; what it has spent so far before they are there."""
    metrics = _map(document, "metrics")
    estimate = _map(metrics, "costEstimate")
    parts = {
        kind: amount
        for key, kind in COST_KINDS.items()
        if (amount := _map(estimate, key).get("estimatedCost"))
    }
    usd = metrics.get("totalEstimatedCost", document.get("cost"))
    return Costs(
        document.get("spent") if usd is None else usd,
        parts,
        str(estimate.get("pricingVersion") or ""),
    )


def node_of(document: Json, stated: Stated) -> dict[str, Any]:
    """The node as it was when the run was started, as far as the run wrote that down."""
    own = _map(document, "node")
    of_run = {
        "id": own.get("token"),
        "version": own.get("version"),
        "protocol": own.get("protocol"),
        "code_digest": own.get("codeDigest"),
        "stack_digest": own.get("stackDigest"),
        "policy_digest": own.get("policyDigest"),
    }
    # What the run wrote down goes before what is known of the node today.
    return context.node({**stated.node, **{k: v for k, v in of_run.items() if v}})


def _step(row: Json, spent: Costs, taken: Collection[str]) -> dict[str, Any]:
    attempts = [
        context.attempt(one, _measured(one.get("measured"))) for one in row.get("attempts") or ()
    ]
    id_ = str(row.get("id") or "")
    return context.step(
        id_,
        kind=str(row.get("kind") or ""),
        depends_on=list(row.get("dependsOn") or ()),
        source_url=row.get("sourceUrl") or None,
        tag=row.get("tag") or None,
        commit=row.get("commit") or None,
        digest=row.get("digest") or None,
        image=row.get("image") or None,
        status=context.word(row.get("status")),
        reason=row.get("reason") or None,
        compute_type=row.get("computeType") or None,
        cpu=row.get("cpu") or None,
        memory_mb=row.get("memory") or None,
        started_at=str(row.get("started") or "") or None,
        completed_at=str(row.get("ended") or "") or None,
        seconds=total(one["seconds"] for one in attempts) if attempts else None,
        usd=0.0 if id_ in taken else spent.by_step.get(id_),
        attempts=attempts,
    )


def _measured(value: object) -> dict[str, Any] | None:
    measured = Measured.of(value)
    if measured is None:
        return None
    return {
        "peak_memory_bytes": measured.peak_memory,
        "cpu_seconds": measured.cpu_seconds,
        "read_bytes": measured.read,
        "written_bytes": measured.written,
        "by": measured.by or None,
    }


def _map(row: Json, name: str) -> Json:
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}
