"""Receipts for pages: large, cut short, hostile, and pictures of a few bytes."""

from __future__ import annotations

import copy
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from pennsieve_agent.domain.batches import BatchRow
from tests.domain.receipt.examples import batch_receipt, rows, run_receipt

BEGIN = datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC)
NASTY = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title></textarea><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://example.org/" onmouseover=alert(1) x="',
    "]]><!-- -->",
    "\u202egnp.exe\u2066\u200f",
    "\N{BRAIN}\N{ZERO WIDTH JOINER}\N{MICROSCOPE} \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}",
    "\x00\x1b[31m\ud800\uffff",
    "a" * 10_000,
    "&lt;b&gt; &amp; {{7*7}} ${7*7}",
)
Document = dict[str, Any]


def png(width: int, height: int, *, filler: int = 0) -> bytes:
    """A grey picture; ``filler`` bytes are added inside of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", sum_)

    line = b"\0" + bytes(40 + 180 * x // width for x in range(width))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    text = chunk(b"tEXt", b"k\0" + b"x" * filler) if filler else b""
    body = chunk(b"IDAT", zlib.compress(line * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text + body + chunk(b"IEND", b"")


def jpeg_head(width: int, height: int) -> bytes:
    """The begin of a JPEG: application data, then the header of its frame."""
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0" + frame


def at(seconds: float) -> str:
    """A time after the begin."""
    return (BEGIN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")[:23] + "Z"


def many_subjects(number: int, *, failing: int = 3, waiting: int = 0) -> Document:
    """A batch of so many subjects, of which some failed."""
    good, bad = rows()[:2]
    table = []
    for index in range(number):
        begin = index // 10 * 300 + index % 10 * 7
        took = 200 + index * 37 % 90
        row = bad if index % (number // failing or 1) == 1 else good
        table.append(
            BatchRow(
                index,
                f"sub-{index:04}",
                f"5b0e0a52-8d8f-4c55-9a39-{index:012}",
                row.attempt,
                row.status,
                row.reason.replace("sub-02", f"sub-{index:04}"),
                row.steps,
                at(0),
                at(begin),
                at(begin + took),
                0.0001 * took,
            )
        )
    for index in range(number - waiting, number):
        table[index] = BatchRow(index, f"sub-{index:04}")
    receipt = batch_receipt(table)
    files = batch_receipt()["subjects"][0]
    for row in receipt["subjects"]:
        if row["run_id"]:
            row |= {side: copy.deepcopy(files[side]) for side in ("inputs", "outputs")}
    if not waiting:
        receipt["status"] = "succeeded"
        receipt["times"] |= {"completed_at": at(number * 30 + 300), "seconds": number * 30 + 300}
    receipt["made_at"] = at(number * 30 + 600)
    return receipt


def failed_run() -> Document:
    """A run that failed at its only processing step."""
    why = "exit code 1: ValueError: no channel 'EEG 1' in sub-02/a.edf"
    receipt = copy.deepcopy(run_receipt(status="FAILED", reason=f"step 'spikes' failed: {why}"))
    _, spikes, out = receipt["steps"]
    spikes |= {"status": "failed", "reason": why}
    spikes["attempts"][1] |= {"exit_code": 1, "reason": why}
    out |= {"status": "skipped", "attempts": [], "started_at": None, "completed_at": None}
    receipt["outputs"] = {"count": 0, "size": 0, "files": []}
    receipt["cost"]["usd"] = 0.0711
    return receipt


def running() -> Document:
    """A run in its second attempt, of which nobody has counted the cost."""
    receipt = copy.deepcopy(run_receipt(status="STARTED", ended="", metrics={}, cost=None))
    _, spikes, out = receipt["steps"]
    spikes |= {"status": "running", "completed_at": None, "seconds": None}
    spikes["attempts"][1] |= {
        "completed_at": None,
        "exit_code": None,
        "measured": None,
        "seconds": None,
    }
    out |= {"status": "waiting", "attempts": [], "started_at": None, "completed_at": None}
    receipt["made_at"] = "2026-11-28T12:07:00Z"
    receipt["outputs"] = {"count": None, "size": None, "files": None}
    return receipt


def empty(kind: str) -> Document:
    """A receipt in which everything that may be unknown is."""
    receipt = copy.deepcopy(run_receipt() if kind == "run" else batch_receipt([]))

    def unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: unknown(inner) for name, inner in value.items()}
        return [] if isinstance(value, list) else None

    kept = {name: receipt[name] for name in ("form", "kind", "id", "name", "status", "place")}
    return {**unknown(receipt), **kept}


def nasty(receipt: Document, text: str) -> Document:
    """A receipt whose texts are all this one, but those that say of what kind it is."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: inner if name in _KEPT else changed(inner) for name, inner in value.items()
            }
        if isinstance(value, list):
            return [changed(inner) for inner in value]
        return text if isinstance(value, str) else value

    answer: Document = changed(copy.deepcopy(receipt))
    if answer["parameters"]:
        # Of a step that has this id, now.
        answer["parameters"] = {text: {text: text}}
    return answer


_KEPT = {"kind", "form", "place", "status", "started_at", "completed_at", "made_at"}
