"""Keep AWS's events of a failed stack, which AWS deletes with the stack."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.values import StackEvent
from pennsieve_agent.domain.own_node import functions_log_group, log_group


def keep_events(journal: Journal, stack: str, events: Sequence[StackEvent]) -> Path | None:
    """Write the events of a failed change beside the journal; answers where, None if it cannot be.

    It holds no secrets: AWS's events name resources and reasons.
    """
    path = journal.path.with_suffix(".failed.json")
    document = {
        "stack": stack,
        "events": [asdict(event) for event in events],
        "logs": _logs(stack) if events[-1].status.startswith("UPDATE_") else {},
    }
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
    except OSError:
        return None  # why the stack failed is what the user must read
    return path


def _logs(stack: str) -> dict[str, str]:
    """What else tells of a stack that is there: of a failed creation nothing is left."""
    token = stack.rpartition("-")[2]
    machines = f"--compute-environments {stack}-fargate"
    return {
        "jobs": f"aws logs tail {log_group(token)} --since 1d",
        "functions": f"aws logs tail {functions_log_group(token)} --since 1d",
        "machines": f"aws batch describe-compute-environments {machines}",
    }
