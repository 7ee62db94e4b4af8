"""Whatever an update changes, AWS can change it: nothing with a name of ours is made anew.

CloudFormation refuses to replace a resource that has a custom name, and which properties can only
be set at creation stands in the schemas of its resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from pennsieve_agent.account.spec.node_spec import Code, Mode, NodeSpec
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.spec_json import kept_in
from pennsieve_agent.account.stack.stack_request import stack_request
from tests.account.stack.specs import CODE, GPU, NAMES, TAGS, node
from tests.aws.fixed_properties import fixed


def versions(mode: Mode) -> dict[str, NodeSpec]:
    """What one node may be, one after the other."""
    base = node(mode)
    return {
        "first": base,
        "off": replace(base, code=None),
        "renamed": replace(base, node_name="another"),
        "newer": replace(base, code=Code("b" * 64, "1.3.0")),
        "smaller": node(mode, max_vcpus=8, monthly_budget=10.0),
        "gpu": node(mode, gpu=GPU),
        "larger gpu": node(mode, gpu=replace(GPU, instance_type="g6.2xlarge", vcpus=8, most=4)),
        "tagged": node(mode, CODE, extras=Extras(tags=TAGS), gpu=GPU),
        "tagged anew": node(mode, CODE, extras=Extras(tags=TAGS[:1]), gpu=GPU),
    }


def after(before: Mapping[str, Any], tags: Mapping[str, str], spec: NodeSpec) -> NodeSpec:
    """The same node, as it is asked for of a stack that is there."""
    return replace(spec, kept=kept_in(before, tags))


def at(properties: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        properties = properties.get(name, {}) if isinstance(properties, dict) else {}
    return properties


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_is_made_anew(mode: Mode) -> None:
    for names in permutations(versions(mode), 2):
        assert_changed_in_place(mode, names)


def test_nor_is_it_after_an_earlier_change() -> None:
    for names in permutations(("first", "renamed", "gpu", "tagged", "tagged anew"), 3):
        assert_changed_in_place(Mode.BASIC, names)


def assert_changed_in_place(mode: Mode, names: tuple[str, ...]) -> None:
    found = [versions(mode)[name] for name in names]
    request = stack_request(found[0])
    for name, spec in zip(names[1:], found[1:], strict=True):
        following = stack_request(after(request.template, request.tags, spec))
        assert following.tags == request.tags
        assert replaced(request.template, following.template) == [], (names, name)
        request = following


def replaced(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, "/".join(path))
        for name, body in now["Resources"].items()
        if (was := before["Resources"].get(name)) is not None
        for path in fixed(body["Type"])
        if at(was.get("Properties", {}), path) != at(body.get("Properties", {}), path)
    ]


def test_tags_that_followed_would_be_refused() -> None:
    """What is kept is kept for a reason: without it the test above finds something."""
    tagged = versions(Mode.BASIC)["tagged"]
    found = replaced(stack_request(node(gpu=GPU)).template, stack_request(tagged).template)
    assert {(name, path) for name, path in found} == {
        (f"{kind}Machines", "Tags") for kind in ("Fargate", "Spot", "Gpu")
    }


def test_everything_else_has_the_new_tags() -> None:
    first = stack_request(node())
    spec = after(first.template, first.tags, versions(Mode.BASIC)["tagged"])
    resources = stack_request(spec).template["Resources"]
    assert resources["FargateQueue"]["Properties"]["Tags"].items() >= dict(TAGS).items()
    assert "owner" not in resources["FargateMachines"]["Properties"]["Tags"]
    # What was not there before is made with the tags of now.
    assert resources["GpuMachines"]["Properties"]["Tags"].items() >= dict(TAGS).items()


def test_a_stack_without_tags_gets_those_of_its_machines() -> None:
    first = stack_request(node(extras=Extras(tags=TAGS)))
    kept = kept_in(first.template, {})
    assert kept.stack == {"pennsieve:token": NAMES.token, **dict(TAGS)}
