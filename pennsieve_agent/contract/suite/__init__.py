"""The checks, one module a part of the contract, in the order in which they are asked."""

from __future__ import annotations

from pennsieve_agent.contract.check import Check
from pennsieve_agent.contract.suite import (
    accounts,
    datasets,
    extras,
    gateway,
    grants,
    nodes,
    packages,
    people,
    runs,
    signing_in,
    store,
    uploads,
    upstream,
    workflows,
)

PARTS = (
    *(signing_in, gateway, people, datasets, packages, grants),
    *(uploads, accounts, nodes, store, workflows, runs, extras, upstream),
)


def all_checks() -> list[Check]:
    """Every check of the suite."""
    return [check for part in PARTS for check in part.CHECKS]
