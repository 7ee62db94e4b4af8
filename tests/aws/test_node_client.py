"""Calling a node with botocore over HTTP: what goes wrong on the way, in words with a next step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.aws import node_client
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.own_node import functions_log_group
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.tickets import Ticket
from pennsieve_agent.errors import (
    AgentError,
    AwsError,
    Forbidden,
    NodeError,
    NodeNewer,
    NodeOlder,
    NodeUnreachable,
    NotPermitted,
)
from pennsieve_agent.node import gateway
from pennsieve_agent.node.api import request_handler
from pennsieve_agent.settings.node_tickets import KeychainTickets
from tests.node.cloud import ACCOUNT, ADMIN, GATEWAY
from tests.node.owned import WORKFLOW, Owned, owned, start, user
from tests.settings.keychains import MemoryKeychain


@pytest.fixture
def node() -> Iterator[Owned]:
    with owned() as found:
        found.furnish(share=user("bob"))
        yield found


def fails(kind: type[AgentError], client: Any, *words: str) -> AgentError:
    with pytest.raises(kind) as caught:
        client.ask("GET", "/workflows")
    text = f"{caught.value.message} {caught.value.hint}"
    for each in words:
        assert each in text
    return caught.value


def test_a_call_over_http_by_a_user_and_by_the_owner(node: Owned) -> None:
    bob, owner = node.over_http("bob"), node.over_http("owner", owner=True)
    run = bob.ask("POST", "/runs", body=start())["run"]
    assert owner.ask("GET", f"/runs/{run}")["caller"] == user("bob")
    assert owner.ask("GET", "/shares", admin=True)["shares"][0]["workflows"] == [WORKFLOW]
    before = len(node.cloud.calls)
    with pytest.raises(Forbidden, match="only the owner of compute node 'heart'"):
        bob.ask("GET", "/shares", admin=True)
    assert len(node.cloud.calls) == before


def test_without_credentials_it_is_said_how_to_get_some(node: Owned, tmp_path: Path) -> None:
    empty, config = tmp_path / "none", tmp_path / "config"
    empty.touch()
    config.write_text("[default]\nregion = us-east-1\n")
    where = AwsSettings(endpoint=node.cloud.url, config_file=config, credentials_file=empty)
    session = Aws(where, provider="shared-credentials-file")
    error = fails(
        AwsError,
        node.client("bob", session),
        "no AWS credentials on this machine",
        "aws sso login",
    )
    assert "heart" in error.message


def test_a_function_that_is_gone(node: Owned) -> None:
    bob = node.over_http("bob")
    del node.cloud.functions[GATEWAY]
    error = fails(NodeUnreachable, bob, "is gone", "pennsieve compute list")
    assert error.where == GATEWAY


def test_a_right_that_is_missing_in_aws_is_named(node: Owned) -> None:
    bob, owner = node.over_http("bob"), node.over_http("owner", owner=True)
    for key in node.cloud.keys.values():
        key.may = set()
    fails(NotPermitted, bob, f"lambda:InvokeFunction on {GATEWAY}", "pennsieve compute share")
    fails(NotPermitted, owner, f"lambda:InvokeFunction on {ADMIN}", "AWS_PROFILE=NAME")


def test_a_busy_node_is_asked_again_with_growing_pauses(node: Owned) -> None:
    bob, began = node.over_http("bob"), node.world.clock
    node.cloud.busy = 3
    bob.ask("GET", "/workflows")
    assert node.world.clock > began
    node.cloud.busy = 1000
    fails(NodeUnreachable, bob, "too busy", "wait a minute")
    assert node.world.clock - began > 15


def test_a_table_that_is_busy_is_asked_again_too(node: Owned) -> None:
    bob = node.caller("bob")
    bob.ask("GET", "/workflows")
    node.world.throttled = {"table.query"}
    fails(NodeUnreachable, bob, "ThrottlingException")
    assert node.cloud.calls[-1]["path"] == node.cloud.calls[-6]["path"] == "/workflows"


def test_a_refused_ticket_is_replaced_by_a_proof_exactly_once(node: Owned) -> None:
    bob = node.caller("bob")
    bob.ask("GET", "/workflows")
    for key in [key for key in node.world.items if key[0].startswith("TICKET")]:
        del node.world.items[key]
    before = len(node.cloud.calls)
    bob.ask("GET", "/workflows")
    assert ["ticket" in event for event in node.cloud.calls[before:]] == [True, False]
    del node.cloud.keys["AKIABOB0000000000000"]
    node.world.clock += 1000
    node.cloud.keys["AKIABOB0000000000000"] = replace_key(node)
    before = len(node.cloud.calls)
    fails(Forbidden, bob, "AWS refused the proof")
    assert len(node.cloud.calls) == before + 1


def replace_key(node: Owned) -> Any:
    """Keys that AWS no longer takes."""
    return replace(node.cloud.keys["AKIAOWNER00000000000"], secret="another", may={GATEWAY})


def test_a_call_that_aws_was_made_twice_is_answered(node: Owned) -> None:
    """The first answer was lost on the way, and botocore sent the same once more."""
    bob = node.over_http("bob")
    node.cloud.twice = True
    asks = start()
    assert bob.ask("POST", "/runs", body=asks) == {"run": asks["id"], "created": False}
    assert len([key for key in node.world.items if key[0] == "RUNS"]) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"protocol": {"least": 2, "most": 3}}, NodeNewer, "update this program"),
        ({"protocol": {"least": 0, "most": 0}}, NodeOlder, "ask its owner to type"),
    ],
)
def test_another_protocol_says_which_to_update(
    node: Owned, answer: dict[str, Any], kind: type[AgentError], words: str
) -> None:
    bob = node.caller("bob")
    node.cloud.functions[GATEWAY] = lambda _: {"protocol": 2, "status": 426, "body": answer}
    fails(kind, bob, "compute node 'heart'", words)


def test_a_newer_program_and_an_older_node_say_which_is_to_be_updated(
    node: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node answers with its own code; only the program speaks another protocol."""
    owner = node.furnish(share=user("bob"))
    monkeypatch.setattr(node_client, "PROTOCOL", 2)
    older = "is older than this program (it has version 1.2.3)"
    fails(NodeOlder, owner, older, "pennsieve compute update heart")
    fails(NodeOlder, node.caller("bob"), older, "ask its owner")


