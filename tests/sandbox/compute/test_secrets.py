"""Secrets of compute nodes: kept apart, given to processors, and never seen again."""

from __future__ import annotations

import json
import stat
import threading
from typing import Any

import pytest

from pennsieve_agent.engine.backend import Log, Outcome, Task
from pennsieve_agent.sandbox.compute.masking import Masking
from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, Lab, Ready, wait_for

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


def test_more_than_a_node_keeps(lab: Lab, node: str) -> None:
    for number in range(6):
        assert _set(lab, node, {f"K{number}": "v" * 10_000}).status_code == 200
    answer = _set(lab, node, {"K7": "v" * 10_000})
    assert answer.status_code == 500
    assert answer.json() == {"message": "failed to communicate with provisioner"}


def test_a_delete_that_names_nothing(lab: Lab, node: str) -> None:
    for query in ({}, {"key": ""}, {"deleteAll": "yes"}):
        answer = lab.client().delete(f"{NODES}/{node}/secrets", params=query)
        assert answer.status_code == 400
        assert answer.json() == {"message": "must specify 'key' or 'deleteAll=true'"}


def test_values_are_in_a_private_file_and_nowhere_else(lab: Lab, node: str) -> None:
    value = "hunter2-correct-horse"
    _set(lab, node, {"PASSWORD": value})
    lab.world.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    holding = [
        path
        for path in lab.world.data.rglob("*")
        if path.is_file() and value.encode() in path.read_bytes()
    ]
    assert [path.name for path in holding] == [f"{node}.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(holding[0].parent.stat().st_mode) == 0o700
    client = lab.client()
    for path in ("", "/secrets", "/shared-secrets", "/permissions"):
        assert value not in client.get(f"{NODES}/{node}{path}").text


def test_they_go_with_their_node(lab: Lab, node: str) -> None:
    _set(lab, node, {"A": "1"})
    file = lab.world.data / "node-secrets" / f"{node}.json"
    assert file.exists()
    lab.world.store.execute(
        "UPDATE compute_nodes SET self_managed = ?, task = 'DELETE' WHERE uuid = ?",
        (json.dumps({"stackName": "s"}), node),
    )
    lab.start()  # a task that an earlier process left
    wait_for(lambda: lab.client().get(f"{NODES}/{node}").status_code == 404)
    wait_for(lambda: not file.exists())


def test_processors_get_them_and_logs_do_not(ready: Ready) -> None:
    def tell(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del stop
        seen.update(task.job.environment)
        log(f"signing in with {task.job.environment['TOKEN']} twice {seen['TOKEN']}!")
        log(json.dumps({"key": seen["PEM"].splitlines()[1]}))
        return Outcome(4, f"refused {seen['TOKEN']}")

    seen: dict[str, str] = {}
    ready.lab.backend.behaviour = tell
    pem = "-----BEGIN-----\nMIIEpAIBAAKCAQEA\n-----END-----\n"
    _set(ready.lab, ready.node, {"TOKEN": "shared-one", "REGION": "x"}, kind="shared-secrets")
    _set(ready.lab, ready.node, {"TOKEN": "s3cr3t", "PEM": pem})
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert (seen["TOKEN"], seen["PEM"]) == ("s3cr3t", pem)  # one's own before the shared one
    assert seen["REGION"] == "x"  # not a protected name (contracts/workflows.md 5.2)
    assert ready.lab.lines(run, "sum") == [
        "signing in with *** twice ***!",
        '{"key": "***"}',
        "refused ***",
    ]
    text = ready.lab.client().get(f"/compute/workflows/runs/{run}").text
    assert "s3cr3t" not in text
    assert "TOKEN" not in text


def test_a_run_gets_its_starters_secrets_only(ready: Ready) -> None:
    ready.lab.world.store.execute(
        "INSERT INTO compute_node_access VALUES (?, ?, 'shared', '', '', '')",
        (f"user#{ready.lab.user_id(BEN)}", ready.node),
    )
    _set(ready.lab, ready.node, {"BENS": "1"}, email=BEN)
    _set(ready.lab, ready.node, {"ADAS": "1"})
    ready.lab.wait(ready.start())
    environment = ready.lab.backend.tasks[0].job.environment
    assert environment["ADAS"] == "1"
    assert "BENS" not in environment


def test_masking_takes_the_longest_first() -> None:
    mask = Masking(["abc", "abcdef", "", "  ", "x.y"])
    assert mask("abcdef abc xzy x.y ab") == "*** *** xzy *** ab"
    assert Masking([])("abc") == "abc"
    assert Masking(["{\nlong enough\n}"])("{ } long enough") == "{ } ***"
