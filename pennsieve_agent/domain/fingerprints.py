"""The fingerprint of a run: two runs that have the same one do the same with the same. Pure.

It is made of what decides the results: image digests, commands and order of the steps, all
parameters with their defaults, the layout of the input, and the input files with the checksums of
their uploads (a file without one counts by its package, which Pennsieve never changes). Sizes of
machines, names, folders of results and people are left out. Secrets are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pennsieve_agent.domain.node_protocol import digest_of

Json = Mapping[str, Any]
_FORM = 1
"""Counts what a fingerprint is made of: another number makes all of them new."""


def fingerprint(
    version: Json, parameters: Mapping[str, Mapping[str, str]], layout: str, files: Iterable[Json]
) -> str:
    """The fingerprint of a run of a version as its document has it; empty where it can have none.

    ``parameters`` are those that the programs get, by step; ``files`` are the rows of the start
    document. A version whose steps may ask Pennsieve themselves has none: they can read anything.
    """
    if version.get("needsPennsieve"):
        return ""
    rows = sorted(
        [str(row["path"]), row.get("size"), str(row.get("checksum") or row.get("package"))]
        for row in files
    )
    return digest_of(
        {
            "form": _FORM,
            "steps": sorted(map(_step, version.get("steps") or ()), key=lambda step: step["id"]),
            "parameters": {step: dict(values) for step, values in parameters.items() if values},
            "layout": layout,
            "files": rows,
        }
    )


def _step(row: Json) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "kind": str(row["kind"]),
        "after": sorted(filter(None, row.get("dependsOn") or ())),
        "image": str(row.get("image") or "").rpartition("@")[2],
        "command": row.get("command") or [],
        "target": str(row.get("targetType") or ""),
    }
