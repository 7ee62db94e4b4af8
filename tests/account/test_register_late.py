"""What a registration finds that is late, foreign, or not to be done."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import pytest

from pennsieve_agent.account.execute import apply
from pennsieve_agent.account.names import node_names
from pennsieve_agent.account.observe import observe
from pennsieve_agent.account.plan import plan_registration
from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.waiting import pauses
from pennsieve_agent.errors import (
    AgentError,
    Conflict,
    Forbidden,
    StillRunning,
    UsageProblem,
)
from tests.account.mortal import Killed
from tests.account.registry import WORKSPACE
from tests.account.scene import OPTIONS, Scene
from tests.account.test_register import check_one_of_each, existing_account, kinds
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)


def test_records_that_lists_do_not_show_yet_are_not_made_again(scene: Scene) -> None:
    def die(method: str) -> None:
        if method in {"register_account", "create_node"}:
            raise Killed

    scene.registry.after = die
    for _ in range(2):
        with pytest.raises(Killed):
            scene.register()
        scene.registry.hidden = 3  # both lists once for the plan, and the step's own look

    scene.registry.after = lambda _: None
    scene.register()
    check_one_of_each(scene)
    scene.registry.hidden = 2
    assert scene.plan().node_uuid


def test_an_account_registered_meanwhile_is_not_taken_over(scene: Scene) -> None:
    plan = scene.plan()
    existing_account(scene, "Pennsieve-Compute-prod-aaaaaaaa")

    with pytest.raises(Conflict, match="registered meanwhile with role"):
        apply(plan, scene.worlds)
    assert list(scene.registry.records) == ["a"]


def test_a_node_that_cannot_be_seen_yet_is_waited_for(scene: Scene) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            del scene.registry.refuse["node"]

    scene.registry.refuse["node"] = Forbidden("forbidden")
    scene.worlds = replace(scene.worlds, sleep=sleep)

    assert scene.register().status is NodeStatus.ENABLED
    assert slept[:3] == list(islice(pauses(60), 3))


def test_a_paused_node_is_not_waited_for(scene: Scene) -> None:
    scene.registry.ends_as = NodeStatus.PAUSED

    with pytest.raises(AgentError, match="is Paused"):
        scene.register()


def test_a_foreign_stack_of_that_name_is_left_alone(scene: Scene) -> None:
    existing_account(scene, "Pennsieve-Compute-prod-aaaaaaaa")
    template = {"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}
    scene.aws.call(
        "cloudformation",
        "create_stack",
        StackName="pennsieve-node-aaaaaaaa",
        TemplateBody=json.dumps(template),
    )

    with pytest.raises(UsageProblem, match="did not make"):
        scene.plan()


def test_a_failed_node_says_what_to_do(scene: Scene) -> None:
    scene.registry.ends_as = NodeStatus.FAILED

    with pytest.raises(AgentError, match="it is Failed") as raised:
        scene.register()
    assert "pennsieve compute remove 'lab'" in str(raised.value.hint)


def test_waiting_for_a_node_ends(scene: Scene) -> None:
    scene.registry.polls = 10_000

    with pytest.raises(StillRunning):
        scene.register()
    assert kinds(scene.plan(), done=False) == ["await_node"]


def test_credentials_of_another_account_do_not_go_on(scene: Scene) -> None:
    scene.register()
    entry = scene.worlds.journal.read()
    assert entry is not None
    scene.worlds.journal.write(replace(entry, aws_account_id="222233334444"))

    with pytest.raises(UsageProblem, match="begun in AWS account 222233334444"):
        scene.plan()


def test_two_terminals_do_not_meet(scene: Scene) -> None:
    plan = scene.plan()
    with scene.worlds.journal.locked(), pytest.raises(UsageProblem, match="right now"):
        apply(plan, scene.worlds)

    scene.register()
    with pytest.raises(UsageProblem, match="by another command"):
        apply(plan, scene.worlds)
    assert len(scene.stacks()) == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 200])
def test_unusable_names_are_refused(scene: Scene, name: str) -> None:
    options = replace(OPTIONS, name=name)
    with pytest.raises(UsageProblem):
        plan_registration(observe(scene.worlds, options), options)


def test_names_follow_from_token_and_identity(scene: Scene) -> None:
    names = node_names("0a1b2c3d", "sbx", scene.aws.identity())
    assert names.bucket == f"pennsieve-node-0a1b2c3d-{NUMBER}-us-east-1"
    assert WORKSPACE.startswith("N:organization:")
