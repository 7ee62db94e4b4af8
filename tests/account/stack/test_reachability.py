"""Whatever jobs use is reached by the template that is sent, and by the way that is meant."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.firewalls import NOWHERE
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.domain.job_addresses import image_needs, web_need
from pennsieve_agent.domain.reachability import Reached, Way, reach
from pennsieve_agent.domain.vpc import ANYWHERE, vpc_of
from tests.account.stack.reachable import (
    FILES,
    PENNSIEVE_BUCKET,
    functions,
    interfaces,
    reached,
    sent,
)
from tests.account.stack.specs import NUMBER, PLATFORM, every, node

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


@pytest.mark.parametrize("mode", list(Mode))
def test_endpoints_lead_to_their_own_region_alone(mode: Mode) -> None:
    """What is in another region is reached by the internet, and without it not at all."""
    spec = node(mode)
    template = sent(spec)
    vpc = vpc_of(template)
    assert vpc is not None
    far = f"arn:aws:ecr:eu-central-1:{PLATFORM}:repository/some-processor"
    for interface in interfaces(spec, template):
        ways = {reach(vpc, interface, need).way for need in image_needs(NUMBER, far)}
        assert ways == ({None} if mode is Mode.COMPLIANT else {OUT[mode.value]})


@pytest.mark.parametrize("port", [22, 80, 2049, 5432])
def test_without_internet_no_other_port_is_let_out(port: int) -> None:
    spec = node(Mode.COMPLIANT)
    vpc = vpc_of(sent(spec))
    assert vpc is not None
    anywhere = [
        rule
        for interface in interfaces(spec, sent(spec))
        for group in interface.groups
        for rule in vpc.groups[group].egress
        if rule.fits(port) and rule.peer == ANYWHERE
    ]
    assert anywhere == []


def test_what_passes_endpoints_is_of_this_account_or_pennsieves() -> None:
    """Somebody else's keys, and somebody else's resources, pass no endpoint that has a policy."""
    other, mine = "999988887777", NUMBER
    asks = [
        Ask("s3:PutObject", "arn:aws:s3:::somebody-elses/x", {"aws:PrincipalAccount": other}),
        Ask("s3:PutObject", "arn:aws:s3:::somebody-elses/x", {"aws:PrincipalAccount": mine}),
        Ask("s3:PutObject", f"arn:aws:s3:::{PENNSIEVE_BUCKET}/x", {"aws:PrincipalAccount": mine}),
        *(
            Ask(action, f"arn:aws:{part}", {"aws:PrincipalAccount": other})
            for action, part in (
                ("logs:PutLogEvents", f"logs:us-east-1:{other}:log-group:x:log-stream:y"),
                ("lambda:InvokeFunction", f"lambda:us-east-1:{other}:function:x"),
                ("secretsmanager:GetSecretValue", f"secretsmanager:us-east-1:{other}:secret:x"),
                ("ssm:GetParameters", f"ssm:us-east-1:{other}:parameter/x"),
                ("ecr:BatchGetImage", f"ecr:us-east-1:{other}:repository/x"),
            )
        ),
    ]
    vpc = vpc_of(sent(node(Mode.COMPLIANT)))
    assert vpc is not None
    policies = {endpoint.service: endpoint.policy for endpoint in vpc.endpoints}
    assert all(policies.values())
    passed = [
        (service, ask)
        for service, policy in policies.items()
        for ask in asks
        if decide(ask, [policy or {}]) is Verdict.ALLOWED
    ]
    assert passed == []


@pytest.mark.parametrize("mode", list(Mode))
def test_a_function_in_the_network_reaches_objects_and_files(mode: Mode) -> None:
    """It has no public address, so without a NAT it reaches nothing but these."""
    spec = node(mode)
    template = sent(spec)
    jobs = template["Resources"]["FargateMachines"]["Properties"]["ComputeResources"]
    template["Resources"]["Gateway"]["Properties"]["VpcConfig"] = {
        "SubnetIds": jobs["Subnets"],
        "SecurityGroupIds": jobs["SecurityGroupIds"],
    }
    assert wrong(spec, template) == {}
    vpc = vpc_of(template)
    assert vpc is not None
    ways = {reach(vpc, interface, web_need(443)).way for interface in functions(template)}
    assert ways == {Way.NAT if mode is Mode.SECURE else None}
