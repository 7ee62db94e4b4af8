"""What a receipt says that the run itself does not know, and the parts that all receipts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.receipt.form import NAME, Json
from pennsieve_agent.domain.runs import seconds_between, unix_seconds

STATUS = {
    "NOT_STARTED": "pending",
    "STARTED": "running",
    "WAITING": "waiting",
}
"""The words for people where they are not the wire's own."""


@dataclass(frozen=True, slots=True)
class Stated:
    """Who makes a receipt, when (ISO 8601), and the names that a run's ids have there.

    ``host`` is the address of Pennsieve's API. ``inputs`` and ``outputs`` are None where nobody can
    tell them. ``node`` has what is known of the node beside the run's own words: ``name``,
    ``region``, ``account``, digests.
    """

    written_at: str
    version: str
    host: str
    workspace: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    node: Mapping[str, str] = field(default_factory=dict)
    inputs: Sequence[Json] | None = None
    outputs: Sequence[Json] | None = None


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run cost in USD, by kind; None where nobody counted it."""

    usd: float | None
    parts: Mapping[str, float] = field(default_factory=dict)
    prices: str = ""
    by_step: Mapping[str, float] = field(default_factory=dict)


def word(state: object) -> str:
    """The word for a state: ``succeeded``."""
    text = str(state or "UNKNOWN")
    return STATUS.get(text, text.lower())


def origin(stated: Stated) -> dict[str, Any]:
    """By what and when the receipt was made."""
    return {
        "made_at": stated.written_at,
        "made_by": {"name": "pennsieve", "version": stated.version},
    }


def times(created: str, started: str, ended: str) -> dict[str, Any]:
    """When, and how long it waited and took, in seconds."""
    return {
        "created_at": created or None,
        "started_at": started or None,
        "completed_at": ended or None,
        "queued_seconds": seconds_between(created, started),
        "seconds": seconds_between(started, ended),
    }


def cost(spent: Costs, estimate: object) -> dict[str, Any]:
    """What it cost by estimate of what it used, by kind, beside what was said before its start."""
    parts = [{"kind": kind, "usd": usd} for kind, usd in spent.parts.items() if usd]
    return {
        "usd": spent.usd,
        "prices": spent.prices or None,
        "parts": parts,
        "estimate": estimated(estimate),
    }


_ESTIMATE = {
    "low_usd": "lowUsd",
    "expected_usd": "expectedUsd",
    "high_usd": "highUsd",
    "low_seconds": "lowSeconds",
    "expected_seconds": "expectedSeconds",
    "high_seconds": "highSeconds",
    "basis": "basis",
    "runs": "runs",
    "prices_date": "pricesDate",
    "region": "region",
}


def estimated(row: object) -> dict[str, Any] | None:
    """The estimate that a run was started with; None where none was written down."""
    if not isinstance(row, Mapping) or not row:
        return None
    return {name: row.get(key) for name, key in _ESTIMATE.items()}


def input_files(stated: Stated, count: int | None, size: int | None) -> dict[str, Any]:
    """What a run read. ``files`` is null if not known."""
    rows = stated.inputs
    files: list[dict[str, Any]] | None = None
    if rows is not None:
        files = [
            {
                "path": str(row["path"]),
                "size": row.get("size"),
                "checksum": row.get("checksum") or None,
                "package_id": row.get("package") or None,
            }
            for row in rows
        ]
        count = len(files)
        size = total(row["size"] for row in files)
    return {"count": count, "size": size, "recorded": True, "packages_missing": 0, "files": files}


def output_files(stated: Stated) -> dict[str, Any]:
    """What a run delivered, by the paths that the files have in the dataset.

    ``status`` is ``there``, ``importing`` (Pennsieve has not imported it yet), ``missing`` (it was
    deleted, moved away, or its import failed, with ``why``), or ``untold``.
    """
    if stated.outputs is None:
        return {"count": None, "size": None, "files": None}
    return output_rows(stated.outputs)


def output_rows(rows: Sequence[Json]) -> dict[str, Any]:
    """Results as a receipt has them, of ``{path, size, sha256, package, status, why}``."""
    files: list[dict[str, Any]] = [
        {
            "path": str(row["path"]),
            "size": row.get("size"),
            "sha256": row.get("sha256") or None,
            "package_id": row.get("package") or None,
            "status": row.get("status") or "untold",
            "why": row.get("why") or None,
        }
        for row in rows
    ]
    size = total(row["size"] for row in files)
    return {"count": len(files), "size": size, "files": files}


def repeat(reference: str, *, local: bool = False) -> dict[str, Any]:
    """The commands that repeat a run: by its own id, and from the receipt's file."""
    here = f"pennsieve run start --repeat {quote(reference)}"
    return {
        "command": None if local else here,
        "from_receipt": f"pennsieve run start --repeat {NAME}",
    }


_NODE = (
    *("id", "name", "version", "protocol", "region", "account", "mode"),
    *("code_digest", "stack_digest", "policy_digest", "engine"),
)


def node(known: Json) -> dict[str, Any]:
    """A node, with null for what is not ``known``."""
    return {name: known.get(name) or None for name in _NODE}


_STEP: dict[str, Any] = {
    "kind": "processor",
    "depends_on": [],
    "status": None,
    "attempts": [],
    **dict.fromkeys(
        (
            *("source_url", "tag", "commit", "digest", "image", "reason", "compute_type", "cpu"),
            *("memory_mb", "started_at", "completed_at", "seconds", "usd"),
        )
    ),
}


def step(id_: str, **known: Any) -> dict[str, Any]:
    """A step, with null for what is not ``known``."""
    return {"id": id_, **_STEP, **known}


def limits(row: Json) -> dict[str, Any]:
    """What a run may take, of a node's document; null is without limit."""
    return {
        "max_cost_usd": row.get("maxCost") or None,
        "seconds": row.get("timeoutSeconds") or None,
        "spot": bool(row.get("spot")),
        "retries": row.get("retries") or 0,
        "memory_on_oom": row.get("memoryOnOom") or None,
        "keep_steps": row.get("keepSteps") or None,
    }


def attempt(row: Json, measured: Json | None) -> dict[str, Any]:
    """One try of a step, of a node's document."""
    begin, end = str(row.get("started") or ""), str(row.get("ended") or "")
    return {
        "started_at": begin or None,
        "completed_at": end or None,
        "seconds": seconds_between(begin, end),
        "exit_code": row.get("exitCode"),
        "reason": row.get("reason") or None,
        "memory_mb": row.get("memory") or None,
        "queued_seconds": row.get("queuedSeconds"),
        "startup_seconds": row.get("startupSeconds"),
        "measured": measured,
    }


def first_time(*texts: str) -> str:
    """The earliest of some times; empty without any."""
    known = [text for text in texts if unix_seconds(text) is not None]
    return min(known, key=lambda text: unix_seconds(text) or 0.0, default="")
