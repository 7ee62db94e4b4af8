"""Secrets of a node: one parameter each, names in the table, values read once for each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pennsieve_agent.node.identity.node_secrets import MOST_BYTES, NodeSecrets, hidden_values
from pennsieve_agent.node.node import Node
from tests.node.world import Killed, World

PLACE = "/pennsieve-node/0a1b2c3d/secrets"


@pytest.fixture
def world() -> World:
    return World()


def reads(world: World, node: Node, scope: str = "shared") -> tuple[dict[str, str], int]:
    """The values of a scope, and how often Parameter Store was asked for them."""
    before = world.calls["parameters.get_parameters"]
    values = NodeSecrets(node).values(scope)
    return values, world.calls["parameters.get_parameters"] - before


def test_each_secret_is_a_parameter_of_its_own(world: World) -> None:
    secrets = NodeSecrets(world.node())
    secrets.merge("shared", {"A": "one", "B": "two"})
    secrets.merge("user-N-user-ada", {"A": "mine"})
    assert world.parameters == {
        f"{PLACE}/shared/A": "one",
        f"{PLACE}/shared/B": "two",
        f"{PLACE}/user-N-user-ada/A": "mine",
    }
    assert "one" not in str(world.items)
    assert sorted(secrets.names("shared")) == ["A", "B"]


@pytest.mark.parametrize("value", ["", "x" * (MOST_BYTES + 1), "ü" * (MOST_BYTES // 2 + 1)])
def test_what_a_free_parameter_does_not_hold_is_refused_whole(world: World, value: str) -> None:
    secrets = NodeSecrets(world.node())
    with pytest.raises(ValueError, match=r"the value of the secret 'B' has \d+ bytes; it can have"):
        secrets.merge("shared", {"A": "good", "B": value})
    assert world.parameters == {}
    secrets.merge("shared", {"B": "x" * MOST_BYTES})


def test_a_name_that_is_no_variables_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="the name of an environment variable"):
        NodeSecrets(world.node()).merge("shared", {"../workflows/w/read": "x"})


def test_values_are_read_again_only_when_they_changed(world: World) -> None:
    """Parameter Store answers 40 requests a second, and each page of a log is masked."""
    node, other = world.node(), world.node()
    NodeSecrets(node).merge("shared", {f"K{n}": f"value-{n}" for n in range(11)})
    assert reads(world, node)[1] == 2  # ten at once
    assert reads(world, node)[1] == 0
    NodeSecrets(other).merge("shared", {"K3": "newer"})
    values, asked = reads(world, node)
    assert (values["K3"], asked) == ("newer", 1)
    NodeSecrets(other).remove("shared", "K3")
    values, asked = reads(world, node)
    assert ("K3" in values, asked) == (False, 0)
    assert "value-4" in hidden_values(node, "N:user:ada")


@dataclass
class Busy(World):
    """A world in which something happens just after an item was read."""

    between: list[Callable[[], None]] = field(default_factory=list)

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        answer = super().call(name, effect)
        if name == "table.get_item" and self.between:
            self.between.pop()()
        return answer


def test_two_who_set_secrets_at_once_both_keep_theirs() -> None:
    world = Busy()
    NodeSecrets(world.node()).merge("shared", {"A": "one"})
    world.between = [lambda: NodeSecrets(world.node()).merge("shared", {"B": "two"})]
    NodeSecrets(world.node()).merge("shared", {"C": "three"})
    assert sorted(NodeSecrets(world.node()).names("shared")) == ["A", "B", "C"]


@pytest.mark.parametrize("where", ["parameters.put_parameter", "table.put_item"])
def test_who_is_interrupted_can_do_it_again(world: World, where: str) -> None:
    secrets = NodeSecrets(world.node())
    world.kill_on = where
    with pytest.raises(Killed):
        secrets.merge("shared", {"A": "one"})
    secrets.merge("shared", {"A": "one"})
    assert secrets.values("shared") == {"A": "one"}
    world.kill_on = "parameters.delete_parameters"
    with pytest.raises(Killed):
        secrets.remove("shared")
    secrets.remove("shared")
    assert (world.parameters, secrets.names("shared")) == ({}, {})
