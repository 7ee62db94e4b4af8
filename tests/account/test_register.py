"""Registering a node: what is planned, what is made, and how it goes on after any kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.account.register.account_plan import NO_RIGHTS, AccountPlan
from pennsieve_agent.account.register.execute import apply
from pennsieve_agent.account.register.steps import DeployStack, RegisterAccount
from pennsieve_agent.account.world.clients import StepState
from pennsieve_agent.account.world.pennsieve_protocol import NodeRegistry
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.cloudformation import find_stack
from pennsieve_agent.aws.s3 import empty_bucket
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import (
    AwsError,
    Conflict,
    Forbidden,
    PlatformError,
    Unreachable,
    UsageProblem,
)
from pennsieve_agent.platform.compute.nodes import Compute
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.account.mortal import Killed, Killer, MortalAws
from tests.account.registry import PLATFORM_ACCOUNT, WORKSPACE, FakeRegistry
from tests.account.scene import OPTIONS, Scene
from tests.aws.emulator import IGNORED, NUMBER, reset, settings

pytestmark = pytest.mark.filterwarnings(IGNORED)

IN_AWS = ["deploy_stack", "upload_code", "copy_transfer_image", "turn_on", "check_node"]
TOLD = ["register_account", "enable_workspace", "allow_image_pulls"]
KINDS = [*IN_AWS, *TOLD, "remember_node"]


def kinds(plan: AccountPlan, *, done: bool) -> list[str]:
    return [s.kind for s in plan.steps if isinstance(s, AlreadyDone) is done]


def existing_account(scene: Scene, role: str = "Pennsieve-Compute-prod-aaaaaaaa") -> None:
    scene.registry.records["a"] = Account("a", NUMBER, role, "outside", "N:user:1")


def test_the_platforms_client_is_a_registry() -> None:
    def accepted(client: Compute) -> NodeRegistry:
        return client

    assert accepted.__annotations__["return"] == "NodeRegistry"  # what counts is the type check


def test_a_first_registration(scene: Scene) -> None:
    plan = scene.plan()
    assert kinds(plan, done=False) == KINDS

    node = apply(plan, scene.clients)

    names = plan.names
    assert scene.clients.nodes.list() == [node]
    assert (node.token, node.organization_id, node.account) == (names.token, WORKSPACE, NUMBER)
    here = f"arn:aws:lambda:us-east-1:{NUMBER}:function:pennsieve-node-{node.token}"
    assert (node.gateway, node.admin) == (f"{here}-gateway", f"{here}-admin")
    (account,) = scene.registry.records.values()
    assert account.role_name == f"PennsieveOwnNode-{node.token}"
    assert (account.aws_account_id, account.external_id) == (NUMBER, "")
    assert scene.registry.enabled == {(account.uuid, WORKSPACE)}
    assert scene.registry.pulls == {NUMBER}
    assert scene.registry.rows == {}, "the node itself is nothing that Pennsieve knows"


def test_no_role_of_it_lets_pennsieve_in(scene: Scene) -> None:
    scene.register()
    assert scene.roles() == []
    for role in scene.aws.call("iam", "list_roles")["Roles"]:
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        assert PLATFORM_ACCOUNT not in trust, role["RoleName"]
        assert '"AWS"' not in trust, role["RoleName"]


def test_the_plan_explains_itself(scene: Scene) -> None:
    plan = scene.plan()
    document = plan.to_json()
    text = json.dumps(document)

    assert f"AWS account {NUMBER}" in text
    assert document["words"][0] == NO_RIGHTS
    assert document["rights_of_pennsieve"] == []
    assert document["provisioner"] == "own"
    assert document["steps"][0]["action"] == "create"
    assert all(step.sentence for step in plan.steps)
    register = next(step for step in plan.steps if step.kind == "register_account")
    assert isinstance(register, RegisterAccount)
    assert f"There is no role PennsieveOwnNode-{plan.names.token}" in register.lines[0]


def test_images_are_pulled_from_where_pennsieve_is(scene: Scene) -> None:
    def pulled(plan: AccountPlan) -> str:
        role = next(r for r in plan.roles if r.name == plan.names.execution_role)
        return json.dumps(role.permissions)

    assert f":ecr:*:{PLATFORM_ACCOUNT}:repository/*" in pulled(scene.plan())
    scene.registry.refuse["role_policy"] = Forbidden("no")
    assert ":ecr:*:*:repository/*" in pulled(scene.plan())
    assert ":ecr:*:*:repository/*" in pulled(scene.plan(replace(OPTIONS, asks_pennsieve=False)))


def test_a_plan_that_is_only_printed_asks_pennsieve_nothing(scene: Scene) -> None:
    for method in ("accounts", "nodes", "role_policy"):
        scene.registry.refuse[method] = PlatformError(f"{method} was asked")
    options = replace(OPTIONS, asks_pennsieve=False, organization_id="")
    assert kinds(scene.plan(options), done=False) == KINDS


def test_a_dry_run_leaves_nothing_behind(scene: Scene) -> None:
    scene.plan()

    assert scene.stacks() == []
    assert not scene.clients.journal.path.parent.exists()
    assert not scene.registry.records
    assert scene.clients.nodes.list() == []


def test_a_dry_run_on_a_finished_node_leaves_it_alone(scene: Scene) -> None:
    first = scene.register()
    plan = scene.plan()
    assert plan.nothing_to_do
    assert kinds(plan, done=True) == KINDS

    assert apply(plan, scene.clients) == first
    assert len(scene.stacks()) == len(scene.clients.nodes.list()) == 1
    assert {p.state for p in scene.told[-len(KINDS) :]} == {StepState.ALREADY_DONE}


def test_a_changed_stack_is_planned_and_updated(scene: Scene) -> None:
    scene.register()
    # As if Pennsieve had moved to another AWS account: images are pulled from there.
    moved = json.dumps(scene.registry.trust).replace(PLATFORM_ACCOUNT, "111122223333")
    scene.registry.trust = json.loads(moved)

    plan = scene.plan()
    assert kinds(plan, done=False) == ["turn_on", "check_node", "put_shares"]
    assert scene.stacks() == [plan.names.stack]
    changes = plan.to_json()["steps"][3]["changes"]
    assert ("Modify", "ExecutionRole") in {(c["action"], c["logical_id"]) for c in changes}
    assert {c["action"] for c in changes} == {"Modify"}

    apply(plan, scene.clients)
    stack = find_stack(scene.aws, plan.names.stack)
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"


def test_a_plan_that_is_not_true_any_more_is_not_carried_out(scene: Scene) -> None:
    plan = scene.plan()
    first, *others = plan.steps
    assert isinstance(first, DeployStack)
    less = replace(first, changes=first.changes[1:])

    with pytest.raises(AwsError, match="other changes than the plan showed"):
        apply(replace(plan, steps=(less, *others)), scene.clients)
    assert scene.stacks() == []


def test_killed_again_and_again_it_finishes_and_makes_nothing_twice(
    scene: Scene, tmp_path: Path, emulator: str
) -> None:
    """Each process lives for one more effect than the one before, in the same clients."""
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
        nodes = OwnNodes(tmp_path / str(count) / "own-nodes.json").of("default")
        clients = replace(scene.clients, registry=registry, journal=journal, nodes=nodes)
        fresh = Scene(clients, registry)
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
    *("put_object", "create_change_set", "delete_object", "execute_change_set"),
    *("register_account", "enable_workspace", "allow_image_pulls"),
]


def dies(scene: Scene, count: int, found: AwsSettings) -> bool:
    """Whether a process that lives for so many effects is killed before it has finished."""
    killer = Killer(count)
    scene.registry.after = killer
    with MortalAws(found, killer) as aws:
        mortal = Scene(replace(scene.clients, aws=aws), scene.registry)
        try:
            mortal.register()
        except Killed:
            return True
        return False


def check_one_of_each(scene: Scene) -> None:
    (account,) = scene.registry.records.values()
    (node,) = scene.clients.nodes.list()
    entry = scene.clients.journal.read()
    assert entry is not None
    assert scene.stacks() == [f"pennsieve-node-{entry.token}"]
    assert account.role_name == f"PennsieveOwnNode-{entry.token}"
    assert node.token == entry.token
    assert scene.roles() == []
    assert not scene.registry.rows


@pytest.mark.parametrize("error", [Forbidden("not allowed"), Unreachable("no answer")])
@pytest.mark.parametrize(
    ("method", "missing", "then"),
    [
        ("allow_image_pulls", "images that Pennsieve builds cannot be pulled", TOLD[2:]),
        ("enable_workspace", "does not show the AWS account in this workspace", TOLD[1:2]),
        ("register_account", "images that Pennsieve builds cannot be pulled", TOLD),
    ],
)
def test_what_pennsieve_refuses_does_not_stop_the_rest(
    scene: Scene, method: str, missing: str, then: list[str], error: PlatformError
) -> None:
    scene.registry.refuse[method] = error

    node = scene.register()

    assert scene.clients.nodes.list() == [node]
    problem = next(p for p in scene.told if p.state is StepState.PROBLEM)
    assert error.message in problem.sentence
    assert missing in problem.sentence
    assert "pennsieve compute register --name 'lab'" in problem.hint

    del scene.registry.refuse[method]
    assert kinds(scene.plan(), done=False) == then
    scene.register()
    check_one_of_each(scene)
    assert scene.registry.pulls == {NUMBER}


def test_a_taken_name_is_refused(scene: Scene) -> None:
    scene.registry.rows["n"] = ComputeNode(
        *("n", "LAB", NodeStatus.ENABLED, "a", NUMBER, "N:user:1"), organization_id=WORKSPACE
    )
    with pytest.raises(UsageProblem, match="already a compute node called 'LAB'"):
        scene.plan()


@pytest.mark.parametrize("role", ["Pennsieve-Compute-prod-aaaaaaaa", "ROLE-941165240011"])
def test_an_account_that_is_registered_is_used_as_it_is(scene: Scene, role: str) -> None:
    existing_account(scene, role)

    plan = scene.plan()
    assert kinds(plan, done=True) == ["register_account"]
    apply(plan, scene.clients)

    assert [a.role_name for a in scene.registry.records.values()] == [role]
    assert scene.registry.enabled == {("a", WORKSPACE)}
    assert scene.plan().nothing_to_do


def test_an_account_that_is_registered_and_not_shown_is_used_as_it_is(scene: Scene) -> None:
    """As 422 says so: the list is read from an index that is late."""
    plan = scene.plan()
    existing_account(scene)
    scene.registry.hidden = 2
    apply(plan, scene.clients)
    assert list(scene.registry.records) == ["a"]
    assert any("was registered already; its registration is used" in p.sentence for p in scene.told)


def test_an_account_that_is_taken_and_never_shown(scene: Scene) -> None:
    scene.registry.refuse["register_account"] = Conflict("registered already", status=422)
    scene.register()
    problems = [p.step for p in scene.told if p.state is StepState.PROBLEM]
    assert problems == ["register_account", "enable_workspace"]
    assert scene.registry.pulls == {NUMBER}


def test_a_second_node_shares_the_record_and_nothing_else(scene: Scene) -> None:
    first = scene.register()
    second = scene.named("second")

    plan = second.plan()
    assert kinds(plan, done=True) == ["register_account"]
    node = apply(plan, second.clients)

    assert node.token != first.token
    assert len(scene.registry.records) == 1
    assert len(scene.stacks()) == len(scene.clients.nodes.list()) == 2


def test_a_lost_journal_is_made_up_from_what_is_remembered(scene: Scene) -> None:
    before = scene.register()
    scene.clients.journal.forget()

    assert scene.register() == before
    check_one_of_each(scene)


def test_a_node_that_this_machine_does_not_know_is_not_taken_over(scene: Scene) -> None:
    node = scene.register()
    scene.clients.journal.forget()
    scene.clients.nodes.remove(node.token)

    with pytest.raises(UsageProblem, match="which this machine does not know") as raised:
        scene.plan()
    assert "pennsieve compute list --aws" in str(raised.value.hint)
    elsewhere = replace(OPTIONS, organization_id="N:organization:2")
    assert scene.plan(elsewhere).names.token != node.token


def test_a_name_that_means_a_node_elsewhere(scene: Scene) -> None:
    node = scene.register()
    scene.clients.journal.forget()
    for other, words in (
        (replace(node, account="222233334444"), "is yours, in AWS account 222233334444"),
        (replace(node, admin=""), "was shared with you"),
    ):
        scene.clients.nodes.put(other)
        with pytest.raises(UsageProblem, match=words):
            scene.plan()


def test_a_node_is_for_one_workspace(scene: Scene) -> None:
    scene.register()
    scene.clients.journal.forget()
    with pytest.raises(UsageProblem, match="is for another Pennsieve workspace"):
        scene.plan(replace(OPTIONS, organization_id="N:organization:2"))


def test_a_stack_deleted_by_hand_is_made_again(scene: Scene) -> None:
    scene.register()
    (name,) = scene.stacks()
    empty_bucket(scene.aws, scene.plan().names.bucket)
    scene.aws.call("cloudformation", "delete_stack", StackName=name)

    plan = scene.plan()
    assert kinds(plan, done=False) == IN_AWS
    apply(plan, scene.clients)

    check_one_of_each(scene)
