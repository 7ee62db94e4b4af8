"""What is done quickly means what it meant."""

from __future__ import annotations

import pytest
import yaml
from moto.cloudformation import models

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.sandbox.aws.moto_speed import JsonFirst, hurry
from tests.account.stack.specs import every


@pytest.mark.parametrize("spec", every().values(), ids=every().keys())
def test_a_template_means_the_same(spec: NodeSpec) -> None:
    body = stack_request(spec).body
    assert JsonFirst(yaml).load(body, Loader=yaml.Loader) == yaml.safe_load(body)


def test_what_is_no_json_is_read_as_before() -> None:
    quick = JsonFirst(yaml)
    assert quick.load("a: [1, two]\n", Loader=yaml.SafeLoader) == {"a": [1, "two"]}
    with pytest.raises(yaml.YAMLError):
        quick.load("{", Loader=yaml.SafeLoader)
    assert quick.SafeLoader is yaml.SafeLoader


def test_it_is_in_place_once() -> None:
    hurry()
    there = vars(models)["yaml"]
    hurry()
    assert vars(models)["yaml"] is there
    assert isinstance(there, JsonFirst)
