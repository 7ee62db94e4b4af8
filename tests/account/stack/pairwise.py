"""Nodes whose options meet in pairs: each value of one with each value of every other.

Most faults of templates need two options to meet; all together there would be thousands.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from typing import Any

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Gpu, Mode, Network, NodeSpec
from pennsieve_agent.account.spec.organisation_rules import Extras
from tests.account.stack.specs import BOUNDARY, CODE, GPU, NUMBER, node

MOST = 40
"""More templates than this take linters too long."""
_TAGS = tuple((f"organisation-tag-{i}", f"value {i}") for i in range(12))
_THERE = Network("vpc-0123456789abcdef0", ("subnet-0123456789abcdef0", "subnet-0fedcba9876543210"))
ZONES_OF = {
    "us-east-1": "use1",
    "us-west-2": "usw2",
    "eu-central-1": "euc1",
    "eu-west-1": "euw1",
    "ap-southeast-2": "apse2",
    "ca-central-1": "cac1",
}
"""What the ids of zones begin with
(https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html)."""
OPTIONS: dict[str, tuple[Any, ...]] = {
    "mode": tuple(Mode),
    "region": tuple(ZONES_OF),
    "gpu": (Gpu(), GPU),
    "network": (Network(), _THERE),
    "boundary": ("", BOUNDARY),
    "role_path": ("/", "/research/"),
    "tags": ((), _TAGS),
    "code": (CODE, None),
}
Choice = tuple[int, ...]
"""Which value of each option."""


def choices() -> list[Choice]:
    """As few as a greedy search finds, always the same; each brings the most new pairs."""
    every = list(product(*(range(len(values)) for values in OPTIONS.values())))
    missing = set().union(*map(pairs, every))
    chosen: list[Choice] = []
    while missing:
        best = max(every, key=lambda choice: len(pairs(choice) & missing))
        missing -= pairs(best)
        chosen.append(best)
    return chosen


def pairs(choice: Choice) -> set[tuple[tuple[int, int], tuple[int, int]]]:
    """Every two of its values, with what they are of."""
    return set(combinations(enumerate(choice), 2))


def specs() -> dict[str, NodeSpec]:
    """The nodes, by the numbers of their values."""
    return {"-".join(map(str, choice)): _spec(choice) for choice in choices()}


def _spec(choice: Choice) -> NodeSpec:
    values = {name: OPTIONS[name][i] for name, i in zip(OPTIONS, choice, strict=True)}
    made = node(
        values["mode"],
        values["code"],
        gpu=values["gpu"],
        network=values["network"],
        role_path=values["role_path"],
        extras=Extras(values["boundary"], values["tags"]),
    )
    names = NodeNames("0a1b2c3d", NUMBER, values["region"])
    zones = tuple(f"{ZONES_OF[names.region]}-az{number}" for number in (1, 2))
    return replace(made, names=names, zones=zones)
