"""Granting and revoking: real Pennsieve routes, real node code, real parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.errors import (
    AgentError,
    Forbidden,
    NodeUnreachable,
    NotSignedIn,
    SettingsError,
)
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.services.grants import grant_dataset
from pennsieve_agent.services.grants.grant_workflows import Granting
from tests.services.granting import READS, WRITES, GrantWorld, Machine, access, held, stray_webhook
from tests.settings.keychains import MemoryKeychain

READ, WRITE = Access.READ, Access.READ_WRITE


def give(machine: Machine, dataset: str, how: Access = WRITE, workflow: object = None) -> object:
    return grant_dataset.grant(machine.desk, workflow or WRITES, machine.dataset(dataset), how)  # type: ignore[arg-type]


def test_a_workflow_needs_what_its_steps_do() -> None:
    assert Granting(READS).needs is READ
    assert Granting(READS, promised="read").needs is READ
    assert Granting(READS, promised="write").needs is WRITE
    assert Granting(WRITES).needs is WRITE


def test_a_first_grant_makes_users_puts_them_on_and_tells_the_nodes(granting: GrantWorld) -> None:
    lab, cloud = granting.node("lab", "0a1b2c3d"), granting.node("cloud", "0a1b2c3e")
    ada, dataset = granting.ada(lab, cloud), granting.pennsieve.dataset("d")
    other = granting.pennsieve.dataset("e")
    granted = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), WRITE)
    assert (granted.changed, granted.nodes, granted.in_keychain) == (True, ("lab", "cloud"), True)
    assert granted.new_users == tuple(granting.users())
    assert [name.rsplit(" ", 1)[0] for name in granted.new_users] == [
        "spike-sort (read)",
        "spike-sort (write)",
    ]
    roles = {u.role for u in ada.platform.collaborators.get(dataset).users if not u.name}
    assert roles == {Role.VIEWER, Role.MANAGER}
    for node in (lab, cloud):
        assert access(node, WRITES, dataset) == "read-write"
        for kind in Kind:
            assert granting.reaches(node, WRITES, kind, dataset) == 200
            assert granting.reaches(node, WRITES, kind, other) == 403
    assert ada.desk.store.pending() == {}
    again = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), WRITE)
    assert (again.changed, again.new_users) == (False, ())
    assert len(granting.users()) == 2


def test_no_key_is_in_any_file(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada = granting.ada(lab)
    give(ada, granting.pennsieve.dataset("d"))
    keys = [str(value) for value in ada.keychain.secrets.values()]
    assert len(keys) == 2
    files = "".join(path.read_text() for path in ada.home.iterdir())
    keys_of = [ada.key(user.integration) for user in ada.desk.store.users(WRITES.uuid).values()]
    for key in keys_of:
        assert key is not None
        assert key.key not in files
        assert key.secret not in files
        assert key.secret not in repr(key)
    assert all(path.stat().st_mode & 0o077 == 0 for path in ada.home.iterdir())


def test_reading_takes_one_user_and_writing_another_when_it_is_needed(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset, READ)
    assert [
        user.role for user in ada.platform.collaborators.get(dataset).users if not user.name
    ] == [Role.VIEWER]
    assert held(lab, WRITES)["write"] is None
    give(ada, dataset, WRITE)
    assert held(lab, WRITES)["write"] is not None
    give(ada, dataset, READ)
    assert access(lab, WRITES, dataset) == "read"
    assert [row.writes for row in ada.platform.integrations.on_dataset(dataset)] == [False]


def test_who_is_no_manager_is_told_who_is_and_makes_nothing(granting: GrantWorld) -> None:
    bob = granting.member("bob", granting.node("lab", "0a1b2c3d"))
    ada, dataset = granting.ada(), granting.pennsieve.dataset("d")
    ada.platform.collaborators.set_user(dataset, bob.who.user.id, Role.VIEWER)
    with pytest.raises(Forbidden, match="your role on dataset 'd' is viewer") as error:
        give(bob, dataset)
    assert error.value.hint == "ask one of its managers: Ada Lovelace"
    assert granting.users() == []


def test_a_lost_answer_is_deleted_and_another_made(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    granting.pennsieve.network.lose = "POST /webhooks"
    give(ada, dataset, READ)
    (name,) = granting.users()  # one of two that were made
    assert [user.name for user in ada.desk.store.users(WRITES.uuid).values()] == [name]
    assert ada.desk.store.pending() == {}
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200
    assert [call for call in granting.pennsieve.network.sent if call == "POST /webhooks"] == [
        "POST /webhooks"
    ] * 2


def test_a_program_that_was_killed_leaves_nothing_for_good(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")

    class Killed(BaseException):
        pass

    ada.keychain = _Fatal(Killed)
    with pytest.raises(Killed):
        give(ada, dataset, READ)
    ada.keychain = MemoryKeychain()
    assert len(ada.desk.store.pending()) == len(granting.users()) == 1
    (lost,) = granting.users()
    granting.pennsieve.clock.time += 700
    give(ada, dataset, READ)
    assert lost not in granting.users()
    assert len(granting.users()) == 1
    assert ada.desk.store.pending() == {}


class _Fatal(MemoryKeychain):
    """A keychain during whose work the program is killed."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self._error = error

    def set(self, account: str, secret: str) -> None:
        if account != "probe":
            raise self._error
        super().set(account, secret)


