"""What AWS's own linters say: of the templates cfn-lint, of the policies parliament. Nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.template import node_template
from tests.account.stack.accepted import PARLIAMENT
from tests.account.stack.specs import every

EVERY = every()
each = pytest.mark.parametrize("spec", EVERY.values(), ids=EVERY.keys())


@each
def test_cloudformation_will_take_the_template(spec: NodeSpec) -> None:
    text = json.dumps(node_template(spec))
    found = lint(text, config=ManualArgs(regions=["us-east-1"], include_checks=["E", "W"]))
    assert [str(match) for match in found] == []


def documents(spec: NodeSpec) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    text = json.dumps(node_template(spec)["Resources"])
    files = spec.names.arn("s3files", "file-system/fs-1")
    text = text.replace(json.dumps({"Ref": "Files"}), json.dumps(files))
    for name, body in json.loads(text).items():
        properties = body["Properties"]
        if body["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            found[name] = properties["PolicyDocument"]
        for policy in properties.get("Policies", ()):
            found[policy["PolicyName"]] = policy["PolicyDocument"]
    return found


LINTER = """
import json, sys
from parliament import analyze_policy_string
lint = lambda document: [str(f) for f in analyze_policy_string(json.dumps(document)).findings]
json.dump({name: lint(document) for name, document in json.load(sys.stdin).items()}, sys.stdout)
"""
"""In a process of its own: it leaves its files open, and warnings are errors here."""


def test_aws_knows_every_action_resource_and_condition() -> None:
    """An accepted finding must still be found."""
    asked = {
        f"{name} {what}": document
        for name in ("basic-gpu", "secure", "compliant-gpu")
        for what, document in documents(EVERY[name]).items()
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LINTER],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [(what, row) for what, all_ in json.loads(done.stdout).items() for row in all_]
    known = {action for action in PARLIAMENT for _, row in rows if action in row}
    assert [row for row in rows if not any(action in row[1] for action in PARLIAMENT)] == []
    assert known == set(PARLIAMENT)
