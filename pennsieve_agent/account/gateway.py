"""Whether the node answers, asked as Pennsieve will ask it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.domain.waiting import pauses
from pennsieve_agent.errors import AgentError, AwsError

HEALTH = {"method": "GET", "path": "/health"}
HEALTH_SECONDS = 60.0
_OK = 200


def check_gateway(function: str, worlds: Worlds) -> str:
    """Ask until the node is well; new roles and functions need some seconds to be known in AWS.

    Raises:
        AgentError: it does not answer, or says what it lacks.

    """
    trouble: AgentError | None = None
    for pause in pauses(HEALTH_SECONDS):
        try:
            issues = _issues(worlds.invoke(worlds.aws, function, HEALTH))
        except AwsError as error:
            trouble = error
        else:
            if not issues:
                return "the node answers that it is well"
            trouble = AgentError(
                f"the node answers, but is not well: {'; '.join(issues)}",
                where=function,
                hint="run the same command again; pennsieve compute doctor looks at each part",
            )
        worlds.sleep(pause)
    raise trouble or AgentError("the node was not asked", where=function)


def _issues(answer: Mapping[str, Any]) -> list[str]:
    """What the gateway says is amiss; its own protocol, see :mod:`pennsieve_agent.node`."""
    body = answer.get("body")
    found = json.loads(body) if isinstance(body, str) else body
    if answer.get("status") != _OK or not isinstance(found, Mapping):
        return [f"its health check answers {answer.get('status')}"]
    return [str(issue) for issue in found.get("issues", ())]
