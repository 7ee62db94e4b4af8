"""Whatever jobs use is reached by the template that is sent, and by the way that is meant."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.firewalls import NOWHERE
from pennsieve_agent.domain.reachability import Reached, Way
from tests.account.stack.reachable import FILES, reached, sent
from tests.account.stack.specs import every

OWN = {name: spec for name, spec in every().items() if not spec.settings.network}
each = pytest.mark.parametrize("spec", OWN.values(), ids=OWN.keys())
OUT = {"basic": Way.INTERNET, "secure": Way.NAT, "compliant": Way.ENDPOINT}
"""By which way a node of a mode reaches AWS's services."""


def expected(spec: NodeSpec, what: str) -> Way:
    if what == FILES:
        return Way.INSIDE
    # A NAT is paid for by the byte, a gateway endpoint is free.
    return Way.ENDPOINT if what.endswith("(s3)") else OUT[spec.settings.mode.value]


def wrong(spec: NodeSpec, template: dict[str, Any]) -> dict[str, set[Reached]]:
    found = reached(spec, template)
    return {what: ways for what, ways in found.items() if ways != {Reached(expected(spec, what))}}


@each
def test_jobs_reach_all_that_they_use(spec: NodeSpec) -> None:
    assert wrong(spec, sent(spec)) == {}


RECORDS = {"AWS::EC2::FlowLog", "AWS::EC2::LaunchTemplate"}
"""Of the network's types, those by which nothing is reached."""


def parts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where lists have items, and where something is switched on, below a value."""
    if value is True:
        yield path
    rows: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    rows = enumerate(value) if isinstance(value, list) else rows
    for key, inner in rows:
        below = (*path, key)
        if isinstance(value, list):
            yield below
        if key not in {"Tags", "Fn::GetAtt"}:
            yield from parts(inner, below)


def network_of(template: dict[str, Any]) -> Iterator[str]:
    for name, body in template["Resources"].items():
        network = body["Type"].startswith("AWS::EC2::") and body["Type"] not in RECORDS
        if network or body["Type"].endswith("::MountTarget"):
            yield name


def without(template: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The template without one thing: off, if it was switched on."""
    changed = copy.deepcopy(template)
    *above, last = path
    place = changed
    for key in above:
        place = place[key]
    if place[last] is True:
        place[last] = False
    elif above[-1] == "SecurityGroupEgress" and len(place) == 1:
        place[last] = NOWHERE  # without any rule AWS would let everything out
    else:
        del place[last]
    return changed


def removals(template: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name in network_of(template):
        yield ("Resources", name)
        below = ("Resources", name, "Properties")
        yield from parts(template["Resources"][name]["Properties"], below)


@each
def test_nothing_of_the_network_can_be_missing(spec: NodeSpec) -> None:
    """Neither an endpoint, route, subnet or firewall, nor a rule, a switch, or a policy's row."""
    template = sent(spec)
    missed = []
    for path in removals(template):
        item: Any = template
        for key in path:
            item = item[key]
        if item != NOWHERE and not wrong(spec, without(template, path)):
            missed.append(path)
    assert missed == []
