"""Secrets of compute nodes: who may set and list them, and that the node alone has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, Lab

NODES = "/compute/resources/compute-nodes"


def _set(lab: Lab, node: str, secrets: Any, *, kind: str = "secrets", email: str = ADA) -> Any:
    body = {"secrets": secrets}
    return lab.client(email).patch(f"{NODES}/{node}/{kind}", json=body)


@pytest.fixture
def node(lab: Lab) -> str:
    account = lab.account()
    lab.enable(account)
    return lab.node(account, organizationId=lab.organization)


@pytest.mark.parametrize(
    ("kind", "word"), [("secrets", "secret"), ("shared-secrets", "shared secret")]
)
def test_set_list_and_remove(lab: Lab, node: str, kind: str, word: str) -> None:
    path = f"{NODES}/{node}/{kind}"
    client = lab.client()
    assert client.get(path).json() == {"keys": []}
    answer = _set(lab, node, {"B": "1", "A": "2"}, kind=kind)
    assert (answer.status_code, answer.json()) == (200, {"message": f"{word}s updated"})
    _set(lab, node, {"C": "3"}, kind=kind)
    assert client.get(path).json() == {"keys": ["A", "B", "C"]}
    gone = client.delete(path, params={"key": "B"})
    assert (gone.status_code, gone.json()) == (200, {"message": f"{word} 'B' deleted"})
    assert client.delete(path, params={"key": "never"}).status_code == 200
    assert client.get(path).json() == {"keys": ["A", "C"]}
    every = client.delete(path, params={"deleteAll": "true"})
    assert (every.status_code, every.json()) == (200, {"message": f"all {word}s deleted"})
    assert client.get(path).json() == {"keys": []}


def test_trap_15_a_deleted_key_is_not_escaped(lab: Lab, node: str) -> None:
    answer = lab.client().delete(f"{NODES}/{node}/secrets", params={"key": 'a"b'})
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_each_person_has_their_own(lab: Lab, node: str) -> None:
    lab.client().put(f"{NODES}/{node}/permissions", json={"accessScope": "workspace"})
    _set(lab, node, {"MINE": "1"})
    _set(lab, node, {"BENS": "1"}, email=BEN)
    assert lab.client(BEN).get(f"{NODES}/{node}/secrets").json() == {"keys": ["BENS"]}
    assert lab.client().get(f"{NODES}/{node}/secrets").json() == {"keys": ["MINE"]}


def test_shared_ones_are_read_by_users_and_written_by_managers(lab: Lab, node: str) -> None:
    path = f"{NODES}/{node}/shared-secrets"
    lab.client().put(f"{NODES}/{node}/permissions", json={"accessScope": "workspace"})
    _set(lab, node, {"KEY": "1"}, kind="shared-secrets")
    assert lab.client(BEN).get(path).json() == {"keys": ["KEY"]}
    for answer in (
        _set(lab, node, {"KEY": "2"}, kind="shared-secrets", email=BEN),
        lab.client(BEN).delete(path, params={"key": "KEY"}),
    ):
        assert answer.status_code == 403
        assert answer.json() == {"message": "only owner can change permissions"}
    # An administrator manages it only where the account is public (0.5).
    assert _set(lab, node, {"KEY": "2"}, kind="shared-secrets", email=CLEO).status_code == 403


def test_an_administrator_of_a_public_account_manages_shared_ones(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account, isPublic=True)
    node = lab.node(account, organizationId=lab.organization)
    answer = _set(lab, node, {"KEY": "2"}, kind="shared-secrets", email=CLEO)
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["secrets", "shared-secrets"])
def test_who_has_no_access(lab: Lab, node: str, kind: str) -> None:
    path = f"{NODES}/{node}/{kind}"
    dan = lab.client(DAN)
    assert dan.get(path).json() == {"message": "forbidden"}
    words = "forbidden" if kind == "secrets" else "only owner can change permissions"
    for answer in (
        dan.patch(path, content=b"{"),  # permission is asked before the body is read
        dan.delete(path),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": words})


@pytest.mark.parametrize("kind", ["secrets", "shared-secrets"])
def test_a_node_that_is_not_there(lab: Lab, kind: str) -> None:
    path = f"{NODES}/nowhere/{kind}"
    client = lab.client()
    for answer in (client.get(path), client.patch(path, content=b"{"), client.delete(path)):
        assert (answer.status_code, answer.json()) == (404, {"message": "not found"})


@pytest.mark.parametrize("kind", ["secrets", "shared-secrets"])
def test_a_pending_node_has_no_gateway(lab: Lab, kind: str) -> None:
    path = f"{NODES}/{lab.node(lab.account(), status='Pending')}/{kind}"
    client = lab.client()
    for answer in (client.get(path), client.patch(path, content=b"{"), client.delete(path)):
        assert (answer.status_code, answer.json()) == (400, {"message": "bad request"})
    assert lab.client(BEN).get(path).status_code == 403  # permission comes first


@pytest.mark.parametrize(
    ("secrets", "text"),
    [
        ({}, "bad request"),
        (None, "bad request"),
        ({"A": 1}, "error unmarshaling body"),
        ([], "error unmarshaling body"),
        ({f"K{n}": "v" for n in range(51)}, "too many secrets (max 50)"),
        ({"K" * 257: "v"}, "secret key exceeds max length (256)"),
        ({"K": "é" * 5001}, "secret value exceeds max length (10000)"),
        ({"1a": "v"}, 'invalid secret key "1a": must match ^[A-Za-z_][A-Za-z0-9_]*$'),
        ({"": "v"}, 'invalid secret key "": must match ^[A-Za-z_][A-Za-z0-9_]*$'),
        ({"A\n": "v"}, 'invalid secret key "A\n": must match ^[A-Za-z_][A-Za-z0-9_]*$'),
        (
            {"CALLBACK_TOKEN": "v"},
            'reserved secret key "CALLBACK_TOKEN": this name is used by the system',
        ),
        ({"params": "v"}, 'reserved secret key "params": this name is used by the system'),
    ],
)
@pytest.mark.parametrize("kind", ["secrets", "shared-secrets"])
def test_what_is_refused(lab: Lab, node: str, kind: str, secrets: Any, text: str) -> None:
    answer = _set(lab, node, secrets, kind=kind)
    assert (answer.status_code, answer.json()) == (400, {"message": text})
    assert lab.client().get(f"{NODES}/{node}/{kind}").json() == {"keys": []}


def test_one_bad_secret_keeps_all_out(lab: Lab, node: str) -> None:
    assert _set(lab, node, {"GOOD": "1", "not good": "2"}).status_code == 400
    assert lab.client().get(f"{NODES}/{node}/secrets").json() == {"keys": []}


def test_limits_that_just_fit(lab: Lab, node: str) -> None:
    assert _set(lab, node, {"K" * 256: "v" * 10_000}).status_code == 200
    assert _set(lab, node, {f"K{n}": "v" for n in range(50)}).status_code == 200
    assert _set(lab, node, {"LAYERS_DIR": "not reserved"}).status_code == 200


def test_a_delete_that_names_nothing(lab: Lab, node: str) -> None:
    for query in ({}, {"key": ""}, {"deleteAll": "yes"}):
        answer = lab.client().delete(f"{NODES}/{node}/secrets", params=query)
        assert answer.status_code == 400
        assert answer.json() == {"message": "must specify 'key' or 'deleteAll=true'"}


def test_values_are_the_nodes_and_nowhere_else(lab: Lab, node: str) -> None:
    value = "hunter2-correct-horse"
    _set(lab, node, {"PASSWORD": value})
    lab.world.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in lab.world.data.rglob("*") if path.is_file()]
    assert not [path for path in files if value.encode() in path.read_bytes()]
    client = lab.client()
    for path in ("", "/secrets", "/shared-secrets", "/permissions"):
        assert value not in client.get(f"{NODES}/{node}{path}").text


def test_a_node_that_does_not_answer(lab: Lab, node: str) -> None:
    lab.acted.silent = True
    for answer in (lab.client().get(f"{NODES}/{node}/secrets"), _set(lab, node, {"A": "1"})):
        assert answer.status_code == 500
        assert answer.json() == {"message": "failed to communicate with provisioner"}
