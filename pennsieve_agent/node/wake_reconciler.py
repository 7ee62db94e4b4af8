"""Having the reconciler look at runs at once."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pennsieve_agent.node.node import Node


def wake(node: Node, runs: Iterable[str], what: str = "advance") -> None:
    """Have the reconciler look at runs, ``archive`` their logs, or look at a ``batch``."""
    for run in runs:
        node.client("lambda").invoke(
            FunctionName=node.settings.reconciler,
            InvocationType="Event",
            Payload=json.dumps({what: run}).encode(),
        )