def test_without_a_keychain_the_key_is_on_the_nodes_alone(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    ada.keychain.missing = True
    granted = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), READ)
    assert not granted.in_keychain
    assert ada.keychain.secrets == {}
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200
    other = granting.pennsieve.dataset("e")
    give(ada, other, READ)  # the node has the key; nothing is made
    assert len(granting.users()) == 1
    ada.nodes.append(granting.node("new", "0a1b2c3e"))
    with pytest.raises(SettingsError, match="is not on this machine") as error:
        give(ada, other, READ)
    assert "'new'" in error.value.message
    assert error.value.hint == (
        "renew it with: pennsieve workflow update 'spike-sort' --renew-identity"
    )


def test_a_locked_keychain_makes_nothing(granting: GrantWorld) -> None:
    ada, dataset = granting.ada(granting.node("lab", "0a1b2c3d")), granting.pennsieve.dataset("d")
    ada.keychain.locked = True
    with pytest.raises(SettingsError, match="locked"):
        give(ada, dataset)
    assert granting.users() == []


def test_a_keychain_that_cannot_be_reached_is_told_apart(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset, READ)
    ada.keychain.missing = True  # the same machine, by ssh
    assert not grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), READ).changed
    ada.nodes.append(granting.node("new", "0a1b2c3e"))
    with pytest.raises(SettingsError, match="which cannot be reached from here"):
        give(ada, dataset, READ)


def test_a_node_made_later_gets_the_key_from_the_keychain(granting: GrantWorld) -> None:
    lab, new = granting.node("lab", "0a1b2c3d"), granting.node("new", "0a1b2c3e")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    ada.nodes.append(new)
    granted = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), WRITE)
    assert (granted.changed, granted.new_users) == (True, ())
    assert held(new, WRITES)["write"]["integration"] == held(lab, WRITES)["write"]["integration"]
    assert granting.reaches(new, WRITES, Kind.WRITE, dataset) == 200


def test_another_machine_of_the_same_person_says_what_to_type(granting: GrantWorld) -> None:
    lab, new = granting.node("lab", "0a1b2c3d"), granting.node("new", "0a1b2c3e")
    dataset = granting.pennsieve.dataset("d")
    give(granting.ada(lab), dataset)
    elsewhere = granting.ada(lab)
    elsewhere.home = elsewhere.home / "laptop"
    assert not grant_dataset.grant(
        elsewhere.desk, WRITES, elsewhere.dataset(dataset), WRITE
    ).changed
    elsewhere.nodes.append(new)
    with pytest.raises(SettingsError, match="is not on this machine"):
        give(elsewhere, dataset)
    assert len(granting.users()) == 2


def test_two_peoples_grants_of_one_workflow_do_not_break_each_other(granting: GrantWorld) -> None:
    hers, his = granting.node("hers", "0a1b2c3d"), granting.node("his", "0a1b2c3e")
    ada, bob = granting.ada(hers), granting.member("bob", his)
    dataset = granting.pennsieve.dataset("d")
    ada.platform.collaborators.set_user(dataset, bob.who.user.id, Role.MANAGER)
    give(ada, dataset)
    give(bob, dataset)
    assert len(granting.users()) == 4
    grant_dataset.revoke(ada.desk, WRITES, dataset)
    assert granting.reaches(hers, WRITES, Kind.READ, dataset) == 403
    assert granting.reaches(his, WRITES, Kind.WRITE, dataset) == 200
    assert access(his, WRITES, dataset) == "read-write"


