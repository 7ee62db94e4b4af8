from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.compute import Account, NodeStatus
from pennsieve_agent.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    Unreachable,
)
from tests.fakes.scripted_platform import scripted

R = "v2/compute/resources"
W = "N:organization:w"
NODES = f"GET {R}/compute-nodes"


def account(uuid: str = "u", number: str = "111122223333", role: str = "role") -> dict[str, Any]:
    return {
        "uuid": uuid,
        "accountId": number,
        "accountType": "AWS",
        "roleName": role,
        "externalId": "",
        "userId": "N:user:ada",
    }


def node(uuid: str, name: str = "lab", *, account_uuid: str = "u", at: str = "") -> dict[str, Any]:
    return {
        "uuid": uuid,
        "name": name,
        "status": "Pending",
        "account": {"uuid": account_uuid, "accountId": "111122223333", "accountType": "aws"},
        "createdAt": at or "2026-07-02 13:37:35.123456789 +0000 UTC",
        "ownerId": "N:user:ada",
    }


def test_accounts_reads_the_plain_list_and_null() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {R}/accounts", [account() | {"status": "Enabled", "name": "Lab"}])
        script.on(f"GET {R}/accounts", b"null")
        assert platform.compute.accounts() == [
            Account("u", "111122223333", "role", "", "N:user:ada", "AWS", "Lab", "Enabled")
        ]
        assert platform.compute.accounts() == []


def test_register_account() -> None:
    body = {
        "accountId": "111122223333",
        "accountType": "aws",
        "roleName": "role",
        "externalId": "x",
        "name": "Lab",
    }
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", {"uuid": "u"}, status=201, body=body)
        assert platform.compute.register_account("111122223333", "role", "x", "Lab") == "u"


def test_422_on_an_account_means_it_exists() -> None:
    with scripted() as (script, platform):
        text = b"PostAccountsHandler: error records exists"
        script.on(f"POST {R}/accounts", text, status=422)
        with pytest.raises(Conflict, match="111122223333 is registered already"):
            platform.compute.register_account("111122223333", "role", "")


def test_422_of_the_router_does_not_mean_it_exists() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", b"unsupported path", status=422)
        with pytest.raises(Invalid):
            platform.compute.register_account("111122223333", "role", "")


def test_register_whose_answer_is_lost_looks_before_it_is_sent_again() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", httpx.ReadTimeout("lost"))
        script.on(f"GET {R}/accounts", [account("other", role="another"), account("u")])
        assert platform.compute.register_account("111122223333", "role", "") == "u"
    assert "checking" in script.notes[-1]


def test_register_that_never_arrived_is_sent_again() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", httpx.ConnectError("no"))
        script.on(f"GET {R}/accounts", [])
        script.on(f"POST {R}/accounts", {"uuid": "u"}, status=201)
        assert platform.compute.register_account("111122223333", "role", "") == "u"


def test_register_that_did_arrive_but_is_not_listed_yet_is_found_in_the_end() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", httpx.RemoteProtocolError("lost"))
        script.on(f"GET {R}/accounts", [])
        script.on(f"POST {R}/accounts", b"PostAccountsHandler: error records exists", status=422)
        script.on(f"GET {R}/accounts", [])
        script.on(f"GET {R}/accounts", [account("u")])
        assert platform.compute.register_account("111122223333", "role", "") == "u"


def test_register_of_an_account_that_was_there_under_another_role() -> None:
    exists = b"PostAccountsHandler: error records exists"
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", httpx.ReadTimeout("lost"))
        script.on(f"GET {R}/accounts", [account(role="another")])
        script.on(f"POST {R}/accounts", exists, status=422)
        for _ in range(6):
            script.on(f"GET {R}/accounts", [account(role="another")])
        with pytest.raises(Conflict):
            platform.compute.register_account("111122223333", "role", "")


def test_delete_account_in_use() -> None:
    body = {
        "error": "account has 1 active compute nodes and 0 active storage nodes",
        "nodeCount": 1,
    }
    with scripted() as (script, platform):
        script.on(f"DELETE {R}/accounts/u", body, status=409, query={})
        script.on(f"DELETE {R}/accounts/u", account(), query={"force": "true"})
        with pytest.raises(Conflict, match="1 active compute nodes"):
            platform.compute.delete_account("u")
        platform.compute.delete_account("u", force=True)


def test_image_pulls_wait_for_a_registration_that_is_not_seen_yet() -> None:
    body = {"accountId": "111122223333", "accountType": "aws"}
    with scripted() as (script, platform):
        for _ in range(2):
            no = {"message": "account is not registered"}
            script.on(f"POST {R}/app-store/access", no, status=403, body=body)
        script.on(f"POST {R}/app-store/access", b"", body=body)
        platform.compute.allow_image_pulls("111122223333")
    assert len(script.clock.slept) == 2


def test_image_pulls_of_somebody_elses_account_do_not_wait() -> None:
    with scripted() as (script, platform):
        no = {"message": "account does not belong to user"}
        script.on(f"POST {R}/app-store/access", no, status=403)
        with pytest.raises(Forbidden, match="does not belong"):
            platform.compute.allow_image_pulls("111122223333")
    assert script.clock.slept == []


def test_image_pulls_give_up_in_the_end() -> None:
    with scripted() as (script, platform):
        for _ in range(6):
            no = {"message": "account is not registered"}
            script.on(f"POST {R}/app-store/access", no, status=403)
        with pytest.raises(Forbidden, match="not registered"):
            platform.compute.allow_image_pulls("111122223333")
    assert 3 < sum(script.clock.slept) < 8


