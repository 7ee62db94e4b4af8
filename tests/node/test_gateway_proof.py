"""How callers of a node prove who they are."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.errors import Forbidden
from tests.node.cloud import ACCOUNT, ADMIN, GATEWAY, Key
from tests.node.gateway_calls import asked, code, raw
from tests.node.owned import (
    Owned,
    start,
    user,
)


def test_a_proof_is_asked_for_once_in_a_quarter_of_an_hour(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob, before = node.caller("bob"), node.cloud.asked_sts
    for _ in range(3):
        bob.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before + 1
    node.world.clock += 1000
    bob.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before + 2


def test_a_ticket_is_good_for_its_time_and_its_function_alone(node: Owned) -> None:
    node.furnish(share=user("owner"))
    first = asked(node, raw(node, "owner"))
    ticket, until = first["ticket"]["value"], first["ticket"]["until"]
    assert until == int(node.world.clock) + 900
    assert ticket not in str(node.world.items)
    again = {"protocol": 1, "method": "GET", "path": "/health", "ticket": ticket}
    assert asked(node, again)["status"] == 200
    assert code(asked(node, again, ADMIN)) == (401, "ticket")
    assert code(asked(node, again | {"ticket": "0" * 64})) == (401, "ticket")
    assert code(asked(node, {**again, "ticket": None})) == (401, "no-proof")
    node.world.clock += 901
    assert code(asked(node, again)) == (401, "ticket")


def test_a_ticket_of_another_caller_gives_what_that_one_may_and_no_more(node: Owned) -> None:
    """It is as secret as a password of 15 minutes; what it opens is looked up at each call."""
    owner = node.furnish(share=user("bob"))
    node.caller("bob")
    first = asked(node, raw(node))
    stolen = {"protocol": 1, "ticket": first["ticket"]["value"], "method": "GET"}
    as_eve = stolen | {"person": {"name": "Eve", "email": "eve@example.org"}}
    assert code(asked(node, as_eve | {"path": "/shares"}, ADMIN)) == (401, "ticket")
    assert code(asked(node, as_eve | {"path": "/shares"})) == (404, "no-such-request")
    begun = asked(node, as_eve | {"method": "POST", "path": "/runs", "body": start()})
    (run,) = owner.ask("GET", "/runs")["runs"]
    assert (run["id"], run["caller"]) == (begun["body"]["run"], user("bob"))
    owner.ask("DELETE", "/shares", {"arn": user("bob")})
    assert asked(node, as_eve | {"path": "/runs"})["status"] == 403


def test_a_proof_is_good_for_one_request_of_one_function(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    before = node.cloud.asked_sts
    event = raw(node)
    assert asked(node, event)["status"] == 200
    assert code(asked(node, event)) == (401, "replayed")
    lies: dict[str, list[dict[str, Any]]] = {
        "wrong-request": [
            {"path": "/runs"},
            {"person": {"name": "eve"}},
            {"id": "0" * 32},
            {"body": {"a": 1}},
        ],
        "no-id": [{"id": "1"}, {"id": ""}],
    }
    for word, changes in lies.items():
        for change in changes:
            assert code(asked(node, raw(node) | change)) == (401, word)
    assert code(asked(node, raw(node, function=ADMIN))) == (401, "wrong-request")
    elsewhere = GATEWAY.replace("n-gateway", "m-gateway")
    assert code(asked(node, raw(node, function=elsewhere))) == (401, "wrong-request")
    assert node.cloud.asked_sts == before + 1  # nothing else was ever sent to AWS


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"host": "evil.example.org"}, "wrong-host"),
        ({"content-type": "text/plain"}, "malformed"),
        ({"authorization": "Bearer x"}, "malformed"),
        ({"x-forwarded-for": "1.2.3.4"}, "malformed"),
        ({"x-amz-date": "20200101T000000Z"}, "malformed"),
        ({"x-amz-date": "now"}, "malformed"),
        ({"x-amz-security-token": "token"}, "unsigned-header"),
        ({"host": "a\r\nx: y"}, "malformed"),
        ({"host": None}, "malformed"),
        ({"host": 5}, "malformed"),
    ],
)
def test_a_proof_that_is_not_one_is_never_sent_on(
    node: Owned, change: dict[str, Any], word: str
) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    event, before = raw(node), node.cloud.asked_sts
    event["proof"] = {k: v for k, v in {**event["proof"], **change}.items() if v is not None}
    assert code(asked(node, event)) == (401, word)
    assert code(asked(node, event | {"proof": "x"})) == (401, "malformed")
    assert node.cloud.asked_sts == before


def test_a_header_that_is_not_signed_proves_nothing(node: Owned) -> None:
    """The binding could be put on somebody's proof for another place."""
    node.furnish(share=user("bob"))
    node.caller("bob")
    event = raw(node)
    proof = event["proof"]
    unsigned = proof["authorization"].replace(";x-pennsieve-node", "")
    event["proof"] = proof | {"authorization": unsigned}
    assert code(asked(node, event)) == (401, "unsigned-header")


def test_a_wrong_signature_is_refused_by_aws(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    event = raw(node)
    wrong = event["proof"]["authorization"][:-4] + "0000"
    event["proof"]["authorization"] = wrong
    assert code(asked(node, event)) == (401, "refused")


def test_an_old_proof_says_how_far_the_clock_is_off(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob = node.caller("bob")
    node.skews["bob"] = -400
    with pytest.raises(Forbidden, match="clock is 400 seconds behind"):
        bob.ask("GET", "/workflows")
    node.skews["bob"] = 301
    with pytest.raises(Forbidden, match="clock is 301 seconds ahead"):
        bob.ask("GET", "/workflows")
    node.skews["bob"] = 299
    bob.ask("GET", "/workflows")


def test_redirects_of_the_question_are_not_followed(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    node.cloud.redirect = f"{node.cloud.url}/elsewhere"
    answer = asked(node, raw(node))
    assert code(answer) == (401, "refused")


def test_a_session_proves_itself_with_its_token(node: Owned) -> None:
    node.furnish(share=f"arn:aws:iam::{ACCOUNT}:role/Reader")
    key = Key(
        "hidden", "arn:aws:sts::123456789012:assumed-role/Reader/s", token="session", may={GATEWAY}
    )
    assert node.caller("session", key=key).ask("GET", "/workflows")["workflows"]
