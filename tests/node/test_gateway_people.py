"""Who sees and may do what on an own node."""

from __future__ import annotations

import pytest

from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NotFound
from tests.node.cloud import ACCOUNT
from tests.node.gateway_calls import asked, code, raw
from tests.node.owned import (
    DATASET,
    OTHER_WORKFLOW,
    WORKFLOW,
    Owned,
    start,
    user,
    version,
)


def test_users_see_their_own_runs_and_the_owner_sees_all(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("PUT", "/shares", body={"arn": ACCOUNT, "workflows": [WORKFLOW]})
    bob, eve = node.caller("bob"), node.caller("eve")
    ids = []
    for client in (bob, eve, bob, owner):
        node.world.clock += 1
        ids.append(start()["id"])
        client.ask("POST", "/runs", body=start(id=ids[-1]))
    assert [run["id"] for run in bob.ask("GET", "/runs")["runs"]] == [ids[2], ids[0]]
    assert [run["id"] for run in eve.ask("GET", "/runs")["runs"]] == [ids[1]]
    everything = owner.ask("GET", "/runs")["runs"]
    assert [run["id"] for run in everything] == ids[::-1]
    assert all("owner" not in run for run in everything)
    for path in ("", "/files", "/outputs", "/logs", "/archive"):
        with pytest.raises(NotFound):
            eve.ask("GET", f"/runs/{ids[0]}{path}")
    with pytest.raises(NotFound):
        eve.ask("POST", f"/runs/{ids[0]}/cancel")
    owner.ask("POST", f"/runs/{ids[0]}/cancel")
    node.world.finish_all()
    assert bob.ask("GET", f"/runs/{ids[0]}")["status"] == "CANCELED"
    with pytest.raises(Conflict, match="has ended"):
        bob.ask("POST", f"/runs/{ids[0]}/cancel")


def test_the_list_of_runs_is_filtered_and_paged(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/versions/v1", body=version("v1", OTHER_WORKFLOW))
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/identity", body={"read": None})
    began = node.world.clock
    ids = []
    for number in range(7):
        node.world.clock += 10
        client = node.caller("bob") if number % 2 else owner
        ids.append(client.ask("POST", "/runs", body=start(name=f"r{number}"))["run"])
    node.world.finish_all()

    def listed(**query: str) -> list[str]:
        found, token = [], ""
        while True:
            page = owner.ask("GET", "/runs", {**query, "limit": "2", "next": token})
            found += [run["name"] for run in page["runs"]]
            if not (token := page["next"]):
                return found

    assert listed() == ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]
    assert listed(caller=user("bob")) == ["r5", "r3", "r1"]
    assert listed(person="BOB@example.org") == ["r5", "r3", "r1"]
    assert listed(status="FAILED,CANCELED") == []
    assert listed(status="SUCCEEDED", dataset=DATASET, workflow="flow 1") == listed()
    assert listed(workflow=OTHER_WORKFLOW) == []
    assert listed(since=str(began + 25), until=str(began + 55)) == ["r4", "r3", "r2"]
    assert listed(since="2026-09-22T00:00:00Z", until="2026-09-21") == []
    with pytest.raises(Invalid, match="since must be a time"):
        owner.ask("GET", "/runs", {"since": "yesterday"})


@pytest.mark.parametrize(
    ("shared", "caller", "is_let_in"),
    [
        (ACCOUNT, user("bob"), True),
        (f"arn:aws:iam::{ACCOUNT}:root", user("bob"), True),
        ("999999999999", user("bob"), False),
        ("999999999999", user("bob", "999999999999"), True),
        (user("bob"), user("bob"), True),
        (user("bob"), user("lab/bob"), False),
        (user("bob"), user("bob", "999999999999"), False),
        (
            "arn:aws:iam::123456789012:role/lab/Reader",
            "arn:aws:sts::123456789012:assumed-role/Reader/laptop",
            True,
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/Reader/laptop",
            "arn:aws:sts::123456789012:assumed-role/Reader/other",
            True,
        ),
        (
            "arn:aws:iam::123456789012:role/Reader",
            "arn:aws:sts::123456789012:assumed-role/Reader2/laptop",
            False,
        ),
        (
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Lab_1",
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Lab_1/ada",
            True,
        ),
    ],
)
def test_whom_a_share_lets_in(node: Owned, shared: str, caller: str, is_let_in: bool) -> None:  # noqa: FBT001 - a case
    owner = node.furnish(share=shared)
    owner.ask("GET", "/health")
    bob = node.caller("bob", caller)
    if is_let_in:
        assert [row["id"] for row in bob.ask("GET", "/workflows")["workflows"]] == [WORKFLOW]
    else:
        with pytest.raises(Forbidden, match="not shared with"):
            bob.ask("GET", "/workflows")


def test_people_of_single_sign_on_see_their_own_and_sessions_of_a_role_are_one(
    node: Owned,
) -> None:
    owner = node.furnish(share=ACCOUNT)
    del owner
    role = "arn:aws:sts::123456789012:assumed-role"
    ada = node.caller("ada", f"{role}/AWSReservedSSO_Lab_1/ada")
    ben = node.caller("ben", f"{role}/AWSReservedSSO_Lab_1/ben")
    run = ada.ask("POST", "/runs", body=start())["run"]
    with pytest.raises(NotFound):
        ben.ask("GET", f"/runs/{run}")
    one, other = node.caller("one", f"{role}/Lab/a"), node.caller("other", f"{role}/Lab/b")
    run = one.ask("POST", "/runs", body=start())["run"]
    assert other.ask("GET", f"/runs/{run}")["id"] == run


def test_a_user_is_told_of_what_is_shared_and_of_nothing_else(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    other = version("v1", OTHER_WORKFLOW, target="")
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/versions/v1", body=other)
    bob = node.caller("bob")
    assert bob.ask("GET", "/workflows")["workflows"] == [
        {
            "id": WORKFLOW,
            "name": "flow 1",
            "versions": ["v1"],
            "latest": "v1",
            "registered": {"v1": "2026-09-21T14:13:20.000Z"},
            "grants": [{"dataset": DATASET, "access": "read-write"}],
            "ended": {},
            "identity": "read-write",
        }
    ]
    assert bob.ask("GET", f"/workflows/{WORKFLOW}/versions/v1") == version()
    with pytest.raises(NotFound):
        bob.ask("GET", f"/workflows/{OTHER_WORKFLOW}/versions/v1")
    assert len(owner.ask("GET", "/workflows")["workflows"]) == 2
    owner.ask("DELETE", "/shares", {"arn": user("bob")})
    with pytest.raises(Forbidden):
        bob.ask("GET", "/workflows")


OWNERS = [
    ("PUT", f"/workflows/{WORKFLOW}/versions/v9"),
    ("DELETE", f"/workflows/{WORKFLOW}"),
    ("PUT", f"/workflows/{WORKFLOW}/identity"),
    ("PUT", "/grants"),
    ("GET", "/grants"),
    ("DELETE", "/grants"),
    ("PUT", "/shares"),
    ("GET", "/shares"),
    ("POST", "/archives"),
]


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_what_is_the_owners_is_not_on_the_users_function(
    node: Owned, method: str, path: str
) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    answer = asked(node, raw(node, method=method, path=path, body={}))
    assert code(answer) == (404, "no-such-request")


def test_secrets_are_each_persons_own(node: Owned) -> None:
    owner = node.furnish(share=ACCOUNT)
    bob, eve = node.caller("bob", user("a-b")), node.caller("eve", user("a/b"))
    bob.ask("PATCH", "/secrets", body={"secrets": {"KEY": "one-value"}})
    assert bob.ask("GET", "/secrets") == {"keys": ["KEY"]}
    assert eve.ask("GET", "/secrets") == {"keys": []}
    assert owner.ask("GET", "/secrets", {"user": user("a-b")}) == {"keys": ["KEY"]}
    owner.ask("PATCH", "/secrets", {"scope": "shared"}, {"secrets": {"ALL": "every-value"}})
    for client, query in ((bob, {"scope": "shared"}), (eve, {"user": user("a-b")})):
        with pytest.raises(Forbidden, match="only the node's owner"):
            client.ask("GET", "/secrets", query)
    for name in ("SESSION_TOKEN", "1X", "A B", "PATH", "LD_PRELOAD"):
        with pytest.raises(Invalid):
            bob.ask("PATCH", "/secrets", body={"secrets": {name: "x"}})
    with pytest.raises(Invalid, match="control character NUL"):
        bob.ask("PATCH", "/secrets", body={"secrets": {"KEY": "a\0b"}})
    run = bob.ask("POST", "/runs", body=start())["run"]
    node.world.deliver(node.world.events.pop(0))
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    names = [row["name"] for row in work.definition["containerProperties"]["secrets"]]
    assert names == ["ALL", "KEY"]
    node.world.lines = [
        (node.world.begin_step("work").stream, 5, "it says every-value and one-value")
    ]
    lines = bob.ask("GET", f"/runs/{run}/logs", {"step": "work"})["messages"]
    assert lines == [{"timestamp": 5, "message": "it says *** and ***", "step": "work"}]
    bob.ask("DELETE", "/secrets", {"key": "KEY"})
    assert bob.ask("GET", "/secrets") == {"keys": []}
