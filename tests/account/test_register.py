"""Registering a node: what is planned, what is made, and how it goes on after any kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.account.execute import apply
from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.registration import AccountPlan
from pennsieve_agent.account.registry import NodeRegistry
from pennsieve_agent.account.steps import AlreadyDone, DeployStack
from pennsieve_agent.account.worlds import StepState
from pennsieve_agent.aws.cloudformation import find_stack
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.aws.s3 import empty_bucket
from pennsieve_agent.domain.compute import Account, Capabilities, NodeStatus
from pennsieve_agent.domain.identity import AwsSettings
from pennsieve_agent.errors import (
    AwsError,
    Forbidden,
    PlatformError,
    UsageProblem,
)
from pennsieve_agent.platform.compute import Compute
from tests.account.mortal import Killed, Killer, MortalAws
from tests.account.registry import PLATFORM_ACCOUNT, FakeRegistry
from tests.account.scene import OPTIONS, Scene
from tests.aws.emulator import IGNORED, NUMBER, reset, settings

pytestmark = pytest.mark.filterwarnings(IGNORED)

KINDS = [
    *("deploy_stack", "upload_code", "turn_on", "check_gateway"),
    *("register_account", "allow_image_pulls", "enable_workspace", "register_node", "await_node"),
]


def kinds(plan: AccountPlan, *, done: bool) -> list[str]:
    return [s.kind for s in plan.steps if isinstance(s, AlreadyDone) is done]


def existing_account(scene: Scene, role: str, external_id: str = "outside") -> None:
    scene.registry.records["a"] = Account("a", NUMBER, role, external_id, "N:user:1")


def test_the_platforms_client_is_a_registry() -> None:
    def accepted(client: Compute) -> NodeRegistry:
        return client

    assert accepted.__annotations__["return"] == "NodeRegistry"  # what counts is the type check


def test_a_first_registration(scene: Scene) -> None:
    plan = scene.plan()
    assert kinds(plan, done=False) == KINDS

    node = apply(plan, scene.worlds)

    assert node.status is NodeStatus.ENABLED
    (account,) = scene.registry.records.values()
    assert (account.role_name, account.aws_account_id) == (plan.names.role, NUMBER)
    assert scene.registry.stacks[node.uuid] == {
        "stackName": plan.names.stack,
        "region": "us-east-1",
        "gateway": plan.names.gateway,
    }
    role = scene.aws.call("iam", "get_role", RoleName=account.role_name)["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{PLATFORM_ACCOUNT}:root"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": account.external_id}}
    found = find_role(scene.aws, account.role_name)
    assert found is not None
    assert found.boundary == plan.names.boundary_arn
    assert scene.registry.pulls == {NUMBER}


def test_the_plan_explains_itself_and_keeps_the_external_id(scene: Scene) -> None:
    plan = scene.plan()
    text = json.dumps(plan.to_json())

    assert plan.external_id not in text + repr(plan)
    assert f"AWS account {NUMBER}" in text
    assert "only with this node's external id" in text
    assert plan.to_json()["steps"][0]["action"] == "create"
    assert all(step.sentence for step in plan.steps)


def test_a_dry_run_leaves_nothing_behind(scene: Scene) -> None:
    scene.plan()

    assert scene.stacks() == []
    assert scene.roles() == []
    assert not scene.worlds.journal.path.parent.exists()
    assert not scene.registry.records


def test_a_dry_run_on_a_finished_node_leaves_it_alone(scene: Scene) -> None:
    scene.register()
    options = replace(OPTIONS, name="lab")
    plan = scene.plan()
    assert plan.nothing_to_do
    assert kinds(plan, done=True) == KINDS

    node = apply(plan, scene.worlds)

    assert node.name == options.name
    assert len(scene.stacks()) == len(scene.registry.rows) == 1
    assert {p.state for p in scene.told[-9:]} == {StepState.ALREADY_DONE}


def test_a_changed_stack_is_planned_and_updated(scene: Scene) -> None:
    scene.register()
    # As if the platform had moved to another AWS account: the trust policy changes.
    scene.registry.found = Capabilities(self_managed_nodes=True, platform_account_id="111122223333")

    plan = scene.plan()
    assert kinds(plan, done=False) == ["turn_on", "check_gateway"]
    assert scene.stacks() == [plan.names.stack]
    changes = plan.to_json()["steps"][2]["changes"]
    assert ("Modify", "PlatformRole") in {(c["action"], c["logical_id"]) for c in changes}
    assert {c["action"] for c in changes} == {"Modify"}

    apply(plan, scene.worlds)
    stack = find_stack(scene.aws, plan.names.stack)
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"


def test_a_plan_that_is_not_true_any_more_is_not_carried_out(scene: Scene) -> None:
    plan = scene.plan()
    first, *others = plan.steps
    assert isinstance(first, DeployStack)
    less = replace(first, changes=first.changes[1:])

    with pytest.raises(AwsError, match="something else than the plan said"):
        apply(replace(plan, steps=(less, *others)), scene.worlds)
    assert scene.stacks() == []


def test_killed_again_and_again_it_finishes_and_makes_nothing_twice(
    scene: Scene, tmp_path: Path, emulator: str
) -> None:
    """Each process lives for one more effect than the one before, in the same worlds."""
    for count in range(20):
        if not dies(scene, count, settings(tmp_path, emulator)):
            break
        assert len(scene.stacks()) <= 1
    else:
        pytest.fail("it never came to an end")
    assert count >= 2
    check_one_of_each(scene)


def test_killed_once_after_each_effect_it_goes_on_with_the_same_names(
    scene: Scene, tmp_path: Path, emulator: str
) -> None:
    for count in range(20):
        reset(emulator)
        registry = FakeRegistry()
        journal = Journal(tmp_path / str(count), "default", "lab")
        fresh = Scene(replace(scene.worlds, registry=registry, journal=journal), registry)
        if not dies(fresh, count, settings(tmp_path, emulator)):
            assert count == len(EFFECTS)
            return
        before = journal.read()
        registry.after = lambda _: None
        fresh.register()
        check_one_of_each(fresh)
        after = journal.read()
        assert before is not None
        assert after is not None
        assert before.token == after.token
    pytest.fail("it never came to an end")


EFFECTS = [
    *("create_change_set", "execute_change_set", "put_object"),
    *("create_change_set", "execute_change_set"),
    *("register_account", "allow_image_pulls", "enable_workspace", "create_node"),
]


def dies(scene: Scene, count: int, found: AwsSettings) -> bool:
    """Whether a process that lives for so many effects is killed before it has finished."""
    killer = Killer(count)
    scene.registry.after = killer
    with MortalAws(found, killer) as aws:
        mortal = Scene(replace(scene.worlds, aws=aws), scene.registry)
        try:
            mortal.register()
        except Killed:
            return True
        return False


def check_one_of_each(scene: Scene) -> None:
    assert len(scene.registry.records) == len(scene.registry.rows) == 1
    (account,) = scene.registry.records.values()
    (node,) = scene.registry.rows.values()
    entry = scene.worlds.journal.read()
    assert entry is not None
    assert scene.stacks() == [f"pennsieve-node-{entry.token}"]
    assert scene.roles() == [account.role_name]
    assert account.external_id == entry.external_id
    assert node.status is NodeStatus.ENABLED


def test_ctrl_c_says_how_to_go_on(scene: Scene) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    scene.registry.after = interrupt
    with pytest.raises(KeyboardInterrupt):
        scene.register()

    last = scene.told[-1]
    assert last.state is StepState.INTERRUPTED
    assert "run the same command again" in last.hint


def test_image_pulls_that_fail_do_not_stop_the_rest(scene: Scene) -> None:
    scene.registry.refuse["allow_image_pulls"] = Forbidden("account is not registered")

    assert scene.register().status is NodeStatus.ENABLED
    (problem,) = [p for p in scene.told if p.state is StepState.PROBLEM]
    assert "account is not registered" in problem.sentence
    assert "pennsieve compute register --name 'lab'" in problem.hint

    del scene.registry.refuse["allow_image_pulls"]
    assert kinds(scene.plan(), done=False) == ["allow_image_pulls"]
    scene.register()
    assert scene.registry.pulls == {NUMBER}


def test_a_platform_without_self_managed_nodes_changes_nothing(scene: Scene) -> None:
    scene.registry.found = Capabilities()

    with pytest.raises(PlatformError, match="does not accept self-managed"):
        scene.plan()
    assert scene.aws._session is None


def test_a_taken_name_is_refused(scene: Scene) -> None:
    scene.register()
    scene.worlds.journal.forget()
    scene.registry.rows = {
        uuid: replace(row, name="LAB") for uuid, row in scene.registry.rows.items()
    }

    with pytest.raises(UsageProblem, match="called 'LAB' already"):
        scene.plan()


def test_an_account_without_external_id_is_refused_before_aws_changes(scene: Scene) -> None:
    existing_account(scene, "Pennsieve-Compute-prod-aaaaaaaa", external_id="")

    with pytest.raises(UsageProblem, match="without an external id"):
        scene.plan()
    assert scene.roles() == []


def test_an_account_registered_twice_is_refused(scene: Scene) -> None:
    existing_account(scene, "Pennsieve-Compute-prod-aaaaaaaa")
    scene.registry.records["b"] = replace(scene.registry.records["a"], uuid="b")

    with pytest.raises(UsageProblem, match="registered 2 times"):
        scene.plan()


def test_a_second_node_shares_the_one_role(scene: Scene) -> None:
    first = scene.register()
    second = scene.named("second")

    plan = second.plan()
    assert not plan.makes_role
    assert kinds(plan, done=True) == ["register_account"]
    node = apply(plan, second.worlds)

    assert node.uuid != first.uuid
    assert len(scene.registry.records) == 1
    assert len(scene.roles()) == 1
    assert len(scene.stacks()) == 2
    policies = scene.aws.call("iam", "list_role_policies", RoleName=plan.names.role)
    assert len(policies["PolicyNames"]) == 2


def test_a_registered_role_that_is_lost_is_made_again_by_its_name(scene: Scene) -> None:
    existing_account(scene, "Pennsieve-Compute-prod-aaaaaaaa")

    plan = scene.plan()
    assert plan.makes_role
    assert plan.names.stack == "pennsieve-node-aaaaaaaa"
    assert plan.external_id == "outside"

    apply(plan, scene.worlds)
    assert scene.roles() == ["Pennsieve-Compute-prod-aaaaaaaa"]


def test_a_lost_role_that_the_platform_could_not_assume_is_refused(scene: Scene) -> None:
    existing_account(scene, "ROLE-941165240011")

    with pytest.raises(UsageProblem, match="could not assume"):
        scene.plan()


def test_a_lost_journal_is_made_up_from_account_and_stack(scene: Scene) -> None:
    scene.registry.refuse["create_node"] = PlatformError("down")
    with pytest.raises(PlatformError):
        scene.register()
    before = scene.stacks()
    scene.worlds.journal.forget()
    scene.registry.refuse.clear()

    scene.register()

    assert scene.stacks() == before
    check_one_of_each(scene)


def test_a_node_deleted_elsewhere_is_made_again(scene: Scene) -> None:
    first = scene.register()
    scene.registry.rows.clear()

    second = scene.register()

    assert second.uuid != first.uuid
    check_one_of_each(scene)


def test_a_stack_deleted_by_hand_is_made_again(scene: Scene) -> None:
    scene.register()
    (name,) = scene.stacks()
    empty_bucket(scene.aws, scene.plan().names.bucket)
    scene.aws.call("cloudformation", "delete_stack", StackName=name)
    assert scene.roles() == []

    plan = scene.plan()
    assert kinds(plan, done=False) == KINDS[:4]
    apply(plan, scene.worlds)

    check_one_of_each(scene)
