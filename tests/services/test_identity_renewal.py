"""Renewing, ending and taking up identities, with all their grants."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.errors import AgentError, NodeUnreachable, NotSignedIn, UsageProblem
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.services.grants import grant_dataset
from pennsieve_agent.services.grants.identity_renewal import end, planned, renew
from pennsieve_agent.services.grants.identity_view import KEYCHAIN, shown
from tests.services.granting import WRITES, GrantWorld, Machine, access, held, stray_webhook

READ, WRITE = Access.READ, Access.READ_WRITE


def give(machine: Machine, dataset: str, how: Access = WRITE) -> None:
    grant_dataset.grant(machine.desk, WRITES, machine.dataset(dataset), how)


def keys_of(machine: Machine) -> list[ApiKey]:
    users = machine.desk.store.users(WRITES.uuid).values()
    return [key for user in users if (key := machine.key(user.integration)) is not None]


def refused(granting: GrantWorld, key: ApiKey) -> bool:
    try:
        granting.pennsieve.connect(key).identity()
    except NotSignedIn:
        return True
    return False


def test_renewing_gives_every_node_new_keys_and_ends_the_old(granting: GrantWorld) -> None:
    lab, late = granting.node("lab", "0a1b2c3d"), granting.node("late", "0a1b2c3e")
    ada = granting.ada(lab)
    first, second = granting.pennsieve.dataset("d"), granting.pennsieve.dataset("e")
    give(ada, first)
    give(ada, second, READ)
    old, names = keys_of(ada), granting.users()
    ada.nodes.append(late)  # made after the grants
    renewed = renew(ada.desk, planned(ada.desk, WRITES))
    assert (renewed.deleted, renewed.nodes) == (tuple(names), ("lab", "late"))
    assert renewed.proved
    assert all(refused(granting, key) for key in old)
    assert granting.users() == list(renewed.new_users)
    assert len(ada.keychain.secrets) == 2
    for node in (lab, late):
        assert granting.reaches(node, WRITES, Kind.WRITE, first) == 200
        assert granting.reaches(node, WRITES, Kind.READ, second) == 200
        assert granting.reaches(node, WRITES, Kind.WRITE, second) == 403
    assert access(lab, WRITES, second) == "read"


def test_a_headless_machine_renews_for_a_node_that_came_later(granting: GrantWorld) -> None:
    lab, late = granting.node("lab", "0a1b2c3d"), granting.node("late", "0a1b2c3e")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    ada.keychain.missing = True
    give(ada, dataset, READ)
    ada.nodes.append(late)
    renewed = renew(ada.desk, planned(ada.desk, WRITES))
    assert not renewed.in_keychain
    assert not renewed.proved
    assert ada.desk.store.pending() == {}
    for node in (lab, late):
        assert granting.reaches(node, WRITES, Kind.READ, dataset) == 200
    assert any("could not check" in note for note in ada.notes)  # the old key was nowhere here


def test_datasets_that_the_workflow_will_lose_are_named_before(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, bob = granting.ada(), granting.member("bob", lab)
    kept, demoted, deleted = (granting.pennsieve.dataset(name) for name in "abc")
    for dataset in (kept, demoted, deleted):
        ada.platform.collaborators.set_user(dataset, bob.who.user.id, Role.MANAGER)
        give(bob, dataset)
    ada.platform.collaborators.set_user(demoted, bob.who.user.id, Role.VIEWER)
    ada.platform.datasets.delete(deleted)
    plan = planned(bob.desk, WRITES)
    assert {dataset: why for dataset, (_, why) in plan.lost.items()} == {
        demoted: "your role there is viewer",
        deleted: "it was deleted, or you no longer have access to it",
    }
    assert [row.dataset for row in plan.kept] == [kept]
    renew(bob.desk, plan)
    assert granting.reaches(lab, WRITES, Kind.WRITE, kept) == 200
    assert (access(lab, WRITES, demoted), access(lab, WRITES, deleted)) == ("", "")
    assert ada.platform.integrations.on_dataset(demoted) == []


def test_a_node_that_does_not_answer_stops_a_renewal_before_it_begins(granting: GrantWorld) -> None:
    lab, gone = granting.node("lab", "0a1b2c3d"), granting.node("gone", "0a1b2c3e")
    ada, dataset = granting.ada(lab, gone), granting.pennsieve.dataset("d")
    give(ada, dataset)
    gone.inside.gone = True
    with pytest.raises(NodeUnreachable):
        planned(ada.desk, WRITES)
    assert len(granting.users()) == 2


def test_a_renewal_that_was_cut_off_is_finished_by_the_next(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    old = keys_of(ada)
    lab.inside.fails_at = f"PUT /workflows/{WRITES.uuid}/identity"
    with pytest.raises(AgentError, match="network is down"):
        renew(ada.desk, planned(ada.desk, WRITES))
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200  # the old ones still work
    renew(ada.desk, planned(ada.desk, WRITES))
    assert len(granting.users()) == 2
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200
    assert all(refused(granting, key) for key in old)


def test_what_a_workflows_user_made_goes_with_it(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    robot = granting.pennsieve.connect(keys_of(ada)[0])
    stray_webhook(robot)
    renew(ada.desk, planned(ada.desk, WRITES))
    assert "stray" not in granting.users()


def test_a_key_that_can_still_sign_in_is_no_success(granting: GrantWorld) -> None:
    ada, dataset = granting.ada(granting.node("lab", "0a1b2c3d")), granting.pennsieve.dataset("d")
    give(ada, dataset, READ)
    plan = planned(ada.desk, WRITES)
    # A platform that answers that it deleted an integration, and keeps its key.
    granting.pennsieve.store.execute(
        "CREATE TRIGGER keep BEFORE DELETE ON users BEGIN SELECT RAISE(IGNORE); END"
    )
    with pytest.raises(AgentError, match="can still sign in"):
        renew(ada.desk, plan)


def test_there_is_nothing_to_renew_before_a_grant(granting: GrantWorld) -> None:
    ada = granting.ada(granting.node("lab", "0a1b2c3d"))
    with pytest.raises(UsageProblem, match="has no identity yet"):
        renew(ada.desk, planned(ada.desk, WRITES))
    assert granting.users() == []


def test_ending_deletes_users_and_keys_and_keeps_the_list(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    old = keys_of(ada)
    ended = end(ada.desk, WRITES)
    assert [row.dataset for row in ended.kept] == [dataset]
    assert granting.users() == []
    assert all(refused(granting, key) for key in old)
    assert ada.keychain.secrets == {}
    assert held(lab, WRITES) == {"read": None, "write": None}
    assert granting.client("ssm").describe_parameters()["Parameters"] == []
    assert access(lab, WRITES, dataset) == "read-write"
    assert end(ada.desk, WRITES).deleted == ()
    renew(ada.desk, planned(ada.desk, WRITES))  # as restore does
    assert granting.reaches(lab, WRITES, Kind.WRITE, dataset) == 200


def test_an_identity_is_shown_without_its_key(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    assert shown(ada.desk, WRITES) == ([], [])
    give(ada, dataset)
    rows, _ = shown(ada.desk, WRITES)
    assert [(row.kind.value, row.name, row.keys) for row in rows] == [
        ("read", granting.users()[0], (KEYCHAIN, "node lab")),
        ("write", granting.users()[1], (KEYCHAIN, "node lab")),
    ]
    assert rows[0].user == held(lab, WRITES)["read"]["user"]
    for key in keys_of(ada):
        assert key.key not in repr(rows)
