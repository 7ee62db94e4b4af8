"""What a registration finds that is late, foreign, or not to be done."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from pennsieve_agent.account.register.execute import apply
from pennsieve_agent.account.register.observe import observe
from pennsieve_agent.account.register.plan import plan_registration
from pennsieve_agent.account.served.execute_served import apply_served
from pennsieve_agent.account.spec.names import node_names
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AgentError, Conflict, Forbidden, StillRunning, UsageProblem
from tests.account import served
from tests.account.mortal import Killed
from tests.account.registry import WORKSPACE
from tests.account.scene import OPTIONS, Scene
from tests.account.test_register import check_one_of_each
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)


def die_after(*methods: str) -> Any:
    def die(method: str) -> None:
        if method in methods:
            raise Killed

    return die


def test_a_record_that_lists_do_not_show_yet_is_not_made_again(scene: Scene) -> None:
    scene.registry.after = die_after("register_account")
    with pytest.raises(Killed):
        scene.register()
    scene.registry.hidden = 3  # both lists once for the plan, and the step's own look

    scene.registry.after = lambda _: None
    scene.register()
    check_one_of_each(scene)


def test_records_of_a_node_that_pennsieve_runs_are_not_made_again(lab: Scene) -> None:
    lab.registry.after = die_after("register_account", "create_node")
    for _ in range(2):
        with pytest.raises(Killed):
            served.register(lab)
        lab.registry.hidden = 2
    lab.registry.after = lambda _: None
    served.register(lab)
    assert len(lab.registry.records) == len(lab.registry.rows) == len(served.roles(lab)) == 1


def test_an_account_registered_meanwhile_is_not_taken_over(lab: Scene, scene: Scene) -> None:
    plan = served.plan(lab)
    lab.registry.register_account(NUMBER, "Pennsieve-Compute-prod-aaaaaaaa", "outside")

    with pytest.raises(Conflict, match="registered in the meantime with role"):
        apply_served(plan, lab.clients)
    assert len(lab.registry.records) == 1
    assert not scene.registry.records


def test_a_node_that_cannot_be_seen_yet_is_waited_for(lab: Scene) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            del lab.registry.refuse["node"]

    lab.registry.refuse["node"] = Forbidden("forbidden")
    lab.clients = replace(lab.clients, sleep=sleep)

    assert served.register(lab).status is NodeStatus.ENABLED
    assert slept[:3] == list(islice(pauses(60), 3))


def test_a_paused_node_is_not_waited_for(lab: Scene) -> None:
    lab.registry.ends_as = NodeStatus.PAUSED

    with pytest.raises(AgentError, match="is Paused"):
        served.register(lab)


def test_a_foreign_stack_of_that_name_is_left_alone(scene: Scene) -> None:
    template = {"Resources": {"L": {"Type": "AWS::Logs::LogGroup"}}}
    body = {"TemplateBody": json.dumps(template)}
    name = "pennsieve-node-aaaaaaaa"
    scene.aws.call("cloudformation", "create_stack", StackName=name, **body)
    node = replace(scene.named("other").register(), name="lab", token="aaaaaaaa")
    scene.clients.nodes.put(node)

    with pytest.raises(UsageProblem, match="did not create"):
        scene.plan()


def test_a_failed_node_says_what_to_do(lab: Scene) -> None:
    lab.registry.ends_as = NodeStatus.FAILED

    with pytest.raises(AgentError, match="it is Failed") as raised:
        served.register(lab)
    assert "pennsieve compute delete 'lab'" in str(raised.value.hint)


def test_waiting_for_a_node_ends(lab: Scene) -> None:
    lab.registry.polls = 10_000

    with pytest.raises(StillRunning):
        served.register(lab)
    todo = [s.kind for s in served.plan(lab).steps if not isinstance(s, AlreadyDone)]
    assert todo == ["await_node"]


def test_a_node_of_one_kind_is_not_made_of_the_other(lab: Scene, scene: Scene) -> None:
    own = scene.register()
    lab.clients = replace(lab.clients, nodes=scene.clients.nodes)
    with pytest.raises(UsageProblem, match="of your own called 'lab'"):
        served.plan(lab)
    scene.clients.nodes.remove(own.token)
    with pytest.raises(UsageProblem, match="begun as a node of your own"):
        served.plan(Scene(replace(lab.clients, journal=scene.clients.journal), lab.registry))


@pytest.mark.parametrize("dies", ["", "delete_account", "register_account"])
def test_an_account_with_own_nodes_gets_a_role_for_pennsieve(
    lab: Scene, scene: Scene, dies: str
) -> None:
    """Pennsieve never changes a role in a record, so the record is made anew."""
    own = scene.register()
    (before,) = scene.registry.records.values()
    other = lab.named("other")
    other.registry = scene.registry
    other.clients = replace(other.clients, registry=scene.registry, nodes=scene.clients.nodes)
    if dies:
        scene.registry.after = die_after(dies)
        with pytest.raises(Killed):
            served.register(other)
        scene.registry.after = lambda _: None
    assert served.register(other).status is NodeStatus.ENABLED
    (after,) = scene.registry.records.values()
    assert (before.role_name, after.role_name) == (
        f"PennsieveOwnNode-{own.token}",
        *served.roles(other),
    )
    report = scene.remove()
    assert any("which this node did not create" in kept for kept in report.kept)
    assert list(scene.registry.records.values()) == [after]


def test_a_name_that_was_begun_for_a_node_that_pennsieve_runs(lab: Scene, scene: Scene) -> None:
    lab.registry.refuse["create_node"] = Forbidden("no")
    with pytest.raises(Forbidden):
        served.register(lab)
    begun = Journal(lab.clients.journal.path.parent, "default", "lab")
    scene.clients = replace(scene.clients, journal=begun)
    with pytest.raises(UsageProblem, match="begun as a node that Pennsieve runs"):
        scene.plan()


def test_credentials_of_another_account_do_not_go_on(scene: Scene) -> None:
    scene.register()
    entry = scene.clients.journal.read()
    assert entry is not None
    scene.clients.journal.write(replace(entry, aws_account_id="222233334444"))

    with pytest.raises(UsageProblem, match="begun in AWS account 222233334444"):
        scene.plan()


def test_two_terminals_do_not_meet(scene: Scene) -> None:
    plan = scene.plan()
    with scene.clients.journal.locked(), pytest.raises(UsageProblem, match="right now"):
        apply(plan, scene.clients)

    scene.register()
    with pytest.raises(UsageProblem, match="another command has begun"):
        apply(plan, scene.clients)
    assert len(scene.stacks()) == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 200])
def test_unusable_names_are_refused(scene: Scene, name: str) -> None:
    options = replace(OPTIONS, name=name)
    with pytest.raises(UsageProblem):
        plan_registration(observe(scene.clients, options), options)


def test_names_follow_from_token_and_identity(scene: Scene) -> None:
    names = node_names("0a1b2c3d", scene.aws.identity())
    assert names.bucket == f"pennsieve-node-0a1b2c3d-{NUMBER}-us-east-1"
    assert WORKSPACE.startswith("N:organization:")
