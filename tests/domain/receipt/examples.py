"""Receipts as tests need them: of a node's documents, with names that nobody should trust."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

import pennsieve_agent
from pennsieve_agent.domain.batches import (
    Batch,
    BatchCounts,
    BatchRow,
    BatchStatus,
    BatchStep,
    RowStatus,
)
from pennsieve_agent.domain.receipt import batch, node_run
from pennsieve_agent.domain.receipt.batch import SubjectFiles
from pennsieve_agent.domain.receipt.context import Stated
from pennsieve_agent.domain.receipt.form import sealed

RUN_ID = "5b0e0a52-8d8f-4c55-9a39-1c2057f1a001"
DATASET = "N:dataset:11111111-2222-4333-8444-555555555555"
ORGANIZATION = "N:organization:99999999-2222-4333-8444-555555555555"
COMMIT = "4f2c1b7a9d" * 4
DIGEST = "sha256:" + "ab" * 32
RECORDS = ("pennsieve-run.json", "pennsieve-workflow.json", "ro-crate-metadata.json")
"""What says what a run did, beside its results."""
EVIL = "<script>alert(1)</script>"
_SCHEMA = Path(pennsieve_agent.__file__).parent / "domain" / "receipt" / "receipt.schema.json"
Document = dict[str, Any]


@cache
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def faults(receipt: object) -> list[str]:
    """Where a receipt does not fit the published schema."""
    return [f"{fault.json_path}: {fault.message}" for fault in validator().iter_errors(receipt)]


def attempt(started: str, ended: str, code: int | None, **more: Any) -> Document:
    row = {"started": started, "ended": ended, "exitCode": code, "reason": "", "memory": 8192}
    return {**row, "queuedSeconds": 12.5, "startupSeconds": 31.0, **more}


def run_document(**changed: Any) -> Document:
    """The answer of a node to ``GET /runs/ID``."""
    steps = [
        step("in", "data-source", "2026-11-28T12:00:31.000Z", "2026-11-28T12:00:47.000Z"),
        step("spikes", "processor", "2026-11-28T12:01:30.000Z", "2026-11-28T12:09:02.000Z", ["in"]),
        step(
            "out", "data-target", "2026-11-28T12:09:10.000Z", "2026-11-28T12:09:20.000Z", ["spikes"]
        ),
    ]
    steps[1] |= {
        "sourceUrl": "https://github.com/lab/spike-rate",
        "tag": "v1.2.0",
        "commit": COMMIT,
        "digest": DIGEST,
        "computeType": "standard",
        "cpu": 2048,
        "memory": 8192,
        "attempts": [
            attempt(
                "2026-11-28T12:01:30.000Z",
                "2026-11-28T12:03:30.000Z",
                137,
                reason="OutOfMemoryError: Container killed due to memory usage",
                memory=4096,
                measured={
                    "peakMemoryBytes": 4_294_967_296,
                    "cpuSeconds": 101.2,
                    "readBytes": 20_000_000,
                    "writtenBytes": 0,
                    "by": "task",
                },
            ),
            attempt(
                "2026-11-28T12:05:00.000Z",
                "2026-11-28T12:09:02.000Z",
                0,
                measured={
                    "peakMemoryBytes": 5_100_000_000,
                    "cpuSeconds": 401.5,
                    "readBytes": 41_000_000,
                    "writtenBytes": 900_000,
                    "by": "task",
                },
            ),
        ],
    }
    return {
        "id": RUN_ID,
        "name": "spike-rate-1c20",
        "status": "SUCCEEDED",
        "reason": "",
        "workflow": {
            "id": "77777777-2222-4333-8444-555555555555",
            "name": "spike-rate",
            "version": "v1.2.0",
        },
        "dataset": DATASET,
        "folder": "results/spike-rate-1c20",
        "input": {"layout": "tree", "count": 2, "bytes": 41_000_000},
        "caller": "arn:aws:iam::123456789012:user/ada",
        "person": {"name": "Ada Lovelace", "email": "ada@example.org"},
        "created": "2026-11-28T12:00:00.000Z",
        "started": "2026-11-28T12:00:05.000Z",
        "ended": "2026-11-28T12:09:30.000Z",
        "cost": 0.0214,
        "fingerprint": "0f" * 32,
        "steps": steps,
        "parameters": {"spikes": {"THRESHOLD": "5", "BAND": "300-6000"}},
        "targets": {"out": {"TARGET_FOLDER": "results/spike-rate-1c20"}},
        "limits": {"maxCost": 2, "retries": 1, "memoryOnOom": 2},
        "layers": [],
        "metrics": {
            "totalEstimatedCost": 0.0214,
            "costEstimate": {
                "ecs": {"estimatedCost": 0.0181},
                "efsThroughput": {"estimatedCost": 0.0021},
                "cloudWatchLogs": {"estimatedCost": 0.0002},
                "lambda": {"estimatedCost": 0.001},
                "data": {"estimatedCost": 0},
                "pricingVersion": "us-east-1-2026-11",
            },
        },
        "estimate": {
            "lowUsd": 0.012,
            "expectedUsd": 0.02,
            "highUsd": 0.041,
            "lowSeconds": 240,
            "expectedSeconds": 500,
            "highSeconds": 900,
            "basis": "from 14 runs of v1.2.0",
            "runs": 14,
            "pricesDate": "2026-11",
            "region": "us-east-1",
        },
        "node": {
            "version": "0.3.0",
            "protocol": 1,
            "token": "a1b2c3d4",
            "codeDigest": "c0" * 32,
            "stackDigest": "5a" * 32,
            "policyDigest": "90" * 32,
        },
        **changed,
    }


def step(id_: str, kind: str, started: str, ended: str, after: list[str] | None = None) -> Document:
    return {
        "id": id_,
        "kind": kind,
        "status": "SUCCEEDED",
        "reason": "",
        "sourceUrl": "",
        "tag": "",
        "dependsOn": after or [],
        "commit": "",
        "digest": "",
        "computeType": "",
        "cpu": 1024,
        "memory": 2048,
        "started": started,
        "ended": ended,
        "attempts": [attempt(started, ended, 0, memory=2048)],
    }


INPUTS = (
    {
        "path": "raw/sub-01/a.edf",
        "size": 21_000_000,
        "checksum": "11" * 32,
        "package": "N:package:1",
    },
    {
        "path": "raw/sub-01/b.edf",
        "size": 20_000_000,
        "checksum": "22" * 32,
        "package": "N:package:2",
    },
)
OUTPUTS = (
    {
        "path": "results/spike-rate-1c20/rates.csv",
        "size": 4120,
        "sha256": "aa" * 32,
        "package": "N:package:3",
        "status": "there",
    },
    {
        "path": "results/spike-rate-1c20/raster.png",
        "size": 88_120,
        "sha256": "bb" * 32,
        "package": "N:package:4",
        "status": "missing",
        "why": "it is not in the dataset any more: it was deleted, or moved to another dataset",
    },
)


def stated(**changed: Any) -> Stated:
    values = {
        "written_at": "2026-11-28T12:30:00Z",
        "version": "0.3.0",
        "host": "https://api.pennsieve.io",
        "workspace": {"id": ORGANIZATION, "name": "Lovelace lab"},
        "dataset": "Mouse EEG",
        "node": {
            "id": "a1b2c3d4",
            "name": "lab-node",
            "region": "us-east-1",
            "account": "123456789012",
            "mode": "basic",
        },
        "inputs": INPUTS,
        "outputs": OUTPUTS,
    }
    return Stated(**{**values, **changed})


def run_receipt(**changed: Any) -> Document:
    """The receipt of a run, without checksums; ``changed`` is in the node's document."""
    return node_run.receipt_of(run_document(**changed), stated())


