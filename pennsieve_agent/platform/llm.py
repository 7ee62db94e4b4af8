"""The budget of a node's language models (v2, ``contracts/resources.md`` 3.11)."""

from __future__ import annotations

import math

from pennsieve_agent.domain.llm import BudgetPeriod, LlmBudget
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.platform.decode import Fields, unexpected
from pennsieve_agent.platform.node_changes import NODES
from pennsieve_agent.platform.node_reply import reply
from pennsieve_agent.platform.surface import Surface, segment


class LlmBudgets:
    """Budgets; for the node's owner and the administrators of a public account.

    A node without language models answers like one that is out of order.
    """

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def get(self, node_uuid: str) -> LlmBudget:
        """The budget of a node.

        Route: GET v2 /compute/resources/compute-nodes/{id}/llm-config

        Raises:
            Forbidden: the user may not manage the node.
            PlatformError: the node has no language models, or is too old for them.

        """
        return _budget(reply(self._v2.call("GET", _path(node_uuid))))

    def set(self, node_uuid: str, budget: LlmBudget) -> LlmBudget:
        """Set the budget of a node; it counts within a minute.

        Route: PUT v2 /compute/resources/compute-nodes/{id}/llm-config

        Raises:
            UsageProblem: the budget is negative, or its period is none.
            Forbidden: the user may not manage the node.
            PlatformError: the node has no language models, or is too old for them.

        """
        if not math.isfinite(budget.usd) or budget.usd < 0:
            raise UsageProblem("a budget is a number of US dollars, 0 or more")
        if budget.period is BudgetPeriod.UNKNOWN:
            raise UsageProblem("a budget is for a day or for a month", hint="say daily or monthly")
        body = {"budgetUsd": budget.usd, "budgetPeriod": budget.period.value}
        return _budget(reply(self._v2.call("PUT", _path(node_uuid), body=body)))


def _path(node_uuid: str) -> str:
    return f"{NODES}/{segment(node_uuid)}/llm-config"


def _budget(item: Fields) -> LlmBudget:
    usd = item.number("budgetUsd")
    if usd is None:
        raise unexpected(item.where, "budgetUsd", "a number")
    return LlmBudget(usd, BudgetPeriod.of(item.text("budgetPeriod")))
