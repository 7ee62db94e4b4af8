"""The program in which a function's code runs: a handler's events in, its answers out.

It is started with the text of this file, so it imports nothing of this package. Each line of its
input is an event; each line it writes is ``{"answer"}``, or ``{"error": [kind, text, trace]}``.
What the handler prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from typing import Any


class Context:
    """What a handler may ask about its call (AWS Lambda, "Python context object")."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` are what the call may take."""
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.aws_request_id = str(uuid.uuid4())
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """How long it may still take."""
        return max(int((self._end - time.monotonic()) * 1000), 0)


def answer(handler: str, seconds: float, line: str) -> dict[str, Any]:
    """What a handler makes of an event."""
    module, _, name = handler.rpartition(".")
    try:
        code = getattr(importlib.import_module(module), name)
        return {"answer": code(json.loads(line), Context(seconds))}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the function's
        trace = traceback.format_tb(error.__traceback__)
        return {"error": [type(error).__name__, str(error), trace]}


def main() -> None:
    """Answer until the input ends."""
    handler, seconds = sys.argv[1], float(sys.argv[2])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(f"{json.dumps(answer(handler, seconds, line))}\n")
        out.flush()


if __name__ == "__main__":
    main()
