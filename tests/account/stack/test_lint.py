"""What AWS's own linters say: of the templates cfn-lint, of the policies parliament. Nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from cfnlint.api import lint as linted
from cfnlint.config import ManualArgs

from pennsieve_agent.account.rights.installer import installer_policies
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.sandbox.aws.stack_templates import problem_of
from tests.account.stack import pairwise
from tests.account.stack.accepted import INSTALLER, PARLIAMENT
from tests.account.stack.specs import every

EVERY = every()
each = pytest.mark.parametrize("spec", EVERY.values(), ids=EVERY.keys())


@each
def test_cloudformation_will_take_the_template(spec: NodeSpec) -> None:
    text = json.dumps(node_template(spec))
    found = linted(text, config=ManualArgs(regions=["us-east-1"], include_checks=["E", "W"]))
    assert [str(match) for match in found] == []


def documents(spec: NodeSpec) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    text = json.dumps(node_template(spec)["Resources"])
    files = spec.names.arn("s3files", "file-system/fs-1")
    text = text.replace(json.dumps({"Ref": "RunFiles"}), json.dumps(files))
    key = spec.names.arn("kms", "key/11111111-2222-4333-8444-555555555555")
    text = text.replace(json.dumps({"Fn::GetAtt": ["Key", "Arn"]}), json.dumps(key))
    for name, body in json.loads(text).items():
        properties = body["Properties"]
        if body["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            found[name] = properties["PolicyDocument"]
        for policy in properties.get("Policies", ()):
            found[policy["PolicyName"]] = policy["PolicyDocument"]
    return found


def test_options_meet_in_pairs_in_few_templates() -> None:
    """All of them are linted by ``make lint-cloud``; here the cheap rules are asked."""
    nodes = pairwise.specs()
    assert len(nodes) <= pairwise.MOST
    pairs = set().union(*map(pairwise.pairs, pairwise.choices()))
    counts = [len(values) for values in pairwise.OPTIONS.values()]
    assert len(pairs) == sum(a * b for a, b in combinations(counts, 2))
    for spec in nodes.values():
        first = stack_request(turned_off(spec))
        sent = replace(first, template=first.first) if first.too_long else first
        assert problem_of(sent.body, in_request=True) == ""
        assert problem_of(first.body, in_request=False) == ""


LINTER = """
import json, sys
from parliament import analyze_policy_string
lint = lambda document: [str(f) for f in analyze_policy_string(json.dumps(document)).findings]
json.dump({name: lint(document) for name, document in json.load(sys.stdin).items()}, sys.stdout)
"""
"""In a process of its own: it leaves its files open, and warnings are errors here."""


def test_aws_knows_every_action_resource_and_condition() -> None:
    """An accepted finding must still be found."""
    nodes = {name: EVERY[name] for name in ("basic-gpu", "secure", "compliant-gpu")}
    asked = {
        f"{name} {what}": document
        for name, spec in (nodes | pairwise.specs()).items()
        for what, document in documents(spec).items()
    }
    asked |= {
        f"installer {i}": document
        for i, document in enumerate(installer_policies(Place(EVERY["secure"].names)))
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LINTER],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [(what, row) for what, all_ in json.loads(done.stdout).items() for row in all_]
    accepted = {"installer": INSTALLER}
    matches = [
        (what, row, {word for word in accepted.get(what.split()[0], PARLIAMENT) if word in row})
        for what, row in rows
    ]
    assert [(what, row) for what, row, words in matches if not words] == []
    assert set().union(*(words for _, _, words in matches)) == {*PARLIAMENT, *INSTALLER}
