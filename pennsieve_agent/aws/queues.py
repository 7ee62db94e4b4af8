"""AWS Batch's job queues and compute environments, and whether they can run jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.aws.session import Aws


@dataclass(frozen=True, slots=True)
class Part:
    """A queue or a compute environment. ``status`` is AWS's word, ``reason`` its sentence."""

    kind: str
    name: str
    enabled: bool
    status: str
    reason: str = ""

    @property
    def well(self) -> bool:
        """Whether it can run jobs."""
        return self.enabled and self.status == "VALID"


def queues(aws: Aws, names: Sequence[str]) -> tuple[Part, ...]:
    """The queues, and the compute environments of the same names, that exist."""
    environments = aws.call(
        "batch", "describe_compute_environments", computeEnvironments=list(names)
    )["computeEnvironments"]
    rows = aws.call("batch", "describe_job_queues", jobQueues=list(names))["jobQueues"]
    return (
        *(_part("compute environment", "computeEnvironmentName", row) for row in environments),
        *(_part("queue", "jobQueueName", row) for row in rows),
    )


def _part(kind: str, name: str, row: dict[str, Any]) -> Part:
    return Part(
        kind,
        str(row[name]),
        enabled=row.get("state") == "ENABLED",
        status=str(row.get("status", "")),
        reason=str(row.get("statusReason") or ""),
    )