def test_two_people_who_look_after_one_node_share_its_key(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, bob = granting.ada(lab), granting.member("bob", lab)
    first, second = granting.pennsieve.dataset("d"), granting.pennsieve.dataset("e")
    ada.platform.collaborators.set_user(second, bob.who.user.id, Role.MANAGER)
    give(ada, first)
    give(bob, second)
    assert len(granting.users()) == 2
    for dataset in (first, second):
        assert granting.reaches(lab, WRITES, Kind.WRITE, dataset) == 200


def test_revoking_takes_nodes_and_pennsieve(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    assert not grant_dataset.revoke(ada.desk, WRITES, dataset).had
    give(ada, dataset)
    assert grant_dataset.revoke(ada.desk, WRITES, dataset).had
    assert access(lab, WRITES, dataset) == ""
    assert ada.platform.integrations.on_dataset(dataset) == []
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 403
    assert not grant_dataset.revoke(ada.desk, WRITES, dataset).had


def test_revoking_takes_off_what_the_workflows_user_made_itself(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    key = ada.key(held(lab, WRITES)["write"]["integration"])
    assert key is not None
    robot = granting.pennsieve.connect(key)
    stray = stray_webhook(robot)
    robot.integrations.enable(dataset, stray)
    grant_dataset.revoke(ada.desk, WRITES, dataset)
    assert ada.platform.webhooks.on_dataset(dataset) == []
    assert any("stray" in note for note in ada.notes)


def test_who_is_no_manager_any_more_still_takes_it_from_his_nodes(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, bob = granting.ada(), granting.member("bob", lab)
    dataset = granting.pennsieve.dataset("d")
    ada.platform.collaborators.set_user(dataset, bob.who.user.id, Role.MANAGER)
    give(bob, dataset)
    ada.platform.collaborators.set_user(dataset, bob.who.user.id, Role.VIEWER)
    with pytest.raises(Forbidden, match="your nodes no longer use the dataset"):
        grant_dataset.revoke(bob.desk, WRITES, dataset)
    assert access(lab, WRITES, dataset) == ""


def test_a_grant_on_a_dataset_that_was_deleted_can_be_revoked(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset)
    ada.platform.datasets.delete(dataset)
    assert grant_dataset.revoke(ada.desk, WRITES, dataset).had
    assert access(lab, WRITES, dataset) == ""


def test_a_key_deleted_on_pennsieve_is_made_anew_by_the_next_grant(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    give(ada, dataset, READ)
    old = ada.key(held(lab, WRITES)["read"]["integration"])
    ada.platform.webhooks.delete(held(lab, WRITES)["read"]["integration"])
    granted = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), READ)
    assert (granted.changed, len(granted.new_users)) == (True, 1)
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200
    assert old is not None
    with pytest.raises(NotSignedIn):
        granting.pennsieve.connect(old).identity()


def test_a_node_that_is_gone_is_named_and_the_others_are_done(granting: GrantWorld) -> None:
    lab, gone = granting.node("lab", "0a1b2c3d"), granting.node("gone", "0a1b2c3e")
    ada, dataset = granting.ada(lab, gone), granting.pennsieve.dataset("d")
    gone.inside.gone = True
    granted = grant_dataset.grant(ada.desk, WRITES, ada.dataset(dataset), READ)
    assert [each.node.name for each in granted.unasked] == ["gone"]
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200
    ada.nodes = [gone]
    with pytest.raises(NodeUnreachable):
        give(ada, dataset)


def test_a_key_that_reached_no_node_and_no_keychain_is_deleted(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada, dataset = granting.ada(lab), granting.pennsieve.dataset("d")
    ada.keychain.missing = True
    lab.inside.fails_at = f"PUT /workflows/{WRITES.uuid}/identity"
    with pytest.raises(AgentError, match="network is down"):
        give(ada, dataset, READ)
    assert granting.users() == []
    give(ada, dataset, READ)
    assert granting.reaches(lab, WRITES, Kind.READ, dataset) == 200


def test_four_grants_at_once_make_each_user_once(granting: GrantWorld) -> None:
    lab = granting.node("lab", "0a1b2c3d")
    ada = granting.ada(lab)
    datasets = [granting.pennsieve.dataset(name) for name in "defg"]
    with ThreadPoolExecutor(len(datasets)) as pool:
        list(pool.map(lambda dataset: give(ada, dataset), datasets))
    assert len(granting.users()) == 2
    for dataset in datasets:
        for kind in Kind:
            assert granting.reaches(lab, WRITES, kind, dataset) == 200
