"""What a plan says of each of a stack's resources."""

from __future__ import annotations

import pytest

from pennsieve_agent.account.stack.explain import what
from pennsieve_agent.account.stack.template import node_template
from tests.account.stack.specs import every


@pytest.mark.parametrize("name", every())
def test_every_function_and_role_has_words_of_its_own(name: str) -> None:
    told: dict[str, str] = {}
    for logical_id, body in node_template(every()[name])["Resources"].items():
        if body["Type"] in {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::CloudWatch::Alarm"}:
            words = what(logical_id, body["Type"])
            assert words != what("", body["Type"]), logical_id
            assert words not in told, (logical_id, told[words])
            told[words] = logical_id
    assert told