def test_enable_workspace_is_private_and_for_compute_alone() -> None:
    body = {"isPublic": False, "enableCompute": True, "enableStorage": False}
    query = {"organization_id": W}
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts/u/workspaces", {}, status=201, body=body, query=query)
        platform.compute.enable_workspace("u", W)


def test_a_workspace_that_is_enabled_already_is_fine() -> None:
    with scripted() as (script, platform):
        text = b"PostAccountsWorkspaceHandler: account already enabled for workspace"
        script.on(f"POST {R}/accounts/u/workspaces", text, status=422)
        platform.compute.enable_workspace("u", W)


def test_a_workspace_that_cannot_be_enabled() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts/u/workspaces", b"unsupported path", status=422)
        with pytest.raises(Invalid):
            platform.compute.enable_workspace("u", W)


def test_disable_workspace() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE {R}/accounts/u/workspaces/{W}", b"", status=204)
        script.on(f"DELETE {R}/accounts/u/workspaces/{W}", b"H: not found", status=404)
        script.on(f"DELETE {R}/accounts/u/workspaces/{W}", b"H: nodes exist", status=409)
        platform.compute.disable_workspace("u", W)
        platform.compute.disable_workspace("u", W)
        with pytest.raises(Conflict, match="nodes exist"):
            platform.compute.disable_workspace("u", W)


def test_nodes_are_sorted_as_the_platforms_order_is_not_stable() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [node("2", "b"), node("1", "a")], query={"organization_id": W})
        assert [n.name for n in platform.compute.nodes(W)] == ["a", "b"]


def test_a_node() -> None:
    answer = node("n") | {
        "status": "ENABLED",
        "healthStatus": "HEALTHY",
        "organizationId": W,
        "deploymentMode": "basic",
        "accessScope": "private",
        "provisionerImageTag": "v1",
        "somethingNew": {"x": [1]},
    }
    with scripted() as (script, platform):
        script.on(f"{NODES}/n", answer)
        found = platform.compute.node("n")
    assert found.status is NodeStatus.ENABLED
    assert found.created_at == "2026-07-02T13:37:35.123Z"
    assert (found.account_uuid, found.aws_account_id) == ("u", "111122223333")
    assert (found.health, found.access_scope, found.organization_id) == ("HEALTHY", "private", W)


def test_a_status_we_do_not_know_is_unknown() -> None:
    with scripted() as (script, platform):
        script.on(f"{NODES}/n", node("n") | {"status": "Sleeping"})
        assert platform.compute.node("n").status is NodeStatus.UNKNOWN


def test_a_node_that_is_gone() -> None:
    with scripted() as (script, platform):
        script.on(f"{NODES}/n", {"message": "error no records found"}, status=404)
        with pytest.raises(NotFound, match="error no records found"):
            platform.compute.node("n")


CREATED = {"message": "Compute node creation initiated"}


def test_create_finds_the_node_that_a_202_does_not_name() -> None:
    old, other = node("old"), node("other", account_uuid="v")
    body = {
        "accountId": "u",  # the record, not the 12 digits
        "name": "lab",
        "description": "",
        "organizationId": W,
        "deploymentMode": "basic",
    }
    with scripted() as (script, platform):
        script.on(NODES, [old])
        script.on(f"POST {R}/compute-nodes", CREATED, status=202, body=body)
        script.on(NODES, [old])  # eventually consistent
        script.on(NODES, [old, other, node("named otherwise", "x"), node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"
    assert len(script.clock.slept) == 1


def test_create_takes_the_newest_of_several() -> None:
    late = "2026-07-02 13:37:35.2 +0000 UTC"
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", CREATED, status=202)
        script.on(NODES, [node("late", at=late), node("early")])
        assert platform.compute.create_node("u", "lab", W).uuid == "late"


def test_create_believes_a_uuid_when_there_is_one() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", {"uuid": "new"}, status=201)
        script.on(f"{NODES}/new", node("new"))
        assert platform.compute.create_node("u", "lab", W).uuid == "new"


def test_create_sends_what_the_contract_has() -> None:
    def made(request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        assert set(body) == {
            *("accountId", "name", "description", "organizationId", "deploymentMode"),
        }
        assert body["deploymentMode"] == "secure"
        return httpx.Response(202, json=CREATED)

    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", made)
        script.on(NODES, [node("new")])
        platform.compute.create_node("u", "lab", W, deployment_mode="secure")


def test_create_whose_answer_is_lost_finds_the_node() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", httpx.ReadTimeout("lost"))
        script.on(NODES, [node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"


def test_create_looks_when_a_202_is_no_json() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", b"initiated", status=202)
        script.on(NODES, [node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx.Response(202, json=CREATED), PlatformError, "accepted the node 'lab'"),
        (httpx.ReadTimeout("lost"), Unreachable, "did not answer in time"),
    ],
)
def test_create_of_a_node_that_never_shows_up(
    answer: object, error: type[PlatformError], words: str
) -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", answer)
        for _ in range(6):
            script.on(NODES, [])
        with pytest.raises(error, match=words):
            platform.compute.create_node("u", "lab", W)


def test_create_refused() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        no = {"message": "account is not enabled for this workspace"}
        script.on(f"POST {R}/compute-nodes", no, status=403)
        with pytest.raises(Forbidden, match="not enabled for this workspace"):
            platform.compute.create_node("u", "lab", W)


def test_delete_node_is_a_202() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE {R}/compute-nodes/n", {"message": "initiated"}, status=202)
        script.on(f"DELETE {R}/compute-nodes/n", {"message": "has 1 active"}, status=409)
        platform.compute.delete_node("n")
        with pytest.raises(Conflict, match="has 1 active"):
            platform.compute.delete_node("n")
