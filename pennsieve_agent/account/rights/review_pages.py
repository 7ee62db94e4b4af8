"""The pages of a review that people read, as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pennsieve_agent.account.rights.data_at_rest import Kept
from pennsieve_agent.account.rights.data_flows import Flow
from pennsieve_agent.account.rights.officer_sections import Section
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, describe
from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.account.stack.costs import Costs
from pennsieve_agent.domain import prices


def roles_page(roles: Sequence[RoleDocuments], sections: Sequence[Section]) -> str:
    """Each role, then everything else about who can do what."""
    lines = ["# Permissions", ""]
    for section in sections:
        lines += [f"## {section.title}", "", *_items(section.lines), ""]
    for role in roles:
        lines += _role(role)
    return "\n".join(lines)


def _role(role: RoleDocuments) -> Iterator[str]:
    words = describe(role)
    yield from (f"## Role {role.name}", "")
    for title, lines in (
        ("Who may assume it", words.who),
        ("What it can do", words.can),
        ("What it cannot do", words.cannot),
        ("What the wildcards mean", words.wildcards),
    ):
        yield from (f"{title}:", "", *_items(lines or ("nothing",)), "")


def data_page(
    moved: Sequence[Flow], kept: Sequence[Kept], others: Sequence[str], network: Sequence[str]
) -> str:
    """What goes where, and what stays."""
    lines = [
        "# Data",
        "",
        "## What goes where",
        "",
        *_table(
            ("what", "from", "to", "protected by", "note"),
            ((f.what, f.start, f.to, f.how, f.note) for f in moved),
        ),
        "",
        "## The network",
        "",
        *_items(network),
        "",
        "## What is kept",
        "",
        *_table(
            ("what", "where", "encrypted with", "how long"),
            ((k.what, k.where, k.key, k.long) for k in kept),
        ),
        "",
        "## What no key of yours encrypts",
        "",
        *_items(others or ("nothing",)),
        "",
    ]
    return "\n".join(lines)


def costs_page(costs: Costs, settings: Settings) -> str:
    """While nothing runs, and of runs."""
    budget = (
        f"No run starts when {settings.monthly_budget:.2f} USD are spent in a month"
        if settings.monthly_budget
        else "No monthly budget is set (--monthly-budget)"
    )
    limits = [*costs.lines[2:], budget]
    runs = [
        ("a CPU-hour with 2 GB of memory", costs.vcpu_hour),
        ("the same on Spot machines", costs.spot_hour),
        ("1 GB of input put into the files of a run", prices.files_cost(0, 1, 0)),
        ("1 GB of them read, in each step that does", prices.files_cost(0, 0, 1)),
        ("1 GB that steps write, until it is delivered", prices.files_cost(0, 0, 0, 1)),
        ("1 GB of logs, taken in", prices.log_cost(1)),
        ("1 GB through a NAT gateway (secure)", prices.NAT_GB),
    ]
    lines = [
        "# Costs",
        "",
        f"List prices of us-east-1, {prices.DATE}, in USD, without discounts; estimates.",
        "",
        "## While nothing runs, a month",
        "",
        *_table(
            ("what", "USD"),
            [*((line.what, f"{line.usd:.2f}") for line in costs.idle),
             ("all of it", f"{costs.idle_total:.2f}")],
        ),
        "",
        "## Runs",
        "",
        *_table(("what", "USD"), ((what, f"{usd:.4f}") for what, usd in runs)),
        "",
        "## Limits",
        "",
        *_items(limits),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _items(lines: Iterable[str]) -> Iterator[str]:
    return (f"- {plain(line)}" for line in lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"


def plain(text: str) -> str:
    """A text that Markdown shows unchanged: names of datasets are other people's."""
    marks = {ord(mark): f"\\{mark}" for mark in "\\`*_[]<>|"}
    return " ".join(text.split()).translate(marks)
