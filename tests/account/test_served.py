"""Nodes that Pennsieve itself runs: nothing unseen, nothing twice, nothing left behind.

The second half takes what the old agent mishandles row by row (``contracts/resources.md`` 2.5).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from pennsieve_agent.account.doctor.served_role_check import openings
from pennsieve_agent.account.served.execute_served import apply_served
from pennsieve_agent.account.served.role import policy_name
from pennsieve_agent.account.served.update_role import apply_change, plan_change
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.iam_policies import Ask, lets_in
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Conflict,
    Forbidden,
    PlatformError,
    UsageProblem,
)
from tests.account.mortal import Killed, Killer
from tests.account.registry import PLATFORM_ACCOUNT
from tests.account.scene import Scene
from tests.account.served import ENTRANT, Mortal, plan, policy, register, roles
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)


def test_a_registration_makes_one_hardened_role_and_a_node(lab: Scene) -> None:
    node = register(lab)
    assert node.status is NodeStatus.ENABLED
    (name,) = roles(lab)
    role = find_role(lab.aws, name)
    assert role is not None
    assert role.session_seconds == 3600
    (account,) = lab.registry.records.values()
    assert account.role_name == name
    assert account.external_id, "it is recorded, though nothing demands it"
    assert lab.clients.nodes.list() == [], "it is no own node"
    assert openings({"": policy(lab)}) == ("read and change every bucket",)
    context = {"aws:PrincipalArn": ENTRANT}
    assert lets_in(role.trust, Ask("sts:AssumeRole", context=context), ENTRANT)
    other = ENTRANT.replace("service-roles/", "")
    strange = Ask("sts:AssumeRole", context={"aws:PrincipalArn": other})
    assert not lets_in(role.trust, strange, other)


def test_again_it_finds_everything_done(lab: Scene) -> None:
    node = register(lab)
    again = plan(lab)
    assert again.nothing_to_do
    assert apply_served(again, lab.clients).uuid == node.uuid
    assert len(lab.registry.rows) == len(lab.registry.records) == len(roles(lab)) == 1


def test_as_served_is_as_served(lab: Scene) -> None:
    register(lab, as_served=True)
    assert policy(lab) == lab.registry.served
    assert len(openings({"": policy(lab)})) == 6


def test_the_plan_shows_the_documents_and_leaves_nothing(lab: Scene) -> None:
    found = plan(lab).to_json()
    assert (found["provisioner"], found["hardened"]) == ("platform", True)
    assert {"ec2", "s3", "kms", "route53"} <= set(found["wildcards"])
    assert [step["step"] for step in found["steps"]] == [
        "make_role",
        "register_account",
        "enable_workspace",
        "allow_image_pulls",
        "register_node",
        "await_node",
    ]
    external_id = plan(lab).external_id
    assert external_id not in json.dumps(found)
    assert not roles(lab)
    assert not lab.registry.records
    assert lab.clients.journal.read() is None


def test_boundary_and_tags_of_the_organisation_are_on_the_role(lab: Scene) -> None:
    body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*",
                                                    "Resource": "*"}]}  # fmt: skip
    made = lab.aws.call("iam", "create_policy", PolicyName="org", PolicyDocument=json.dumps(body))
    register(lab, boundary=made["Policy"]["Arn"], tags={"team": "lab"})
    role = find_role(lab.aws, roles(lab)[0])
    assert role is not None
    assert role.boundary == made["Policy"]["Arn"]
    assert role.tags["team"] == "lab"


@pytest.mark.parametrize("effects", range(9))
def test_killed_after_any_effect_it_finishes_with_the_same_role(lab: Scene, effects: int) -> None:
    killer = Killer(effects)
    assert isinstance(lab.aws, Mortal)
    lab.aws.killer = lab.registry.after = killer
    try:
        register(lab)
    except Killed:
        lab.aws.killer, lab.registry.after = None, lambda _: None
        assert register(lab).status is NodeStatus.ENABLED
    assert len(lab.registry.rows) == len(lab.registry.records) == len(roles(lab)) == 1
    assert policy(lab)["Statement"][-1]["Sid"].startswith("Local")


def test_a_removal_takes_role_registration_and_node_and_proves_it(lab: Scene) -> None:
    register(lab)
    (name,) = roles(lab)
    row = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    extra = {"Version": "2012-10-17", "Statement": [row]}
    lab.aws.call("iam", "put_role_policy", RoleName=name, PolicyName="more",
                 PolicyDocument=json.dumps(extra))  # fmt: skip
    arn = lab.aws.call("iam", "create_policy", PolicyName="p", PolicyDocument=json.dumps(extra))
    lab.aws.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn["Policy"]["Arn"])
    report = lab.remove()
    assert report.leftovers == ()
    assert not roles(lab)
    assert not lab.registry.records
    assert not lab.registry.rows
    assert any("pennsieve-boundary-*" in kept for kept in report.kept)
    assert lab.clients.journal.read() is None


def test_a_second_node_shares_the_role_and_keeps_it_when_the_first_goes(lab: Scene) -> None:
    register(lab)
    second = lab.named("second")
    register(second)
    assert len(roles(lab)) == 1
    lab.remove()
    assert len(roles(lab)) == 1
    second.remove()
    assert not roles(lab)


# What the old agent mishandles, row by row (contracts/resources.md 2.5) ---------------------------


def test_an_account_that_is_registered_keeps_its_role(lab: Scene) -> None:
    register(lab)
    register(lab.named("another"))
    assert len(roles(lab)) == len(lab.registry.records) == 1


@pytest.mark.parametrize(
    "error",
    [
        Conflict("unprocessable", status=422),
        Forbidden("session expired", status=403),
        PlatformError("connection lost"),
    ],
)
def test_a_refused_registration_goes_on_with_the_same_role(lab: Scene, error: Any) -> None:
    lab.registry.refuse["register_account"] = error
    with pytest.raises(type(error)):
        register(lab)
    before = roles(lab)
    lab.registry.refuse.clear()
    register(lab)
    assert roles(lab) == before
    assert len(before) == 1


def test_a_refused_policy_is_written_next_time(lab: Scene) -> None:
    assert isinstance(lab.aws, Mortal)
    lab.aws.refused = "put_role_policy"
    with pytest.raises(AwsError):
        register(lab)
    lab.aws.refused = ""
    assert not lab.registry.records, "a role without rights was registered"
    register(lab)
    assert policy(lab)


def test_images_that_cannot_be_pulled_are_told_and_tried_again(lab: Scene) -> None:
    lab.registry.refuse["allow_image_pulls"] = PlatformError("ECR is in trouble", status=500)
    register(lab)
    assert any("cannot be pulled" in each.sentence for each in lab.told)
    lab.registry.refuse.clear()
    register(lab)
    assert lab.registry.pulls == {NUMBER}


def test_a_node_that_failed_is_told_with_the_way_back(lab: Scene) -> None:
    lab.registry.ends_as = NodeStatus.FAILED
    with pytest.raises(AgentError, match="does not say why") as caught:
        register(lab)
    assert "--as-served" in str(caught.value.hint)


@pytest.mark.parametrize(
    "trust",
    [
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": ["111111111111", "222222222222"]},
         "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
         "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": PLATFORM_ACCOUNT}, "Action": "sts:*"},
    ],
)  # fmt: skip
def test_a_role_that_others_may_enter_is_never_made(lab: Scene, trust: dict[str, Any]) -> None:
    lab.registry.trust = {"Version": "2012-10-17", "Statement": [trust]}
    with pytest.raises(PlatformError, match="principals outside one AWS account"):
        register(lab)
    assert not roles(lab)


def test_a_role_deleted_in_aws_is_made_again_by_its_name(lab: Scene) -> None:
    register(lab)
    before = roles(lab)
    lab.clients.journal.forget()
    (name,) = before
    lab.aws.call("iam", "delete_role_policy", RoleName=name, PolicyName=policy_name(name))
    lab.aws.call("iam", "delete_role", RoleName=name)
    change = plan_change(lab.clients, harden=False)
    apply_change(change, lab.clients)
    assert roles(lab) == before
    assert openings({"": policy(lab)}) == ("read and change every bucket",)


def test_a_node_of_ones_own_is_not_taken_for_one_of_pennsieves(lab: Scene) -> None:
    register(lab)
    (name,) = roles(lab)
    closed = json.dumps(policy_with_external_id(lab, name))
    lab.aws.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=closed)
    with pytest.raises(UsageProblem, match="can assume only with an external id"):
        register(lab.named("another"))


def policy_with_external_id(scene: Scene, name: str) -> dict[str, Any]:
    role = find_role(scene.aws, name)
    assert role is not None
    trust = json.loads(json.dumps(role.trust))
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "x"}}
    return dict(trust)
