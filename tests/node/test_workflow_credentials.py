from __future__ import annotations

import threading
from typing import Any

import pytest

from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.node.identity.workflow_session import LEASE_SECONDS, NoKey, Signed
from tests.node.own_world import READ_KEY, SECRET, WORKFLOW, WRITE_KEY, OwnWorld, identity_body

HOUR = 3600.0


def signed(world: OwnWorld, kind: Kind = Kind.READ) -> Signed:
    """As a function that has just been started."""
    return Signed(world.node(), WORKFLOW, kind, "spike-rate")


def test_keys_are_secret_parameters_and_what_is_shown_has_none(own: OwnWorld) -> None:
    own.hand_over()
    rows = own.client("ssm").describe_parameters()["Parameters"]
    assert {row["Type"] for row in rows} == {"SecureString"}
    start = f"/pennsieve-node/0a1b2c3d/workflows/{WORKFLOW}/"
    names = {f"{start}{kind}{part}" for kind in Kind for part in ("", "-key", "-secret")}
    assert {row["Name"] for row in rows} == names
    shown = workflow_credentials.shown(own.node(), WORKFLOW)
    assert shown["read"] == {
        "integration": 7,
        "user": "N:user:r",
        "by": {"name": "Ada", "email": "ada@example.org"},
        "at": own.pennsieve.clock,
    }
    table = own.client("dynamodb").scan(TableName="t")["Items"]
    for secret in (READ_KEY, WRITE_KEY, SECRET):
        assert secret not in repr(shown)
        assert secret not in repr(table)


def test_the_nodes_own_key_encrypts_them_where_there_is_one(own: OwnWorld) -> None:
    key = own.client("kms").create_key()["KeyMetadata"]["Arn"]
    node = own.node()
    object.__setattr__(node.settings, "key", key)
    workflow_credentials.put(node, WORKFLOW, identity_body())
    rows = own.client("ssm").describe_parameters()["Parameters"]
    assert {row["KeyId"] for row in rows} == {key}


def test_a_kind_that_is_not_named_stays_and_null_removes_it(own: OwnWorld) -> None:
    node, body = own.node(), identity_body()
    workflow_credentials.put(node, WORKFLOW, {"read": body["read"]})
    assert workflow_credentials.held(node) == {WORKFLOW: "read"}
    workflow_credentials.put(node, WORKFLOW, {"write": body["write"]})
    assert workflow_credentials.held(node) == {WORKFLOW: "read-write"}
    workflow_credentials.put(node, WORKFLOW, {"write": None})
    assert workflow_credentials.shown(node, WORKFLOW)["write"] is None
    workflow_credentials.remove(node, WORKFLOW)
    workflow_credentials.remove(node, WORKFLOW)
    assert workflow_credentials.held(node) == {}
    assert own.client("ssm").describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"by": {}},
        {"read": "key"},
        {"read": {"integration": "7", "user": "u", "key": "k", "secret": "s"}},
        {"read": {"integration": 7, "user": "u", "key": "", "secret": "s"}},
        {"read": {"integration": 7, "user": "u", "key": "k\n", "secret": "s"}},
        {"write": {"integration": 7, "user": "u", "key": "k"}},
    ],
)
def test_what_is_no_identity_changes_nothing(own: OwnWorld, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"identity|read|write"):
        workflow_credentials.put(own.node(), WORKFLOW, wrong)
    for workflow in ("", "../x", "a/b"):
        with pytest.raises(ValueError, match="belongs to a workflow"):
            workflow_credentials.put(own.node(), workflow, identity_body())
    assert own.client("ssm").describe_parameters()["Parameters"] == []


def test_200_steps_sign_in_once_an_hour(own: OwnWorld) -> None:
    own.hand_over()
    tokens = set()
    for _ in range(200):  # each in a new environment, which remembers nothing
        own.pennsieve.clock += 10
        tokens.add(signed(own).token())
    assert (len(tokens), own.pennsieve.sign_ins) == (1, 1)


def test_thirty_hours_always_have_a_token_that_is_good_for_minutes(own: OwnWorld) -> None:
    own.hand_over()
    kept = signed(own, Kind.WRITE)
    for _ in range(30 * 6):
        own.pennsieve.clock += 600
        for one in (kept, signed(own, Kind.WRITE)):
            _, until = own.pennsieve.tokens[one.token()]
            assert until - own.pennsieve.clock >= 300
    assert 30 <= own.pennsieve.sign_ins <= 34


def test_functions_that_need_a_session_at_once_open_one(own: OwnWorld) -> None:
    own.hand_over()
    tokens: list[str] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(signed(own).token())) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(tokens) == 6
    assert len(set(tokens)) == own.pennsieve.sign_ins == 1


def test_one_that_was_killed_while_it_signed_in_holds_nobody_up(own: OwnWorld) -> None:
    own.hand_over()
    assert signed(own)._take()  # and never comes back
    began = own.pennsieve.clock
    assert signed(own).token()
    assert own.pennsieve.clock - began <= LEASE_SECONDS + 2


def test_pennsieve_down_or_busy_is_worth_asking_again(own: OwnWorld) -> None:
    own.hand_over()
    own.pennsieve.down = True
    with pytest.raises(Down):
        signed(own).token()
    own.pennsieve.down, own.pennsieve.throttles = False, 1
    with pytest.raises(Down, match="TooManyRequests"):
        signed(own).token()
    assert signed(own).token()


def test_a_key_deleted_on_pennsieve_is_told_with_what_to_type(own: OwnWorld) -> None:
    own.hand_over()
    token = signed(own).token()
    own.pennsieve.keys.clear()
    with pytest.raises(NoKey) as error:
        signed(own).renewed(token)
    assert str(error.value) == (
        "workflow 'spike-rate' can no longer sign in: its key was deleted on Pennsieve; "
        "renew it with: pennsieve workflow update 'spike-rate' --renew-identity"
    )
    workflow_credentials.remove(own.node(), WORKFLOW)
    with pytest.raises(NoKey, match="has no key on this compute node"):
        signed(own).token()


def test_a_new_key_makes_an_old_session_worthless(own: OwnWorld) -> None:
    own.hand_over()
    old = signed(own).token()
    workflow_credentials.put(
        own.node(), WORKFLOW, {"read": {**identity_body(2)["read"], "key": "new-key"}}
    )
    own.pennsieve.keys["new-key"] = f"{SECRET}2"
    new = signed(own).token()
    assert new != old
    assert own.pennsieve.tokens[new][0] == "new-key"


def test_steps_start_with_almost_the_whole_hour(own: OwnWorld) -> None:
    own.hand_over()
    signed(own).token()
    own.pennsieve.clock += 40 * 60
    signed(own).freshen()
    signed(own).freshen()
    assert own.pennsieve.sign_ins == 2
    (secret,) = [
        row
        for row in workflow_credentials.identity_secrets(own.node(), WORKFLOW, "read")
        if row["name"] == "SESSION_TOKEN"
    ]
    name = secret["valueFrom"].partition(":parameter")[2]
    value = own.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    assert own.pennsieve.tokens[value][1] - own.pennsieve.clock == HOUR


def test_a_workflow_that_was_promised_nothing_gets_nothing(own: OwnWorld) -> None:
    assert workflow_credentials.identity_secrets(own.node(), WORKFLOW, "") == []
    names = [
        row["name"] for row in workflow_credentials.identity_secrets(own.node(), WORKFLOW, "write")
    ]
    assert names == ["PENNSIEVE_API_KEY", "PENNSIEVE_API_SECRET", "SESSION_TOKEN"]
