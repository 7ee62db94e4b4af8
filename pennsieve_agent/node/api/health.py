"""The node's health, in the platform's form (``contracts/resources.md`` 3.3).

An own node is asked the same by its owner, and its way to Pennsieve is tried as well.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from pennsieve_agent.domain.node_protocol import PROTOCOL
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_document import timestamp
from pennsieve_agent.node.records.run_store import RunStore

SIGN_IN = "/authentication/cognito-config"
"""What anybody may ask Pennsieve (``contracts/core.md`` 1.2)."""
WAY_SECONDS = 5.0
SWEPT_SECONDS = 3 * 3600.0
"""After the end of its days, when what is kept is deleted: the clock looks once an hour."""
MOST_READ = 50
"""Active runs that are looked at."""


def health(node: Node) -> dict[str, Any]:
    """``{status, issues, resources, version, protocol, mode, kept}``; an issue is one sentence.

    ``kept`` is what steps made that is kept after their runs: ``{runs, bytes, unmeasured, until,
    overdue}``, the last being how many runs the clock should have swept by now.
    """
    kept: dict[str, Any] = {}
    issues: list[str] = []
    active: list[str] = []
    try:
        store = RunStore(node)
        active = store.active()
        issues += _files_left(store, active)
        kept = _kept(store, node.now())
    except Exception as error:
        if not aws_code(error):
            raise
        issues.append(f"cannot read the table of runs: {aws_code(error)}")
    issues += [*queue_issues(node), *_way_to_pennsieve(node)]
    return {
        "status": "WARNING" if issues else "HEALTHY",
        "issues": issues,
        "resources": {
            "activeRuns": len(active),
            "version": node.settings.version,
            "mode": node.settings.mode,
        },
        "version": node.settings.version,
        "protocol": PROTOCOL,
        "mode": node.settings.mode,
        "kept": kept,
    }


def _kept(store: RunStore, now: float) -> dict[str, Any]:
    """What is kept after runs; ``until`` is when the last of it is to be deleted."""
    rows = store.files_kept()
    return {
        "runs": len(rows),
        "bytes": sum(size or 0 for _, size in rows),
        "unmeasured": sum(size is None for _, size in rows),
        "until": timestamp(max((until for until, _ in rows), default=0.0)),
        "overdue": sum(until + SWEPT_SECONDS < now for until, _ in rows),
    }


def _files_left(store: RunStore, active: list[str]) -> list[str]:
    """The runs whose files cannot be deleted; the node tries again by the clock."""
    records = filter(None, map(store.read, active[:MOST_READ]))
    return [
        f"the files of run {record.name or record.run} are still in the bucket of the node, as "
        f"deleting them fails ({record.left}); it is tried again"
        for record in records
        if record.left
    ]


def _way_to_pennsieve(node: Node) -> list[str]:
    """Whether the node reaches Pennsieve: asked without a key."""
    url = f"{node.settings.api}{SIGN_IN}"
    request = urllib.request.Request(url)  # noqa: S310 - Pennsieve's address
    try:
        with node.open_url(request, WAY_SECONDS) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return [f"Pennsieve answers the compute node at {url} with HTTP {error.code}"]
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        return [f"Pennsieve does not answer the compute node at {url}: {why}"]
    return []


def queue_issues(node: Node) -> list[str]:
    """What is wrong with the machines of the node, each in a sentence."""
    settings = node.settings
    names = [n for n in (settings.fargate_queue, settings.spot_queue, settings.gpu_queue) if n]
    try:
        answer = node.client("batch").describe_compute_environments(computeEnvironments=names)
    except Exception as error:
        if not aws_code(error):
            raise
        return [f"cannot read the compute environments: {aws_code(error)}"]
    environments = {row["computeEnvironmentName"]: row for row in answer["computeEnvironments"]}
    issues = []
    for name in names:
        row = environments.get(name)
        if row is None:
            issues.append(f"compute environment {name} does not exist")
        elif row.get("status") == "INVALID":
            issues.append(f"compute environment {name} is invalid: {row.get('statusReason', '')}")
        elif row.get("state") == "DISABLED":
            issues.append(f"compute environment {name} is disabled")
    return issues
