"""Grants with an end: the nodes refuse them then, and the owner's next command takes them away."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.node.api import routes_admin
from pennsieve_agent.node.identity.workflow_registry import Registry
from tests.cli.harness import Result
from tests.services.granting import GrantWorld, Machine
from tests.services.test_grant_commands import STEPS, good, grants_of, typed

DAY = 86_400.0
GRANT = ("dataset", "grant", "spike-rate", "--dataset", "d")


@pytest.fixture
def ada(granting: GrantWorld) -> Machine:
    """The owner of a workspace with a node, a dataset 'd' and the workflow 'spike-rate'."""
    machine = granting.ada(granting.node("lab", "0a1b2c3d"))
    granting.pennsieve.dataset("d")
    machine.platform.workflows.create("spike-rate", "", machine.who.workspace.id, STEPS)
    return machine


def later(machine: Machine, seconds: float) -> None:
    machine.world.pennsieve.clock.sleep(seconds)


def on_dataset(machine: Machine) -> int:
    """How many of the workflow's users are on the dataset on Pennsieve."""
    (dataset,) = machine.platform.datasets.list()
    return len(machine.platform.integrations.on_dataset(dataset.id))


def listed(machine: Machine) -> Result:
    return good(machine, "dataset", "grants")


def test_it_ends_on_the_node_and_the_next_command_takes_the_users_off(ada: Machine) -> None:
    given = good(ada, *GRANT, "--until", "30d")
    assert "may read and write dataset 'd' until 1970-02-11 13:46 UTC, on your" in given.out
    assert "1970-02-11 13:46 UTC" in listed(ada).out
    assert on_dataset(ada) == 2
    later(ada, 29 * DAY)
    good(ada, "dataset", "list")
    assert (on_dataset(ada), len(grants_of(ada))) == (2, 1)
    later(ada, DAY)
    registry, (row,) = Registry(ada.nodes[0].node), Registry(ada.nodes[0].node).grants()
    assert registry.access(row["workflow"], row["dataset"]) == ""
    assert on_dataset(ada) == 2, "Pennsieve knows no end: they wait for a command"
    assert typed(ada, *GRANT, "--dry-run").out.startswith("Would let workflow")
    assert on_dataset(ada) == 2, "a dry run changes nothing"
    swept = good(ada, "dataset", "list")
    assert "the grant of workflow 'spike-rate' on dataset 'd' ended on 1970-02-11" in swept.err
    assert (on_dataset(ada), grants_of(ada)) == (0, [])
    assert good(ada, "dataset", "list").err == ""


def test_another_machine_of_the_owner_sees_it_as_ended_and_takes_it_away(ada: Machine) -> None:
    good(ada, *GRANT, "--until", "2d")
    later(ada, 2 * DAY)
    elsewhere = Machine(ada.world, ada.platform, ada.who, ada.home.parent / "other", ada.nodes)
    elsewhere.keychain = ada.keychain
    rows = good(elsewhere, "dataset", "grants", "--json").document
    assert [(row["ended"], row["until"]) for row in rows] == [(True, "1970-01-14T13:46:40Z")]
    assert grants_of(ada) == []


def test_what_was_given_again_from_elsewhere_is_left_alone(ada: Machine) -> None:
    good(ada, *GRANT, "--until", "1d")
    registry = Registry(ada.nodes[0].node)
    (row,) = registry.grants()
    registry.grant({**row, "until": row["until"] + 5 * DAY})
    later(ada, 2 * DAY)
    assert good(ada, "dataset", "list").err == ""
    assert (on_dataset(ada), len(grants_of(ada))) == (2, 1)
    later(ada, 5 * DAY)
    assert "was removed" in good(ada, "dataset", "list").err


def test_granting_again_changes_the_date_and_without_one_there_is_none(ada: Machine) -> None:
    good(ada, *GRANT, "--until", "1d")
    again = good(ada, *GRANT, "--until", "3d", "--json").document
    assert (again["changed"], again["until"]) == (True, "1970-01-15T13:46:40Z")
    plain = good(ada, *GRANT)
    assert "the earlier grant was until 1970-01-15 13:46 UTC; this one has no end" in plain.err
    later(ada, 4 * DAY)
    assert good(ada, "dataset", "list").err == ""
    assert len(grants_of(ada)) == 1


def test_a_date_in_the_past_is_refused_and_nothing_is_made(ada: Machine) -> None:
    refused = typed(ada, *GRANT, "--until", "1970-01-01")
    assert refused.code == 2
    assert "--until '1970-01-01' is in the past" in refused.err
    assert (grants_of(ada), on_dataset(ada)) == ([], 0)


def test_who_is_no_manager_any_more_is_told_what_is_left(
    granting: GrantWorld, ada: Machine
) -> None:
    bob, (dataset,) = granting.member("bob", ada.nodes[0]), ada.platform.datasets.list()
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.MANAGER)
    good(bob, *GRANT, "--until", "1d")
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.VIEWER)
    later(bob, 2 * DAY)
    swept = good(bob, "dataset", "list")
    assert "was removed: your nodes no longer use the dataset" in swept.err
    assert grants_of(bob) == []
    assert good(bob, "dataset", "list").err == ""


def test_a_node_that_keeps_no_end_gets_no_grant(
    ada: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_admin, "_until", lambda _value, _now: 0.0)  # as an older node
    refused = typed(ada, *GRANT, "--until", "1d")
    assert refused.code == 1
    assert "compute node 'lab' is older and does not support the end of a grant" in refused.err
    assert "pennsieve compute update lab" in refused.err
    assert grants_of(ada) == []


def test_a_node_that_does_not_answer_leaves_it_for_the_next_command(ada: Machine) -> None:
    good(ada, *GRANT, "--until", "1d")
    later(ada, 2 * DAY)
    ada.nodes[0].inside.gone = True
    assert good(ada, "dataset", "list").err == ""
    ada.nodes[0].inside.gone = False
    assert "was removed" in good(ada, "dataset", "list").err
