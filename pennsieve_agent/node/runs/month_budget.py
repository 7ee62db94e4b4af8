"""The month's budget of a node: what runs have cost so far, and a warning before it is used up.

The node's own sum is what ends runs, so it is what warns, at once and in any account. A budget of
AWS Budgets would not do: one for the node's tag counts nothing before somebody activates the tag
(https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html), one for
services counts the whole account, and both are hours late
(https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html).
"""

from __future__ import annotations

import logging
from time import gmtime, strftime

from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)

WARNED_AT = (1.0, 0.8)
"""Shares of the budget of which somebody is told, the largest first."""


def month_of(record: RunRecord, now: float) -> str:
    """The month that a run counts for, ``2026-11``: that in which it began."""
    return strftime("%Y-%m", gmtime(record.started or now))


def budget_of(node: Node) -> float:
    """The month's budget in USD; 0 for none."""
    return float(node.settings.monthly_budget or 0)


def left_of(node: Node, store: RunStore) -> float | None:
    """What is left of this month's budget in USD, of which running runs have used some; or None."""
    if not (budget := budget_of(node)):
        return None
    spent = store.cost_of(strftime("%Y-%m", gmtime(node.now())))
    return round(max(budget - spent, 0.0), 6)


def note_spent(node: Node, store: RunStore, record: RunRecord, cost: float) -> None:
    """Note what a run has cost so far, and warn when the month's budget comes to its end."""
    month = month_of(record, node.now())
    store.note_cost(month, record.run, cost)
    if not (budget := budget_of(node)):
        return
    spent = store.cost_of(month)
    share = next((share for share in WARNED_AT if spent >= share * budget), 0.0)
    if share and store.warned_at(month) < share and _publish(node, month, spent, share):
        store.note_warning(month, share)


def _publish(node: Node, month: str, spent: float, share: float) -> bool:
    """Tell the topic; whether AWS took it. A warning that is not taken stops no run."""
    settings = node.settings
    if not settings.budget_topic:
        return False
    budget = budget_of(node)
    used_up = "Runs are ended and no other starts before next month." if share >= 1 else ""
    text = (
        f"The runs of Pennsieve compute node {settings.token} (AWS account {settings.account}, "
        f"{settings.region}) have cost about {spent:.2f} USD in {month}, of a budget of "
        f"{budget:.2f} USD. {used_up}\n\n"
        "This is the node's own estimate, from AWS's list prices, of what its runs take; what the "
        "node costs while nothing runs is not in it. AWS's bill is what counts.\n"
        "Change the budget with: pennsieve compute update NODE --monthly-budget USD\n"
    )
    try:
        node.client("sns").publish(
            TopicArn=settings.budget_topic,
            Subject=f"Pennsieve compute node {settings.token}: {share:.0%} of the budget is used",
            Message=text,
        )
    except Exception as error:
        if not aws_code(error):
            raise
        log.warning("the warning about the budget could not be sent: %s", aws_code(error))
        return False
    return True
