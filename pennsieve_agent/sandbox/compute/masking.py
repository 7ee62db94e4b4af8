"""Giving secrets to processors, and keeping them out of logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pennsieve_agent.domain.plans import Job, JobKind
from pennsieve_agent.sandbox.compute.run_log import RunLog

MASK = "***"
SHORTEST_PART = 4
"""Characters. A value of several lines is also masked line by line, as logs are kept by line; what
is shorter, such as a bracket, says nothing and is everywhere."""


class Masking:
    """Replaces the values of secrets in text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts: set[str] = set()
        for secret in secrets:
            parts.add(secret.strip())
            lines = [line.strip() for line in secret.splitlines()]
            if len(lines) > 1:
                parts.update(line for line in lines if len(line) >= SHORTEST_PART)
        # The longest first, so that of two of which one begins the other nothing is left over.
        ordered = sorted((part for part in parts if part), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


@dataclass(frozen=True, slots=True)
class MaskedLines:
    """A run's log that never gets to see a secret."""

    log: RunLog
    mask: Masking

    def line(self, run_uuid: str, node_id: str, text: str) -> None:
        """Take a line."""
        self.log.line(run_uuid, node_id, self.mask(text))

    def flush(self) -> None:
        """Write all lines taken so far."""
        self.log.flush()


def with_secrets(job: Job, secrets: Mapping[str, str]) -> Job:
    """A processor's job with secrets in its environment; other jobs get none.

    A secret wins over a parameter of its name, whose default is there in every run. It cannot have
    a reserved name (:data:`~pennsieve_agent.sandbox.compute.node_secrets.RESERVED`).
    """
    if job.kind is not JobKind.PROCESSOR:
        return job
    return replace(job, environment={**job.environment, **secrets})
