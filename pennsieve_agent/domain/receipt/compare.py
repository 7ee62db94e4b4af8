"""What differs between two receipts: code, parameters, inputs, resources, time, cost, results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.receipt.form import BATCH, Json, Receipt

PARTS = ("state", "code", "parameters", "inputs", "resources", "time", "cost", "outputs")
"""What is compared, in this order."""
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs; None where a receipt does not have it."""

    part: str
    what: str
    first: Value
    second: Value


def differences(first: Receipt, second: Receipt) -> list[Difference]:
    """All that differs, in the order of :data:`PARTS`."""
    flat = [_flat(one) for one in (first, second)]
    rows = []
    for part in PARTS:
        before, after = flat[0][part], flat[1][part]
        rows += [
            Difference(part, what, before.get(what), after.get(what))
            for what in dict.fromkeys((*before, *after))
            if before.get(what) != after.get(what)
        ]
    return rows


def _flat(receipt: Receipt) -> dict[str, dict[str, Value]]:
    """Names and values by part, so that equal names are compared."""
    return {
        "state": dict(_state(receipt)),
        "code": dict(_code(receipt)),
        "parameters": {
            f"{step}.{name}": value
            for step, values in receipt["parameters"].items()
            for name, value in values.items()
        },
        "inputs": dict(_inputs(receipt)),
        "resources": dict(_resources(receipt)),
        "time": dict(_time(receipt)),
        "cost": dict(_cost(receipt)),
        "outputs": dict(_outputs(receipt)),
    }


def _state(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    yield "kind", receipt["kind"]
    yield "status", receipt["status"]
    yield "reason", receipt.get("reason")
    for row in _subjects(receipt):
        yield f"{row['subject']}", row["status"]


def _code(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    yield "workflow", receipt["workflow"].get("name")
    yield "version", receipt["workflow"].get("version")
    for step in receipt["steps"]:
        yield f"{step['id']}", step.get("kind")
        for name in ("source_url", "tag", "commit", "digest", "image"):
            yield f"{step['id']} {name.replace('source_url', 'repository')}", step.get(name)
    yield "layout", receipt.get("layout")


def _inputs(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    """A file is told by its checksum, else by its package, which Pennsieve never changes."""
    yield "dataset", receipt["dataset"].get("name") or receipt["dataset"].get("id")
    for path, row in _files(receipt, "inputs"):
        yield path, row.get("checksum") or row.get("package_id") or row.get("size") or "there"


def _resources(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    yield "place", receipt.get("place")
    for name in ("name", "version", "region", "engine"):
        yield f"node {name}", receipt["node"].get(name)
    for name, value in (receipt.get("limits") or {}).items():
        yield f"limit {name}", value
    for step in receipt["steps"]:
        for name in ("compute_type", "cpu", "memory_mb"):
            yield f"{step['id']} {name}", step.get(name)
        yield f"{step['id']} attempts", len(step.get("attempts") or ())
        yield f"{step['id']} peak_memory_bytes", _peak(step)


def _peak(step: Json) -> Value:
    """The most memory of all attempts of a step; None where none was measured."""
    rows = [one.get("measured") or {} for one in step.get("attempts") or ()]
    peaks = [row["peak_memory_bytes"] for row in rows if row.get("peak_memory_bytes")]
    return max(peaks) if peaks else None


def _time(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    yield "seconds", receipt["times"].get("seconds")
    yield "queued_seconds", receipt["times"].get("queued_seconds")
    for step in receipt["steps"]:
        yield f"{step['id']} seconds", step.get("seconds")


def _cost(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    yield "usd", receipt["cost"].get("usd")
    for part in receipt["cost"].get("parts") or ():
        yield f"{part['kind']} usd", part["usd"]


def _outputs(receipt: Receipt) -> Iterator[tuple[str, Value]]:
    """By the path in the folder of the results, as two runs have two folders."""
    into = f"{receipt['dataset'].get('folder') or ''}/".lstrip("/")
    for path, row in _files(receipt, "outputs"):
        content = row.get("sha256") or row.get("size")
        is_lost = row.get("status") == "missing"
        yield path.removeprefix(into), "missing" if is_lost else content or "there"


def _files(receipt: Receipt, side: str) -> Iterator[tuple[str, Json]]:
    """The files of a run, or of all subjects of a batch."""
    for row in receipt[side].get("files") or ():
        yield str(row["path"]), row
    for subject in _subjects(receipt):
        for row in (subject.get(side) or {}).get("files") or ():
            yield f"{subject['subject']}: {row['path']}", row


def _subjects(receipt: Receipt) -> list[Mapping[str, Any]]:
    return list(receipt.get("subjects") or ()) if receipt["kind"] == BATCH else []
