"""The commands of grants and identities, as they are typed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.node_calls import NodeAdmin, NodeCalls
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.profile import Identity, Profile
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.node.identity.workflow_registry import Registry
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.settings.keychain import Keychain
from tests.cli.harness import Result
from tests.platform.test_against_sandbox import HOSTS
from tests.services.granting import GrantWorld, Machine

STEPS = (
    Step("in", StepKind.SOURCE),
    Step("out", StepKind.TARGET, ("in",), "", "", "Pennsieve Dataset", "lambda"),
)


class _Context(Context):
    """What commands ask for is that of a person at a machine."""

    machine: Machine

    @property
    def profile(self) -> Profile:
        return Profile("ada", HOSTS)

    @property
    def platform(self) -> Platform:
        return self.machine.platform

    @property
    def uses_pennsieve(self) -> bool:
        return True

    @property
    def identity(self) -> Identity:
        return self.machine.who

    @property
    def config_path(self) -> Path:
        return self.machine.home / "config.ini"

    def connect(self, profile: Profile) -> Platform:
        assert profile.key is not None
        return self.machine.world.pennsieve.connect(profile.key)

    @property
    def admin_nodes(self) -> list[NodeAdmin]:
        return [node.client for node in self.machine.nodes]

    @property
    def own_nodes(self) -> list[OwnNode]:
        return [node.client.node for node in self.machine.nodes]

    def node_calls(self, node: OwnNode) -> NodeCalls:
        return next(n.client for n in self.machine.nodes if n.client.node == node)

    @property
    def workflow_keychain(self) -> Keychain:
        return self.machine.keychain


def typed(machine: Machine, *words: str, answers: str = "", terminal: bool = False) -> Result:
    streams = Streams.for_test(answers, terminal=terminal, width=200)
    clock = machine.world.pennsieve.clock
    context = _Context(streams, {}, now=clock.now, sleep=clock.sleep)
    context.machine = machine
    code = run(words, context)
    assert isinstance(streams.out, io.StringIO)
    assert isinstance(streams.err, io.StringIO)
    return Result(code, streams.out.getvalue(), streams.err.getvalue())


def good(machine: Machine, *words: str) -> Result:
    result = typed(machine, *words)
    assert result.code == 0, result.err
    return result


@pytest.fixture
def ada(granting: GrantWorld) -> Machine:
    """The owner of a workspace with a node, a dataset 'd' and the workflow 'spike-rate'."""
    machine = granting.ada(granting.node("lab", "0a1b2c3d"))
    granting.pennsieve.dataset("d")
    workspace = machine.who.workspace.id
    machine.platform.workflows.create("spike-rate", "", workspace, STEPS)
    return machine


def users(machine: Machine) -> list[str]:
    return machine.world.users()


def grants_of(machine: Machine) -> list[tuple[str, str]]:
    rows = Registry(machine.nodes[0].node).grants()
    return [(row["datasetName"], row["access"]) for row in rows]


def test_a_grant_gives_what_the_workflow_needs_and_says_what_that_means(ada: Machine) -> None:
    result = good(ada, "dataset", "grant", "spike", "--dataset", "d")
    assert result.out == (
        "Workflow 'spike-rate' may read and write dataset 'd' on your compute nodes: lab\n"
    )
    for words in (
        "read and write access is what this workflow needs",
        "becomes manager of the dataset: it can change and delete everything in it",
        "its keys are in this machine's keychain and on the nodes",
        "can access every dataset that is shared with the whole workspace",
    ):
        assert words in result.err
    assert grants_of(ada) == [("d", "read-write")]
    again = good(ada, "dataset", "grant", "spike", "--dataset", "d")
    assert again.out.startswith("Workflow 'spike-rate' may already read and write")
    assert "keychain" not in again.err


def test_a_grant_as_json(ada: Machine) -> None:
    words = ("dataset", "grant", "spike-rate", "--dataset", "d", "--access", "read", "--json")
    document = good(ada, *words).document
    assert (document["access"], document["changed"], document["nodes"]) == ("read", True, ["lab"])
    assert document["integrations_created"] == users(ada)
    assert set(document) >= {"workflow_id", "dataset_id", "nodes_not_asked"}


def test_less_than_the_workflow_needs_is_given_with_a_note(ada: Machine) -> None:
    result = good(ada, "dataset", "grant", "spike-rate", "--dataset", "d", "--access", "read")
    assert "writes results back, which needs --access read-write" in result.err
    assert "manager" not in result.err


def test_without_an_own_node_nothing_is_made_and_it_exits_2(ada: Machine) -> None:
    ada.nodes = []
    result = typed(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    assert result.code == 2
    assert "nothing was granted" in result.err
    assert "pennsieve compute register" in result.err
    assert users(ada) == []


def test_who_is_no_manager_exits_4_and_reads_who_is(granting: GrantWorld, ada: Machine) -> None:
    bob = granting.member("bob", ada.nodes[0])
    (dataset,) = ada.platform.datasets.list()
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.EDITOR)
    result = typed(bob, "dataset", "grant", "spike-rate", "--dataset", "d")
    assert result.code == 4
    assert "your role on dataset 'd' is editor" in result.err
    assert "ask one of its managers: Ada Lovelace" in result.err
    assert users(ada) == []


def test_a_headless_machine_says_where_the_key_is(ada: Machine) -> None:
    ada.keychain.missing = True
    result = good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    assert "its keys are on the nodes only: no keychain can be reached from here" in result.err
    ada.nodes.append(ada.world.node("new", "0a1b2c3e"))
    refused = typed(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    assert refused.code == 1
    assert "is not on this machine" in refused.err
    assert "pennsieve workflow update 'spike-rate' --renew-identity" in refused.err
    renewed = good(ada, "workflow", "update", "spike-rate", "--renew-identity")
    assert "compute nodes: lab, new" in renewed.out
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")


def test_revoking_tells_of_delays_and_can_be_repeated(ada: Machine) -> None:
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    result = good(ada, "dataset", "revoke", "spike-rate", "--dataset", "d")
    assert result.out == "Workflow 'spike-rate' may no longer use dataset 'd'\n"
    assert "up to 5 minutes" in result.err
    assert "within 60 minutes" in result.err
    assert grants_of(ada) == []
    again = good(ada, "dataset", "revoke", "spike-rate", "--dataset", "d", "--json")
    assert again.document["revoked"] is False


def test_a_dataset_that_is_gone_can_be_revoked_by_its_old_name(ada: Machine) -> None:
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    (dataset,) = ada.platform.datasets.list()
    ada.platform.datasets.delete(dataset.id)
    good(ada, "dataset", "revoke", "spike-rate", "--dataset", "d")
    assert grants_of(ada) == []
    assert typed(ada, "dataset", "revoke", "spike-rate", "--dataset", "d").code == 2


def test_a_node_that_is_gone_is_named_and_the_rest_is_done(ada: Machine) -> None:
    ada.nodes.append(ada.world.node("gone", "0a1b2c3e"))
    ada.nodes[1].inside.gone = True
    result = typed(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    assert result.code == 1
    assert "on your compute nodes: lab" in result.out
    assert "compute node 'gone' could not be reached" in result.err
    assert grants_of(ada) == [("d", "read-write")]


def test_grants_are_listed_with_who_and_when(granting: GrantWorld, ada: Machine) -> None:
    assert "no grant; see" in good(ada, "dataset", "grants").err
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    granting.pennsieve.dataset("e")
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "e", "--access", "read")
    (first, second) = good(ada, "dataset", "grants", "--json").document
    assert (first["workflow"], first["dataset"], first["access"]) == (
        "spike-rate",
        "d",
        "read-write",
    )
    assert first["created_by"] == {"id": None, "name": "Ada Lovelace", "email": "ada@example.org"}
    assert (first["created_at"], first["nodes"]) == ("1970-01-12T13:46:40Z", ["lab"])
    assert (second["dataset"], second["access"]) == ("e", "read")
    (only,) = good(ada, "dataset", "grants", "e", "--json").document
    assert only == second
    assert len(good(ada, "dataset", "grants", "--workflow", "spike", "--json").document) == 2
    table = good(ada, "dataset", "grants", "d").out
    assert "GRANTED BY" in table.split("\n")[0]
    assert "Ada Lovelace" in table


def test_a_colleagues_grant_is_seen_on_the_dataset(granting: GrantWorld, ada: Machine) -> None:
    bob = granting.member("bob", granting.node("his", "0a1b2c3e"))
    (dataset,) = ada.platform.datasets.list()
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.MANAGER)
    good(bob, "dataset", "grant", "spike-rate", "--dataset", "d")
    (row,) = good(ada, "dataset", "grants", "d", "--json").document
    assert (row["created_by"]["name"], row["access"], row["nodes"]) == (
        "Bob Example",
        "read-write",
        [],
    )
    assert "somebody else's" in good(ada, "dataset", "grants", "d").out


def test_a_workflow_that_lives_on_the_node_alone_is_granted_too(ada: Machine) -> None:
    steps = [
        {"id": "in", "kind": "data-source", "dependsOn": []},
        {
            "id": "work",
            "kind": "processor",
            "dependsOn": ["in"],
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/r@sha256:" + "a" * 64,
            "commit": "b" * 40,
            "computeType": "standard",
            "cpu": 1024,
            "memory": 2048,
            "parameters": [],
        },
    ]
    document = {
        "workflow": "22222222-0000-4000-8000-000000000001",
        "name": "local",
        "description": "",
        "version": "v1",
        "layout": "tree",
        "needsPennsieve": "read",
        "origin": "here",
        "steps": steps,
    }
    Registry(ada.nodes[0].node).add_version(document)
    result = good(ada, "dataset", "grant", "local", "--dataset", "d")
    assert result.out.startswith("Workflow 'local' may read dataset 'd'")
    assert "its steps get" not in result.err
    assert "the steps of this workflow get its key" in result.err


def test_a_workflow_is_shown_with_its_identity_and_never_a_key(ada: Machine) -> None:
    assert good(ada, "workflow", "show", "spike-rate", "--json").document["identity"] == []
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    rows: list[dict[str, Any]] = good(ada, "workflow", "show", "spike-rate", "--json").document[
        "identity"
    ]
    assert [(row["kind"], row["name"]) for row in rows] == list(
        zip(("read", "write"), users(ada), strict=True)
    )
    assert all(row["keys"] == ["this machine's keychain", "node lab"] for row in rows)
    assert all(row["user_id"].startswith("N:user:") for row in rows)
    shown = good(ada, "workflow", "show", "spike-rate").out
    assert users(ada)[0] in shown
    for row in rows:
        key = ada.key(row["integration"])
        assert key is not None
        assert key.key not in shown + repr(rows)
        assert key.secret not in shown + repr(rows)


def test_renewing_asks_only_when_a_dataset_is_lost(granting: GrantWorld, ada: Machine) -> None:
    bob = granting.member("bob", ada.nodes[0])
    (dataset,) = ada.platform.datasets.list()
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.MANAGER)
    good(bob, "dataset", "grant", "spike-rate", "--dataset", "d")
    before = users(ada)
    good(bob, "workflow", "update", "spike-rate", "--renew-identity")
    assert set(before).isdisjoint(users(ada))
    ada.platform.collaborators.set_user(dataset.id, bob.who.user.id, Role.VIEWER)
    words = ("workflow", "update", "spike-rate", "--renew-identity")
    refused = typed(bob, *words)
    assert refused.code == 2
    assert "loses access to dataset 'd': your role there is viewer" in refused.err
    assert grants_of(bob) == [("d", "read-write")]
    no = typed(bob, *words, answers="n\n", terminal=True)
    assert "nothing was changed" in no.err
    done = good(bob, *words, "--yes", "--json").document
    assert done["datasets_lost"] == [dataset.id]
    assert grants_of(bob) == []


def test_updating_two_things_at_once_is_refused(ada: Machine) -> None:
    result = typed(ada, "workflow", "update", "spike-rate", "--renew-identity", "--to", "v2")
    assert (result.code, "--renew-identity" in result.err) == (2, True)


@pytest.mark.parametrize("word", ["archive", "remove"])
def test_archive_and_restore_take_the_identity_along(ada: Machine, word: str) -> None:
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    archived = good(ada, "workflow", word, "spike-rate", "--yes")
    assert "its grants are remembered ('d' (read and write))" in archived.err
    assert users(ada) == []
    assert ada.keychain.secrets == {}
    (row,) = good(ada, "dataset", "grants", "--json").document
    assert row["workflow"] == "spike-rate (archived)"
    asked = typed(ada, "workflow", "restore", "spike-rate", answers="y\n", terminal=True)
    assert asked.code == 0
    assert "grant again: 'd' (read and write)?" in asked.err
    (dataset,) = ada.platform.datasets.list()
    (workflow,) = ada.platform.workflows.list(ada.who.workspace.id)
    assert ada.world.reaches(ada.nodes[0], workflow, Kind.WRITE, dataset.id) == 200


def test_a_workflow_is_restored_without_grants_when_that_is_wanted(ada: Machine) -> None:
    good(ada, "dataset", "grant", "spike-rate", "--dataset", "d")
    good(ada, "workflow", "archive", "spike-rate", "--yes")
    result = typed(ada, "workflow", "restore", "spike-rate", answers="n\n", terminal=True)
    assert result.code == 0
    assert "nothing is granted again" in result.err
    assert users(ada) == []


def test_a_workflow_without_nodes_and_grants_is_archived_as_ever(ada: Machine) -> None:
    ada.nodes = []
    good(ada, "workflow", "archive", "spike-rate", "--yes")
    good(ada, "workflow", "restore", "spike-rate")
