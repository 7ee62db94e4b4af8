"""Leaving out of a batch what succeeded before with equal code, parameters and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pennsieve_agent.services.runs.prepare_own_run import fingerprint_of

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.batches.prepare_batch import BatchRun, PreparedBatch


def without_done(ready: PreparedBatch, before: Mapping[str, Run]) -> PreparedBatch:
    """The batch without the runs that are among those ``before``, which are by fingerprint."""
    did = [(run, before.get(_fingerprint(ready, run))) for run in ready.runs]
    return replace(
        ready,
        runs=tuple(run for run, earlier in did if earlier is None),
        done=tuple((run, earlier.label) for run, earlier in did if earlier is not None),
    )


def _fingerprint(ready: PreparedBatch, run: BatchRun) -> str:
    return fingerprint_of(ready.document, ready.request(run), ready.first.layout, run.subject.files)