BATCH_ID = "6c0e0a52-8d8f-4c55-9a39-1c2057f1a001"
_STEPS = (BatchStep("in", "input"), BatchStep("spikes", "spike-rate"), BatchStep("out", "results"))
_WHY = "exit code 1: ValueError: no channel 'EEG 1' in sub-02/a.edf"


def rows() -> list[BatchRow]:
    """A batch that is half done: one subject succeeded, one failed, one has not begun."""
    good = {step.id: ("SUCCEEDED", "") for step in _STEPS}
    bad = {"in": ("SUCCEEDED", ""), "spikes": ("FAILED", _WHY), "out": ("SKIPPED", "")}
    return [
        BatchRow(
            0,
            "sub-01",
            RUN_ID,
            1,
            RowStatus.SUCCEEDED,
            "",
            good,
            "2026-11-28T12:00:00.000Z",
            "2026-11-28T12:00:05.000Z",
            "2026-11-28T12:09:30.000Z",
            0.0214,
        ),
        BatchRow(
            1,
            "sub-02",
            "7d0e0a52-8d8f-4c55-9a39-1c2057f1a002",
            2,
            RowStatus.FAILED,
            f"step 'spikes' failed: {_WHY}",
            bad,
            "2026-11-28T12:00:00.000Z",
            "2026-11-28T12:00:09.000Z",
            "2026-11-28T12:02:30.000Z",
            0.008,
        ),
        BatchRow(2, "sub-03"),
    ]


def batch_of(table: list[BatchRow]) -> Batch:
    counts = BatchCounts.of_rows(row.status for row in table)
    return Batch(
        BATCH_ID,
        "first-batch",
        {
            "id": "77777777-2222-4333-8444-555555555555",
            "name": "spike-rate",
            "version": "v1.2.0",
        },
        DATASET,
        "2026-11-28T12:00:00.000Z",
        BatchStatus.STARTED,
        10,
        counts,
        _STEPS,
        cost=0.0294,
        caller="arn:aws:iam::123456789012:user/ada",
        person={"name": "Ada Lovelace", "email": "ada@example.org"},
        parameters={"spikes": {"THRESHOLD": "5"}},
        layout="tree",
    )


def batch_receipt(table: list[BatchRow] | None = None) -> Document:
    """The receipt of a batch that is half done, without checksums."""
    table = rows() if table is None else table
    files = {RUN_ID: SubjectFiles(INPUTS, OUTPUTS)}
    return batch.receipt_of(batch_of(table), table, stated(), run_receipt(), files)


def whole(receipt: Document) -> Document:
    """A receipt with its checksums, and none of files beside it."""
    return sealed(receipt)
