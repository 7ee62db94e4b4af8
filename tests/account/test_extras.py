"""An organisation's own boundary and tags: on everything, kept, and refused when unusable."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pennsieve_agent.account.register.execute import apply
from pennsieve_agent.account.register.node_identity import RegisterOptions
from pennsieve_agent.account.register.observe import observe
from pennsieve_agent.account.register.plan import plan_registration
from pennsieve_agent.account.rights.installer import all_nodes
from pennsieve_agent.account.spec.names import BOUNDARY_NAME, NodeNames
from pennsieve_agent.account.spec.options import TypedSettings
from pennsieve_agent.account.spec.organisation_rules import Extras, check_boundary, parse_tags
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.aws.cloudformation import find_stack
from pennsieve_agent.aws.iam import find_role, policy_exists
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.errors import UsageProblem
from tests.account.scene import OPTIONS, Scene
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)
THEIRS = f"arn:aws:iam::{NUMBER}:policy/org/everything-bounded"
EXTRAS = Extras(THEIRS, (("cost-centre", "42"), ("owner", "Ada's lab".replace("'", "_"))))
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
WHO = AwsIdentity(NUMBER, f"arn:aws:iam::{NUMBER}:user/ada", "U", "us-east-1", "")


def make_policy(scene: Scene) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": everything})
    scene.aws.call(
        "iam",
        "create_policy",
        PolicyName="everything-bounded",
        Path="/org/",
        PolicyDocument=document,
    )


def make_account_boundary(scene: Scene) -> str:
    document = json.dumps(node_boundary(all_nodes(WHO)))
    arn: str = scene.aws.call(
        "iam", "create_policy", PolicyName=BOUNDARY_NAME, PolicyDocument=document
    )["Policy"]["Arn"]
    return arn


def test_a_new_node_takes_the_boundary_that_an_administrator_made(scene: Scene) -> None:
    arn = make_account_boundary(scene)
    plan = scene.plan()
    assert plan.to_json()["permissions_boundary"] == arn == plan.names.account_boundary_arn
    assert "Boundary" not in plan.stack_request.template["Resources"]
    apply(plan, scene.clients)
    role = find_role(scene.aws, plan.names.gateway)
    assert role is not None
    assert role.boundary == arn
    assert scene.plan().nothing_to_do


def test_a_node_that_is_there_keeps_its_own_boundary(scene: Scene) -> None:
    scene.register()
    make_account_boundary(scene)
    assert scene.plan().nothing_to_do


def options(extras: Extras = EXTRAS) -> RegisterOptions:
    return replace(OPTIONS, typed=TypedSettings(extras=extras))


def test_it_is_planned_made_and_kept(scene: Scene) -> None:
    make_policy(scene)
    plan = plan_registration(observe(scene.clients, options()), options())
    assert plan.to_json()["permissions_boundary"] == THEIRS
    assert plan.to_json()["tags"] == dict(EXTRAS.tags)
    assert any(THEIRS in line for line in plan.words)
    assert any("cost-centre=42" in line for line in plan.words)

    apply(plan, scene.clients)

    role = find_role(scene.aws, plan.names.admin)
    assert role is not None
    assert role.boundary == THEIRS
    assert role.tags["cost-centre"] == "42"
    stack = find_stack(scene.aws, plan.names.stack)
    assert stack is not None
    assert stack.tags["cost-centre"] == "42"
    assert not policy_exists(scene.aws, plan.names.boundary_arn)
    assert scene.plan().nothing_to_do  # without being told again
    assert scene.remove().leftovers == ()
    assert policy_exists(scene.aws, THEIRS)


def test_a_lost_journal_does_not_lose_it(scene: Scene) -> None:
    make_policy(scene)
    apply(plan_registration(observe(scene.clients, options()), options()), scene.clients)
    scene.clients.journal.forget()

    plan = scene.plan()
    assert (plan.extras.boundary, dict(plan.extras.tags)) == (THEIRS, dict(EXTRAS.tags))


def test_a_boundary_that_is_not_there(scene: Scene) -> None:
    with pytest.raises(UsageProblem, match="there is no IAM policy"):
        observe(scene.clients, options())
    assert scene.stacks() == []


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("everything-bounded", "is not the ARN"),
        (f"arn:aws:iam::{NUMBER}:role/r", "is not the ARN"),
        (f"{THEIRS}\n", "is not the ARN"),
        ("arn:aws:iam::999988887777:policy/p", "another AWS account"),
        (f"arn:aws-cn:iam::{NUMBER}:policy/p", "another AWS partition"),
    ],
)
def test_boundaries_that_cannot_be(arn: str, why: str) -> None:
    with pytest.raises(UsageProblem, match=why):
        check_boundary(arn, WHO)


def test_aws_has_policies_for_all_accounts() -> None:
    check_boundary("arn:aws:iam::aws:policy/PowerUserAccess", WHO)


def test_tags() -> None:
    words = ["cost-centre=42", "formula = a=b"]
    assert parse_tags(words) == (("cost-centre", "42"), ("formula", "a=b"))
    assert len(parse_tags([f"k{i}=v" for i in range(45)])) == 45
    assert parse_tags([]) == ()


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["=42"],
        ["aws:owner=me"],
        ["Pennsieve:node=x"],
        ["k=a;b"],
        ["k=" + "x" * 257],
        ["x" * 129 + "=v"],
        ["Owner=a", "owner=b"],
        ["empty="],
        [f"k{i}=v" for i in range(46)],
    ],
)
def test_tags_that_aws_would_refuse(words: list[str]) -> None:
    with pytest.raises(UsageProblem):
        parse_tags(words)