def test_an_older_program_and_a_newer_node_say_which_is_to_be_updated(
    node: Owned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that still answers this protocol does, and one that no longer does says so."""
    owner = node.furnish()
    monkeypatch.setattr(request_handler, "PROTOCOL", 2)
    monkeypatch.setattr(request_handler, "MOST", 2)
    assert owner.ask("GET", "/health")["version"] == "1.2.3"
    monkeypatch.setattr(request_handler, "LEAST", 2)
    newer = "is newer than this program (it has version 1.2.3)"
    fails(NodeNewer, owner, newer, "update this program")


def test_a_node_of_before_this_protocol_is_older(node: Owned) -> None:
    owner = node.owner
    node.cloud.functions[ADMIN] = lambda _: {"status": 404, "body": {"message": "no request"}}
    fails(NodeOlder, owner, "pennsieve compute update heart")
    bob = node.caller("bob")
    with pytest.raises(NodeOlder):
        bob.ask("GET", "/new-in-another-version")


def test_a_function_that_fails_says_where_its_log_is(node: Owned) -> None:
    bob = node.caller("bob")
    node.cloud.functions[GATEWAY] = lambda _: None
    group = functions_log_group(bob.node.token)
    fails(NodeError, bob, "gave no usable answer", f"aws logs tail {group} --since 1h --region")


def test_tickets_are_kept_in_the_keychain_and_by_key(node: Owned) -> None:
    keychain = MemoryKeychain()
    bob = node.caller("bob")
    bob._tickets = KeychainTickets(keychain)
    bob.ask("GET", "/workflows")
    before = node.cloud.asked_sts
    again = node.caller("bob")
    again._tickets = KeychainTickets(keychain)
    again.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before
    node.owner.ask("PUT", "/shares", body={"arn": ACCOUNT, "workflows": [WORKFLOW]})
    before = node.cloud.asked_sts
    eve = node.caller("eve")
    eve._tickets = KeychainTickets(keychain)
    eve.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before + 1


def test_without_a_keychain_each_command_proves_itself() -> None:
    locked = MemoryKeychain()
    locked.locked = True
    tickets = KeychainTickets(locked)
    tickets.put("place", Ticket("secret", 5.0))
    assert tickets.get("place") == Ticket("secret", 5.0)
    assert KeychainTickets(locked).get("place") is None
    tickets.drop("place")
    assert tickets.get("place") is None
    assert "secret" not in repr(Ticket("secret", 5.0))


def test_the_users_function_never_answers_what_is_not_an_event(node: Owned) -> None:
    events: tuple[Any, ...] = ({}, [], None, "text", {"protocol": 1, "proof": 5})
    for event in events:
        assert gateway.request_handler.handle(event, node.world.node())["status"] in {401, 426}
