"""Rows on a node and statements in AWS: one follows the other, and AWS's room is known."""

from __future__ import annotations

import pytest

from pennsieve_agent.account.world.find_nodes import nodes_in
from pennsieve_agent.account.world.node_shares import Share, look_at_shares, share, unshare
from pennsieve_agent.aws.function_policy import MOST_BYTES, function_policy
from pennsieve_agent.domain.aws_principals import parse_principal
from pennsieve_agent.errors import UsageProblem
from tests.account.registry import WORKSPACE
from tests.account.scene import Scene
from tests.aws.emulator import IGNORED

pytestmark = pytest.mark.filterwarnings(IGNORED)
ROLE = parse_principal("arn:aws:iam::222233334444:role/analysts")


def test_shared_twice_it_has_all_workflows_and_one_statement(scene: Scene) -> None:
    node = scene.register()
    client = scene.clients.client(node)
    share(scene.aws, client, node, Share(ROLE, ("a", "b")))
    now = share(scene.aws, client, node, Share(ROLE, ("b", "c")))
    assert now.workflows == ("a", "b", "c")
    (statement,) = function_policy(scene.aws, node.gateway).values()
    assert statement["Action"] == "lambda:InvokeFunction"
    assert "222233334444" in str(statement["Principal"])
    found = look_at_shares(scene.aws, client, node)
    assert (found.missing, found.stray) == ((), ())

    assert unshare(scene.aws, client, node, ROLE)
    assert not unshare(scene.aws, client, node, ROLE)
    assert function_policy(scene.aws, node.gateway) == {}


def test_aws_has_room_for_so_many(scene: Scene) -> None:
    node = scene.register()
    client = scene.clients.client(node)

    def share_with_many() -> None:
        for number in range(200):
            who = parse_principal(f"arn:aws:iam::222233334444:role/{'r' * 50}-{number}")
            share(scene.aws, client, node, Share(who, ("w",)))

    with pytest.raises(UsageProblem, match="AWS allows no more"):
        share_with_many()
    found = look_at_shares(scene.aws, client, node)
    assert len(found.rows) == len(found.statements) > 20
    assert found.bytes <= MOST_BYTES


def test_nodes_are_found_by_the_tags_of_their_stacks(scene: Scene) -> None:
    first = scene.register()
    second = scene.named("other").register()
    assert nodes_in(scene.aws, WORKSPACE) == (first, second)
    assert nodes_in(scene.aws, "N:organization:2") == ()
