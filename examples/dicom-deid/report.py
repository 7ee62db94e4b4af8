"""The two tables that a run writes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from deidentify import Findings
from pseudonyms import Paths, Pseudonyms
from scan import Record

INVENTORY = (
    *("path", "status", "modality", "sop_class", "rows", "columns", "frames", "transfer_syntax"),
    *("study", "series", "instance", "bytes", "output", "warnings"),
)
IDENTIFYING = ("path", "tag", "keyword", "action", "count", "length")


def write_inventory(
    file: Path, records: Iterable[Record], paths: Paths, pseudonyms: Pseudonyms
) -> None:
    """One row for each input file, with the new identifiers."""
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(INVENTORY)
        for r in records:
            image = (r.modality, r.sop_class, r.rows, r.columns, r.frames, r.transfer_syntax)
            new = map(pseudonyms.uid, (r.study, r.series, r.instance))
            notes = "; ".join(r.warnings)
            table.writerow((paths.safe(r.path), r.status, *image, *new, r.size, r.output, notes))


def write_identifying(file: Path, found: Iterable[tuple[str, Findings]]) -> None:
    """One row for each identifying attribute of each file. Values are never written."""
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(IDENTIFYING)
        for path, findings in found:
            for a, count in sorted(findings.count.items(), key=lambda row: row[0].tag):
                done = a.action.name.lower()
                table.writerow((path, a.tag, a.keyword, done, count, findings.length[a]))
