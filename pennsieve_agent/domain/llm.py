"""What the language models of a compute node may cost (``contracts/resources.md`` 3.11)."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.server_word import ServerWord


class BudgetPeriod(ServerWord):
    """How long a budget lasts; it begins anew after that."""

    UNKNOWN = ""
    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class LlmBudget:
    """The most that a node's language models may cost, in US dollars in a period."""

    usd: float
    period: BudgetPeriod
