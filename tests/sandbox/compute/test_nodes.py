"""Node routes: who may, in which order it is said, and what each answer leaves out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, Lab

PATH = "/compute/resources/compute-nodes"


def refused(lab: Lab, who: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = lab.client(who).request(method, path, json=body)
    assert set(answer.json()) == {"message"}
    return answer.status_code, answer.json()["message"]


def test_create_answers_no_uuid(lab: Lab) -> None:
    account = lab.account()
    answer = lab.client().post(PATH, json={"accountId": account, "name": "n"})
    assert answer.status_code == 202
    assert answer.json() == {"message": "Compute node creation initiated"}
    (node,) = lab.client().get(PATH, params={"account_owner": "true"}).json()
    assert node["status"] == "Pending"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} \+0000 UTC", node["createdAt"])
    assert node["identifier"] == node["uuid"][:8]
    assert "organizationId" not in node
    assert node["account"]["ownerId"] == lab.user_id(ADA)
    assert lab.client().get(PATH).json() == []  # trap 19


def test_create_checks_in_order(lab: Lab) -> None:
    account = lab.account()
    here = {"organizationId": lab.organization}
    secure: dict[str, Any] = {"enableLLMAccess": True, "deploymentMode": "secure"}

    def create(who: str = ADA, **body: Any) -> tuple[int, str]:
        return refused(lab, who, "POST", PATH, body)

    for content in (b"{", b"[]", b'{"maxGpuInstances":"2"}'):
        answer = lab.client().post(PATH, content=content)
        assert (answer.status_code, answer.json()["message"]) == (500, "error unmarshaling body")
    assert create() == (400, "bad request")
    assert create(accountId="nope", provisionerImage="evil") == (400, "bad request")
    assert create(accountId="nope", **secure)[1].startswith("LLM access in secure/compliant")
    assert create(accountId="nope") == (404, "not found")
    assert create(BEN, accountId=account) == (403, "account does not belong to user")
    assert create(accountId=account, organizationId="x") == (
        400,
        "invalid organization ID format - expected format: N:organization:uuid",
    )
    not_enabled = (403, "account is not enabled for this workspace")
    assert create(accountId=account, **here) == not_enabled
    lab.enable(account)
    assert create(BEN, accountId=account, **here) == (
        403,
        "only the account owner can create nodes on private accounts",
    )


def test_create_on_public_accounts(lab: Lab) -> None:
    body = {"organizationId": lab.organization}

    def create(who: str, account: str) -> tuple[int, str]:
        return refused(lab, who, "POST", PATH, {**body, "accountId": account})

    closed, opened = lab.account(number="1"), lab.account(number="2")
    lab.enable(closed, isPublic=True)
    lab.enable(opened, isPublic=True, enableCompute=True)
    assert create(CLEO, closed) == (
        403,
        "compute is not enabled for this workspace on this account",
    )
    assert create(BEN, opened) == (
        403,
        "only workspace administrators can create nodes on public accounts",
    )
    assert create(DAN, opened) == (500, "error checking access")
    assert create(CLEO, opened) == (202, "Compute node creation initiated")


def test_what_each_read_leaves_out(lab: Lab) -> None:
    node = lab.node(lab.account(), enableLLMAccess=True)
    (listed,) = lab.client().get(PATH, params={"account_owner": "true"}).json()
    single = lab.client().get(f"{PATH}/{node}").json()
    patched = lab.client().patch(f"{PATH}/{node}", json={"name": "new"}).json()
    assert "accessScope" not in listed
    assert listed["healthStatus"] == "HEALTHY"
    assert listed["updateAvailable"] is True  # "latest" is always outdated
    assert single["accessScope"] == "private"
    assert "healthStatus" not in single
    assert single["updateAvailable"] is False
    assert single["enableLLMAccess"] is True
    assert "llmBaaAcknowledged" not in single
    assert patched["name"] == "new"
    assert patched["gpuTier"] == ""
    assert "ownerId" not in patched["account"]
    assert not {"accessScope", "provisionerImage", "enableLLMAccess"} & set(patched)


def test_lists(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account, isPublic=True)
    here = {"organization_id": lab.organization}
    node = lab.node(account, organizationId=lab.organization)
    assert refused(lab, BEN, "GET", f"{PATH}?account_owner=true") == (403, "forbidden")
    assert lab.client(DAN).get(PATH, params=here).json() == {"message": "forbidden"}
    assert lab.client(BEN).get(PATH, params=here).json() == []
    # An administrator may open a public account's node, but does not see it in the list.
    assert lab.client(CLEO).get(PATH, params=here).json() == []
    assert lab.client(CLEO).get(f"{PATH}/{node}").status_code == 200
    lab.client().put(f"{PATH}/{node}/permissions", json={"accessScope": "workspace"})
    (seen,) = lab.client(BEN).get(PATH, params=here).json()
    assert seen["uuid"] == node
    assert seen["organizationId"] == lab.organization


def test_the_account_owner_cannot_read_somebody_elses_node(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account, isPublic=True, enableCompute=True)
    node = lab.node(account, email=CLEO, organizationId=lab.organization)
    lab.client().delete(f"/compute/resources/accounts/{account}/workspaces/{lab.organization}")
    # Ada is an administrator too; without the flag only the account is hers (trap 27).
    lab.world.store.execute("UPDATE compute_enablements SET is_public = 0")
    one = f"{PATH}/{node}"
    assert refused(lab, ADA, "GET", one) == (403, "forbidden")
    assert refused(lab, ADA, "PATCH", one, {"name": "x"}) == (403, "forbidden")
    assert refused(lab, ADA, "PUT", one, {}) == (202, "Compute node update initiated")
    assert refused(lab, ADA, "DELETE", one) == (202, "Compute node deletion initiated")
    (listed,) = lab.client().get(PATH, params={"account_owner": "true"}).json()
    assert listed["status"] == "Destroying"


def test_change_checks_in_order(lab: Lab) -> None:
    account = lab.account()
    node = lab.node(account, status="Pending")
    one = f"{PATH}/{node}"
    assert refused(lab, ADA, "PATCH", one, []) == (400, "error unmarshaling body")
    assert refused(lab, ADA, "PATCH", one, {}) == (400, "error unmarshaling body")
    bad = {"status": "PAUSED"}
    assert refused(lab, ADA, "PATCH", f"{PATH}/nope", bad) == (400, "invalid status value")
    assert refused(lab, ADA, "PATCH", f"{PATH}/nope", {"name": "x"}) == (404, "not found")
    assert refused(lab, BEN, "PATCH", one, {"name": "x"}) == (403, "forbidden")
    assert refused(lab, ADA, "PATCH", one, {"status": "Enabled"}) == (
        400,
        "cannot modify status of pending node",
    )
    lab.client().patch(f"/compute/resources/accounts/{account}", json={"status": "Paused"})
    assert refused(lab, ADA, "PATCH", one, {"status": "Enabled"}) == (
        400,
        "cannot enable compute node while account is paused",
    )
    assert lab.client().patch(one, json={"name": "n2"}).json()["status"] == "Paused"


def test_an_update_without_a_tag_goes_to_latest(lab: Lab) -> None:
    node = lab.node(lab.account(), provisionerImageTag="v0.9.0")
    one = f"{PATH}/{node}"
    assert lab.client().get(one).json()["provisionerImageTag"] == "v0.9.0"
    assert refused(lab, ADA, "PUT", one, {"provisionerImage": "evil"}) == (400, "bad request")
    assert refused(lab, ADA, "PUT", f"{PATH}/nope", {}) == (404, "error no records found")
    assert refused(lab, BEN, "PUT", one, {}) == (403, "forbidden")
    assert refused(lab, ADA, "PUT", one, {"maxInteractiveSessions": 1})[0] == 202
    shown = lab.client().get(one).json()
    assert shown["provisionerImageTag"] == "latest"
    assert shown["maxInteractiveSessions"] == 1
    assert shown["status"] == "Enabled"


def test_update_config_checks_in_order(lab: Lab) -> None:
    account = lab.account()
    one = f"{PATH}/{lab.node(account)}/update-config"
    pending = f"{PATH}/{lab.node(account, status='Pending')}/update-config"
    assert refused(lab, ADA, "POST", one, {}) == (400, "error unmarshaling body")
    assert refused(lab, ADA, "POST", one, {"gpuTier": "huge"}) == (400, "bad request")
    assert refused(lab, ADA, "POST", one, {"maxGpuInstances": -1}) == (400, "bad request")
    fine = {"gpuTier": "large", "maxGpuInstances": 0, "enableLLMAccess": True}
    assert refused(lab, ADA, "POST", f"{PATH}/nope/update-config", fine) == (404, "not found")
    assert refused(lab, BEN, "POST", pending, fine)[1] == "cannot modify status of pending node"
    assert refused(lab, BEN, "POST", one, fine) == (403, "forbidden")
    assert refused(lab, ADA, "POST", one, fine) == (
        202,
        "Config updated, re-provisioning initiated",
    )
    shown = lab.client().get(one.removesuffix("/update-config")).json()
    assert (shown["gpuTier"], shown["maxGpuInstances"]) == ("large", 0)


def test_sharing(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account)
    node = lab.node(account, organizationId=lab.organization)
    base, ben = f"{PATH}/{node}/permissions", lab.user_id(BEN)
    assert refused(lab, BEN, "GET", base) == (403, "forbidden")
    assert lab.client().get(base).json() == {
        "nodeUuid": node,
        "accessScope": "private",
        "owner": lab.user_id(ADA),
        "organizationIndependent": True,
    }
    granted = lab.client().post(f"{base}/users", json={"userId": ben})
    assert granted.status_code == 201
    assert granted.json() == {
        "message": f"Successfully granted access to user {ben}",
        "nodeUuid": node,
        "action": "granted",
        "entityType": "user",
        "entityId": ben,
    }
    shared = lab.client(BEN).get(base).json()
    assert (shared["accessScope"], shared["sharedWithUsers"]) == ("shared", [ben])
    # Asking for "shared" drops every share and so makes it private (trap 29).
    emptied = lab.client().put(base, json={"accessScope": "shared"}).json()
    assert emptied["accessScope"] == "private"
    assert lab.client(BEN).get(f"{PATH}/{node}").status_code == 403
    whole = lab.client().put(base, json={"accessScope": "workspace"}).json()
    assert whole["organizationId"] == lab.organization
    assert whole["organizationIndependent"] is False
    gone = lab.client().delete(f"{base}/users/{ben}")
    assert (gone.status_code, gone.json()["action"]) == (200, "revoked")


def test_sharing_checks_in_order(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account)
    node = lab.node(account, organizationId=lab.organization)
    base = f"{PATH}/{node}/permissions"
    alone = f"{PATH}/{lab.node(account)}/permissions"
    ada, owner_only = lab.user_id(ADA), (403, "only owner can change permissions")
    assert refused(lab, ADA, "PUT", base, {"accessScope": "all"}) == (400, "invalid access scope")
    fine = {"accessScope": "private"}
    assert refused(lab, ADA, "PUT", f"{PATH}/x/permissions", fine) == (404, "not found")
    assert refused(lab, BEN, "PUT", base, {"accessScope": "private"}) == owner_only
    assert refused(lab, ADA, "POST", f"{base}/users", {}) == (400, "missing user id")
    assert refused(lab, ADA, "POST", f"{base}/teams", {}) == (400, "missing team id")
    assert refused(lab, BEN, "POST", f"{base}/users", {"userId": ada}) == owner_only
    assert refused(lab, ADA, "POST", f"{alone}/users", {"userId": ada}) == (
        400,
        "organization-independent nodes cannot be shared",
    )
    unknown = lab.client().post(f"{base}/users", json={"userId": "N:user:x"})
    assert unknown.json() == {"error": "User N:user:x does not exist"}
    unknown = lab.client().post(f"{base}/teams", json={"teamId": "N:team:x"})
    assert unknown.json() == {"error": "Team N:team:x does not exist"}
    assert refused(lab, ADA, "DELETE", f"{base}/users/{ada}") == (
        400,
        "cannot revoke access from owner",
    )
    lab.world.store.execute("DELETE FROM memberships WHERE user_int_id = 1")
    lab.world.store.execute(
        "INSERT INTO memberships SELECT 1, int_id, 32 FROM workspaces WHERE slug = 'other'"
    )
    left = lab.client().post(f"{base}/users", json={"userId": lab.user_id(BEN)})
    assert left.status_code == 403
    assert set(left.json()) == {"error"}


def test_attach_and_detach_are_as_broken_as_on_the_platform(lab: Lab) -> None:
    account = lab.account()
    lab.enable(account)
    node = lab.node(account, organizationId=lab.organization)
    path = f"{PATH}/{node}/organization"
    attach = f"{path}?organization_id={lab.organization}"
    assert refused(lab, BEN, "POST", attach) == (403, "forbidden")
    assert refused(lab, ADA, "POST", attach)[0] == 400
    assert refused(lab, BEN, "DELETE", path) == (
        403,
        "only the account owner can detach nodes",
    )
    assert refused(lab, ADA, "DELETE", f"{PATH}/nope/organization")[0] == 500
    assert lab.client().delete(path).json()["action"] == "detached_from_organization"
    assert refused(lab, ADA, "DELETE", path)[0] == 400
    assert [n["uuid"] for n in lab.client().get(PATH).json()] == [node]
    assert lab.client().post(attach).json()["entityId"] == lab.organization


def test_allowed_processors(lab: Lab) -> None:
    account = lab.account()
    node, pending = lab.node(account), lab.node(account, status="Pending")
    path = f"{PATH}/{node}/allowed-processors"
    assert lab.client().get(path).json() == {"processors": []}
    assert refused(lab, ADA, "GET", f"{PATH}/{pending}/allowed-processors") == (400, "bad request")
    assert refused(lab, ADA, "GET", f"{PATH}/x/allowed-processors") == (404, "not found")
    assert refused(lab, BEN, "GET", path) == (403, "forbidden")
    assert refused(lab, BEN, "PUT", path, {}) == (403, "only owner can change permissions")
    assert refused(lab, ADA, "PUT", path, {"processors": [1]})[0] == 400
    assert refused(lab, ADA, "PUT", path, {"processors": ["u"]}) == (
        200,
        "allowed processors updated",
    )
    assert lab.client().get(path).json() == {"processors": ["u"]}


def test_gpu_tiers(lab: Lab) -> None:
    path = "/compute/resources/gpu-tiers"
    tiers = lab.client().get(path, params={"organization_id": lab.organization}).json()
    assert [tier["tier"] for tier in tiers] == ["small", "medium", "large", "xlarge"]
    assert tiers[0]["pricePerHour"] == pytest.approx(0.526)


def test_names_of_nodes_are_not_unique(lab: Lab) -> None:
    account = lab.account()
    assert lab.node(account, name="same") != lab.node(account, name="same")
    listed = lab.client().get(PATH, params={"account_owner": "true"}).json()
    assert [node["name"] for node in listed] == ["same", "same"]
