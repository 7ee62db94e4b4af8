"""Account routes: plain-text errors, their order, and the traps of contracts/resources.md 1."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, Lab

PATH = "/compute/resources/accounts"


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


def test_register_show_change_delete(lab: Lab) -> None:
    uuid = lab.account()
    client = lab.client()
    shown = client.get(f"{PATH}/{uuid}").json()
    assert shown == {
        "uuid": uuid,
        "accountId": "111122223333",
        "accountType": "aws",
        "roleName": "r",
        "externalId": "x",
        "userId": lab.user_id(ADA),
        "status": "Enabled",
    }
    changed = client.patch(f"{PATH}/{uuid}", json={"name": "lab", "description": "d"})
    assert changed.json() == {**shown, "name": "lab", "description": "d"}
    assert "name" not in client.patch(f"{PATH}/{uuid}", json={"name": ""}).json()
    gone = client.delete(f"{PATH}/{uuid}")
    assert gone.status_code == 200
    assert "status" not in gone.json()
    assert gone.json()["roleName"] == "r"
    answer = client.get(f"{PATH}/{uuid}")
    assert said(answer) == (404, "GetAccountHandler: error no records found")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_second_record_of_one_account_is_422(lab: Lab) -> None:
    lab.account()
    again = lab.client().post(PATH, json={"accountId": "111122223333"})
    assert said(again) == (422, "PostAccountsHandler: error records exists")
    assert lab.client(BEN).post(PATH, json={"accountId": "111122223333"}).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"accountId":1}', b'{"name":NaN}'])
def test_an_unreadable_body_is_400(lab: Lab, body: bytes) -> None:
    answer = lab.client().post(PATH, content=body)
    assert said(answer) == (400, "PostAccountsHandler: error unmarshaling body")


def test_change_checks_in_order(lab: Lab) -> None:
    uuid = lab.account()
    handler = "PatchAccountHandler: "
    expected = {
        (ADA, uuid, '{"status":"paused"}'): (400, "invalid status value"),
        (ADA, "nope", '{"status":"PAUSED"}'): (400, "invalid status value"),
        (ADA, "nope", '{"name":null}'): (400, "error unmarshaling body"),
        (ADA, "nope", '{"name":"x"}'): (404, "not found"),
        (BEN, uuid, '{"name":"x"}'): (403, "account does not belong to user"),
    }
    for (who, which, body), (status, text) in expected.items():
        answer = lab.client(who).patch(f"{PATH}/{which}", content=body)
        assert said(answer) == (status, handler + text)


def test_pausing_pauses_every_node_and_resuming_none(lab: Lab) -> None:
    account = lab.account()
    nodes = [lab.node(account, status=status) for status in ("Enabled", "Failed", "Pending")]
    lab.client().patch(f"{PATH}/{account}", json={"status": "Paused"})
    lab.client().patch(f"{PATH}/{account}", json={"status": "Enabled"})
    for node in nodes:
        answer = lab.client().get(f"/compute/resources/compute-nodes/{node}")
        assert answer.json()["status"] == "Paused"


def test_only_the_owner_reads_one(lab: Lab) -> None:
    uuid = lab.account()
    lab.enable(uuid, isPublic=True)
    assert said(lab.client(CLEO).get(f"{PATH}/{uuid}")) == (
        403,
        "GetAccountHandler: account does not belong to user",
    )
    assert lab.client(BEN).delete(f"{PATH}/{uuid}").text == (
        "DeleteAccountHandler: account does not belong to user"
    )


def test_delete_with_nodes_needs_force(lab: Lab) -> None:
    uuid = lab.account()
    node = lab.node(uuid)
    answer = lab.client().delete(f"{PATH}/{uuid}")
    assert answer.status_code == 409
    assert answer.json() == {
        "error": "account has 1 active compute nodes and 0 active storage nodes",
        "nodeCount": 1,
        "storageNodeCount": 0,
    }
    assert lab.client().delete(f"{PATH}/{uuid}", params={"force": "true"}).status_code == 200
    left = lab.client().get(f"/compute/resources/compute-nodes/{node}")
    assert left.json()["account"] == {
        "uuid": uuid,
        "accountId": "111122223333",
        "accountType": "aws",
    }


def test_lists_and_the_null_trap(lab: Lab) -> None:
    client, params = lab.client(), {"includeWorkspaces": "true"}
    assert client.get(PATH).json() == []
    nothing = client.get(PATH, params=params)
    assert nothing.text == "null"
    assert nothing.headers["content-type"] == "application/json"
    uuid = lab.account()
    assert "enabledWorkspaces" not in client.get(PATH, params=params).json()[0]
    lab.enable(uuid, enableCompute=True)
    (listed,) = client.get(PATH, params=params).json()
    (enabled,) = listed["enabledWorkspaces"]
    assert enabled["organizationId"] == lab.organization
    assert isinstance(enabled["enabledAt"], int)
    assert [client.get(PATH, params={"includeWorkspaces": "True"}).json()[0]["uuid"]] == [uuid]


def test_an_administrator_lists_public_accounts(lab: Lab) -> None:
    private, public = lab.account(number="1"), lab.account(number="2")
    lab.enable(private)
    lab.enable(public, isPublic=True)
    here = {"organization_id": lab.organization}

    def seen(who: str) -> list[str]:
        return [account["uuid"] for account in lab.client(who).get(PATH, params=here).json()]

    assert seen(ADA) == [private, public]
    assert seen(CLEO) == [public]
    assert seen(BEN) == seen(DAN) == []
    nothing = lab.client(BEN).get(PATH, params={**here, "includeWorkspaces": "true"})
    assert nothing.text == "null"


def test_enabling_a_workspace(lab: Lab) -> None:
    uuid = lab.account()
    made = lab.enable(uuid, isPublic=True)
    assert made.status_code == 201
    assert made.json() == {
        "accountUuid": uuid,
        "organizationId": lab.organization,
        "isPublic": True,
        "enableCompute": False,
        "enableStorage": False,
        "enabledBy": lab.user_id(ADA),
        "enabledAt": made.json()["enabledAt"],
    }
    handler = "PostAccountWorkspaceEnablementHandler: "
    assert said(lab.enable(uuid)) == (422, handler + "account already enabled for workspace")
    assert said(lab.enable("nope")) == (404, handler + "account not found")
    assert said(lab.enable(uuid, CLEO)) == (403, handler + "account does not belong to user")
    bad = lab.client().post(
        f"{PATH}/{uuid}/workspaces", params={"organization_id": lab.organization}, content=b""
    )
    assert said(bad) == (400, handler + "error unmarshaling body")
    assert lab.enable(uuid, DAN).status_code == 403


def test_disabling_a_workspace(lab: Lab) -> None:
    uuid = lab.account()
    path = f"{PATH}/{uuid}/workspaces/{lab.organization}"
    handler = "DeleteAccountWorkspaceEnablementHandler: "
    missing = lab.client().delete(path)
    assert said(missing) == (404, handler + "workspace enablement not found")
    lab.enable(uuid)
    assert said(lab.client(BEN).delete(path)) == (
        403,
        handler + "account does not belong to user",
    )
    node = lab.node(uuid, organizationId=lab.organization)
    refused = lab.client().delete(path.replace(":", "%3A"))
    assert refused.status_code == 409
    assert refused.text.startswith(handler + "cannot remove workspace access: active compute")
    lab.world.store.execute("DELETE FROM compute_nodes WHERE uuid = ?", (node,))
    done = lab.client().delete(path)
    assert (done.status_code, done.content) == (204, b"")


def test_app_store_access(lab: Lab) -> None:
    path = "/compute/resources/app-store/access"
    lab.account()
    body = {"accountId": "111122223333", "accountType": "aws"}
    done = lab.client().post(path, json=body)
    assert (done.status_code, done.content) == (200, b"")
    refusals = [
        (ADA, b"[]", 400, "error unmarshaling body"),
        (ADA, b'{"accountId":"1"}', 400, "bad request"),
        (ADA, b'{"accountId":"1","accountType":"aws"}', 403, "account is not registered"),
        (
            BEN,
            b'{"accountId":"111122223333","accountType":"aws"}',
            403,
            "account does not belong to user",
        ),
    ]
    for who, content, status, text in refusals:
        answer = lab.client(who).post(path, content=content)
        assert (answer.status_code, answer.json()) == (status, {"message": text})


def test_the_role_policy_is_served_as_it_is(lab: Lab) -> None:
    first = lab.client().get("/compute/resources/role-policy").json()
    second = lab.client().get("/compute/resources/role-policy").json()
    assert first["roleName"].startswith("Pennsieve-Compute-dev-")
    assert first["roleName"] != second["roleName"]
    (trust,) = first["trustPolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": "740463337177"}
    assert "Condition" not in trust
    sids = [statement["Sid"] for statement in first["policyDocument"]["Statement"]]
    assert sids == [
        "AllowServices",
        "AllowIAMRoleManagement",
        "DenyCreateRoleWithoutBoundary",
        "DenyBoundaryStripping",
        "DenySelfModification",
    ]
