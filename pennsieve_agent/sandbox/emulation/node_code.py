"""The node's own code, as the functions of its stack run it."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from pennsieve_agent.sandbox.emulation.functions import Handler, Invocation

PACKAGE = "pennsieve_agent.node."


def node_code(handler: str) -> Handler | None:
    """The code of a function of a node's stack; None when it is none of these."""
    module, _, name = handler.rpartition(".")
    if not module.startswith(PACKAGE) or name != "handler" or not importlib.util.find_spec(module):
        return None
    found = importlib.import_module(module)

    def run(event: Any, given: Invocation) -> Any:
        return found.serve(event, given.session, given.environ)

    return run
