"""Having the reconciler look at runs at once."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pennsieve_agent.node.api.request_handler import Request


def wake(request: Request, runs: Iterable[str], what: str = "advance") -> None:
    """Have the reconciler look at runs, or ``archive`` their logs."""
    for run in runs:
        request.node.client("lambda").invoke(
            FunctionName=request.node.settings.reconciler,
            InvocationType="Event",
            Payload=json.dumps({what: run}).encode(),
        )
