"""Removing a node: the order, what stays, and the proof that the rest is gone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.remove.execute_removal import apply_removal
from pennsieve_agent.account.remove.observe_removal import RemovalOptions, observe_removal
from pennsieve_agent.account.remove.plan_removal import KEPT_BY_AWS, plan_removal
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.spec.options import TypedSettings
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.remains import job_definitions_called, tagged
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Conflict,
    Forbidden,
    StillRunning,
    Unreachable,
    UsageProblem,
)
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.account import served
from tests.account.mortal import Killed, Killer, MortalAws
from tests.account.registry import WORKSPACE, FakeRegistry
from tests.account.scene import OPTIONS, Scene, worked
from tests.aws.emulator import IGNORED, NUMBER, reset, settings

pytestmark = pytest.mark.filterwarnings(IGNORED)


def check_nothing_left(scene: Scene) -> None:
    check_nothing_left_in_aws(scene)
    assert not scene.registry.records
    assert not scene.registry.enabled


def check_nothing_left_in_aws(scene: Scene) -> None:
    assert scene.stacks() == []
    assert scene.roles() == []
    assert scene.aws.call("s3", "list_buckets")["Buckets"] == []
    assert scene.aws.call("iam", "list_policies", Scope="Local")["Policies"] == []
    assert scene.aws.call("secretsmanager", "list_secrets")["SecretList"] == []
    assert scene.aws.call("ssm", "describe_parameters")["Parameters"] == []
    assert scene.aws.call("ecr", "describe_repositories")["repositories"] == []
    assert not job_definitions_called(scene.aws, "pennsieve-node-")
    assert scene.clients.nodes.list() == []
    assert scene.clients.journal.read() is None


def test_everything_goes_in_the_order_that_strands_nothing(scene: Scene) -> None:
    scene.register()
    worked(scene)

    plan = plan_removal(observe_removal(scene.clients, RemovalOptions("lab", WORKSPACE)))
    assert [step.kind for step in plan.steps] == [
        *("disable_workspace", "delete_account", "delete_stack", "forget_node")
    ]
    assert "(3 object versions)" in plan.steps[2].sentence
    assert "up to 45 minutes" in plan.steps[2].lines[-1]
    assert plan.to_json()["kept"][0].startswith("your datasets and results on Pennsieve")
    assert "the Pennsieve users of workflows" in plan.to_json()["kept"][1]

    report = apply_removal(plan, scene.clients)

    assert report.leftovers == ()
    assert len(report.removed) == 2
    check_nothing_left(scene)


@pytest.mark.usefixtures("unexported")
def test_files_that_are_not_in_the_bucket_yet_keep_nothing(scene: Scene) -> None:
    scene.register()
    worked(scene)

    report = scene.remove()

    assert report.leftovers == ()
    check_nothing_left(scene)
    told = [row.sentence for row in scene.told if row.step == "delete_stack"]
    assert any("RunFiles: delete failed" in sentence for sentence in told)
    assert any("trying again without what is in the way" in sentence for sentence in told)
    assert "file systems deleted, with files that were not in the bucket yet: 1" in told


@pytest.mark.usefixtures("unexported")
def test_what_aws_goes_on_refusing_is_said(scene: Scene) -> None:
    """A mount target that somebody else made keeps the file system, forced or not."""
    scene.register()
    (files,) = scene.aws.call("s3files", "list_file_systems")["fileSystems"]
    system = {"fileSystemId": files["fileSystemId"]}
    mounted = scene.aws.call("s3files", "list_mount_targets", **system)["mountTargets"]
    subnets = scene.aws.call("ec2", "describe_subnets")["Subnets"]
    zones = {row["AvailabilityZone"] for row in subnets}
    zones -= {row["availabilityZoneId"] for row in mounted}
    subnet = scene.aws.call("ec2", "create_subnet", VpcId=mounted[0]["vpcId"],
                            CidrBlock="10.204.12.0/24", AvailabilityZone=max(zones))  # fmt: skip
    scene.aws.call("s3files", "create_mount_target", subnetId=subnet["Subnet"]["SubnetId"],
                   **system)  # fmt: skip

    with pytest.raises(AwsError, match=r"could not be deleted: .*still has fsmt-") as raised:
        scene.remove()

    assert raised.value.aws_code == "DELETE_FAILED"
    assert any(name.startswith("pennsieve-node-") for name in scene.stacks())


def test_registered_removed_and_registered_again(scene: Scene) -> None:
    first = scene.register()
    scene.remove()

    assert scene.register().token != first.token


def test_nothing_of_that_name(scene: Scene) -> None:
    with pytest.raises(UsageProblem, match="no compute node is called 'lab'"):
        scene.remove()


def test_without_a_journal_the_stack_is_found_by_its_tag(scene: Scene) -> None:
    node = scene.register()
    scene.clients.journal.forget()
    scene.clients.nodes.remove(node.token)

    assert scene.remove().leftovers == ()
    check_nothing_left(scene)


def test_two_nodes_of_one_name_are_told_apart_by_their_ids(scene: Scene, tmp_path: Path) -> None:
    mine = scene.register()
    journal = Journal(tmp_path / "theirs", "default", "lab")
    nodes = OwnNodes(tmp_path / "theirs" / "own-nodes.json").of("default")
    theirs = Scene(replace(scene.clients, journal=journal, nodes=nodes), FakeRegistry())
    second = theirs.named("other").register()
    tags = [{"Key": "pennsieve:node", "Value": "lab"}, {"Key": "pennsieve:token", "Value": ""}]
    tags[1]["Value"] = second.token
    name = f"pennsieve-node-{second.token}"
    scene.aws.call("cloudformation", "update_stack", StackName=name, Tags=tags,
                   UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"])  # fmt: skip
    nobody = Journal(tmp_path / "nobody", "default", "lab")
    lost = Scene(replace(theirs.clients, journal=nobody), theirs.registry)
    with pytest.raises(UsageProblem, match="there are 2 compute nodes called 'lab'") as raised:
        lost.remove()
    assert mine.token in raised.value.message
    options = RemovalOptions("lab", WORKSPACE, token=second.token)
    plan = plan_removal(observe_removal(lost.clients, options))
    assert second.token in plan.steps[-2].target


def test_a_registration_that_never_came_far_is_removed(scene: Scene) -> None:
    plan = scene.plan()
    few = replace(plan, steps=plan.steps[:2])
    scene.register(few)

    assert scene.remove().leftovers == ()
    check_nothing_left(scene)


def test_the_record_stays_while_another_own_node_may_need_it(scene: Scene) -> None:
    scene.register()
    second = scene.named("second")
    second.register()

    report = scene.remove()
    assert any("which 'second' may use" in kept for kept in report.kept)
    assert report.leftovers == ()
    assert len(scene.stacks()) == len(scene.registry.records) == 1

    report = second.remove()
    assert any("which this node did not create" in kept for kept in report.kept)
    check_nothing_left_in_aws(second)
    assert len(scene.registry.records) == 1


@pytest.mark.parametrize("role", ["Pennsieve-Compute-prod-aaaaaaaa", "PennsieveOwnNode-ffffffff"])
def test_a_record_that_it_did_not_make_is_never_deleted(scene: Scene, role: str) -> None:
    scene.registry.records["a"] = Account("a", NUMBER, role, "", "N:user:1")
    scene.register()

    report = scene.remove()

    assert report.leftovers == ()
    assert any("which this node did not create" in kept for kept in report.kept)
    assert list(scene.registry.records) == ["a"]
    check_nothing_left_in_aws(scene)


@pytest.mark.parametrize("method", ["disable_workspace", "delete_account"])
@pytest.mark.parametrize("error", [Conflict("nodes exist"), Forbidden("not yours")])
def test_what_pennsieve_keeps_does_not_keep_the_node(
    scene: Scene, method: str, error: Conflict | Forbidden
) -> None:
    scene.register()
    scene.registry.refuse[method] = error

    report = scene.remove()

    assert any(error.message in kept for kept in report.kept)
    check_nothing_left_in_aws(scene)


def test_pennsieve_that_does_not_answer_is_asked_again(scene: Scene) -> None:
    scene.register()
    scene.registry.refuse["delete_account"] = Unreachable("no answer")
    with pytest.raises(Unreachable):
        scene.remove()
    assert len(scene.stacks()) == 1
    scene.registry.refuse.clear()
    scene.remove()
    check_nothing_left(scene)


def test_active_runs_stop_it_before_anything_goes(lab: Scene) -> None:
    served.register(lab)
    lab.registry.refuse["delete_node"] = Conflict("compute node has 1 active execution")

    with pytest.raises(Conflict, match="1 active"):
        lab.remove()
    assert len(served.roles(lab)) == 1


def test_a_node_in_another_workspace_keeps_account_and_role(lab: Scene) -> None:
    node = served.register(lab)
    lab.registry.rows["other"] = replace(node, uuid="other", organization_id="N:organization:2")

    report = lab.remove()

    assert any("active compute nodes" in kept for kept in report.kept)
    assert any("other nodes use it" in kept for kept in report.kept)
    assert len(served.roles(lab)) == len(lab.registry.records) == 1
    assert lab.clients.journal.read() is not None

    del lab.registry.rows["other"]
    lab.remove()
    assert served.roles(lab) == []


def test_a_node_in_another_aws_account_is_refused(scene: Scene) -> None:
    scene.registry.rows["n"] = ComputeNode(
        *("n", "lab", NodeStatus.ENABLED, "a", "222233334444", "N:user:1"),
        organization_id=WORKSPACE,
    )

    with pytest.raises(UsageProblem, match="is in AWS account 222233334444"):
        scene.remove()


def test_a_deletion_that_fails_or_takes_too_long_is_said(lab: Scene) -> None:
    served.register(lab)
    lab.registry.polls = 10_000
    with pytest.raises(StillRunning):
        lab.remove()

    (uuid,) = lab.registry.rows
    lab.registry.after = lambda _: lab.registry.rows.update(
        {uuid: replace(lab.registry.rows[uuid], status=NodeStatus.FAILED)}
    )
    with pytest.raises(AgentError, match="could not delete"):
        lab.remove()


def test_what_is_still_there_is_reported(scene: Scene) -> None:
    scene.register()
    worked(scene)
    plan = plan_removal(observe_removal(scene.clients, RemovalOptions("lab", WORKSPACE)))
    names = scene.plan().names
    without_stack = replace(plan, steps=plan.steps[:2])

    report = apply_removal(without_stack, scene.clients)

    left = {remain.what: remain.cost for remain in report.leftovers}
    assert {
        *(f"stack {names.stack}", f"role {names.admin}", f"role {names.mover_role}"),
        *(f"policy {names.boundary}", f"bucket {names.bucket}", f"table {names.table}"),
        *(f"log group {names.log_group}", f"repository {names.workflow_images}"),
        f"parameter {names.parameter_prefix}workflows/w/read",
    } <= set(left)
    (files,) = (cost for what, cost in left.items() if ":file-system/" in what)
    assert left[f"bucket {names.bucket}"] == files == "costs depend on what is in it"
    assert scene.clients.journal.read() is not None


def test_what_aws_goes_on_showing_is_no_leftover(scene: Scene) -> None:
    """The NAT gateway is shown as deleted, and the key waits for a week; both have the tag."""
    scene.register(scene.plan(replace(OPTIONS, typed=TypedSettings(mode=Mode.SECURE))))
    names = scene.plan().names
    (gateway,) = scene.aws.call("ec2", "describe_nat_gateways")["NatGateways"]

    report = scene.remove()

    assert report.leftovers == ()
    shown = tagged(scene.aws, "pennsieve:token", names.token)
    assert {arn.rpartition(":")[2].partition("/")[0] for arn in shown} == {"key", "natgateway"}
    assert any(gateway["NatGatewayId"] in arn for arn in shown)
    (key,) = (kept for kept in report.kept if "the node's key" in kept)
    assert re.search(
        r"key/[0-9a-f-]+, which AWS deletes on 20\d\d-\d\d-\d\d; it costs nothing", key
    )
    assert KEPT_BY_AWS in report.kept
    assert scene.clients.journal.read() is None


def test_a_nat_gateway_that_is_still_there_is_a_leftover(scene: Scene) -> None:
    scene.register()
    subnet = scene.aws.call("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    tag = {"Key": "pennsieve:token", "Value": scene.plan().names.token}
    tags = [{"ResourceType": "natgateway", "Tags": [tag]}]
    made = scene.aws.call("ec2", "create_nat_gateway", SubnetId=subnet, ConnectivityType="private",
                          TagSpecifications=tags)  # fmt: skip
    report = scene.remove()
    (left,) = report.leftovers
    assert left.what.endswith(f"natgateway/{made['NatGateway']['NatGatewayId']}")
    assert left.cost == "costs about 33 USD a month"


def test_killed_once_after_each_effect_it_still_ends_with_nothing(
    scene: Scene, tmp_path: Path, emulator: str
) -> None:
    for count in range(20):
        reset(emulator)
        registry = FakeRegistry()
        journal = Journal(tmp_path / str(count), "default", "lab")
        # Turned off: what it has more when it is on goes with the stack, in the same step.
        nodes = OwnNodes(tmp_path / str(count) / "own-nodes.json").of("default")
        clients = replace(
            scene.clients, registry=registry, journal=journal, nodes=nodes, bundle=None
        )
        fresh = Scene(clients, registry)
        fresh.register()
        worked(fresh)
        killer: Any = Killer(count)
        registry.after = killer
        with MortalAws(settings(tmp_path, emulator), killer) as aws:
            mortal = Scene(replace(fresh.clients, aws=aws), registry)
            try:
                mortal.remove()
            except Killed:
                registry.after = lambda _: None
                assert fresh.remove().leftovers == ()
                check_nothing_left(fresh)
            else:
                assert count == 9
                check_nothing_left(fresh)
                return
    pytest.fail("it never came to an end")
