"""The traps at the end of ``contracts/resources.md``, by number."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.compute import NodeStatus
from pennsieve_agent.domain.platform_offers import NodeConfig
from pennsieve_agent.domain.sharing import NodeSharing, Scope
from pennsieve_agent.errors import (
    AgentError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    Unreachable,
    UsageProblem,
)
from tests.fakes.scripted_platform import ScriptedPlatform, scripted
from tests.platform.test_compute import CREATED, NODES, R, W, account, node

NODE = f"{R}/compute-nodes/n"
SHARES = f"{NODE}/permissions"
SECRETS = f"{NODE}/secrets"
#: How often a call that may be repeated is made, by the status that answers it.
REQUESTS = {429: 5, 500: 3}


def enabled(**more: Any) -> dict[str, Any]:
    return node("n") | {"status": "Enabled", "organizationId": W} | more


def sharing(scope: str, **more: Any) -> dict[str, Any]:
    return {"nodeUuid": "n", "accessScope": scope, "owner": "N:user:ada", **more}


def test_resources_01_account_id_is_a_number_here_and_a_record_there() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", {"uuid": "u"}, status=201)
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", {"uuid": "n"}, status=202)
        script.on(f"GET {NODE}", node("n"))
        platform.compute.register_account("111122223333", "role", "x")
        platform.compute.create_node("u", "lab", W)
        sent = [r.content for r in script.requests if r.method == "POST"]
    assert b'"accountId":"111122223333"' in sent[0]
    assert b'"accountId":"u"' in sent[1]


def test_resources_02_the_workspace_has_three_names() -> None:
    row = {"accountUuid": "u", "organizationId": W, "isPublic": True, "enabledAt": 1767225600}
    with scripted() as (script, platform):
        script.on(f"GET {R}/gpu-tiers", [], query={"organization_id": W})
        script.on(f"GET {R}/accounts", [account() | {"enabledWorkspaces": [row]}])
        script.on(f"DELETE {R}/accounts/u/workspaces/{W}", status=204)
        platform.compute.gpu_tiers(W)
        (found,) = platform.compute.enablements()
        platform.compute.disable_workspace("u", W)
    assert (found.organization_id, found.is_public, found.compute) == (W, True, False)


def test_resources_03_one_account_has_one_uuid_on_every_path() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {R}/accounts", [account()])
        script.on(f"POST {R}/accounts/u/workspaces", {}, status=201)
        (found,) = platform.compute.accounts()
        platform.compute.enable_workspace(found.uuid, W)


@pytest.mark.parametrize("kind", ["AWS", "aws"])
def test_resources_05_the_type_of_an_account_is_kept_as_it_was_written(kind: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {R}/accounts", [account() | {"accountType": kind}])
        (found,) = platform.compute.accounts()
    assert found.account_type == kind


@pytest.mark.parametrize("word", ["Paused", "PAUSED", "paused"])
def test_resources_06_a_status_is_sent_in_title_case_and_read_in_any(word: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled())
        script.on(f"PATCH {NODE}", {}, body={"status": "Paused"})
        script.on(f"GET {NODE}", enabled(status=word))
        assert platform.compute.pause_node("n").status is NodeStatus.PAUSED


def test_resources_07_every_service_writes_time_in_its_own_way() -> None:
    row = {"accountUuid": "u", "organizationId": W, "enabledAt": 1767225600}
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(lastHealthCheck="2026-07-02T13:37:35Z"))
        script.on(f"GET {R}/accounts", [account() | {"enabledWorkspaces": [row]}])
        found = platform.compute.node("n")
        (enablement,) = platform.compute.enablements()
    assert found.created_at == "2026-07-02T13:37:35.123Z"
    assert found.last_health_check == "2026-07-02T13:37:35.000Z"
    assert enablement.enabled_at == "2026-01-01T00:00:00.000Z"


def test_resources_08_independent_is_no_workspace() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(organizationId="INDEPENDENT"))
        assert platform.compute.node("n").organization_id == ""


def test_resources_09_null_for_no_accounts() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {R}/accounts", b"null", query={"includeWorkspaces": "true"})
        assert platform.compute.enablements() == []


def test_resources_10_a_flag_that_is_left_out_is_false() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled())
        script.on(f"GET {NODE}", enabled(enableLLMAccess=True))
        assert [platform.compute.node("n").enable_llm for _ in range(2)] == [False, True]


def test_resources_11_list_get_and_patch_tell_different_parts_of_a_node() -> None:
    settings = {"gpuTier": "large", "maxGpuInstances": 2, "provisionerImageTag": "v1.0.0"}
    listed = enabled(healthStatus="HEALTHY", latestVersion="v1.1.0", updateAvailable=True)
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(accessScope="private", updateAvailable=False, **settings))
        script.on(NODES, [listed], query={"organization_id": W})
        single, (found,) = platform.compute.node("n"), platform.compute.nodes(W)
        script.on(f"GET {NODE}", enabled(**settings))
        script.on(f"PATCH {NODE}", enabled(gpuTier="", maxGpuInstances=0), body={"name": "new"})
        script.on(f"GET {NODE}", enabled(**settings, name="new"))
        renamed = platform.compute.rename_node("n", "new")
    assert (single.access_scope, found.health, found.latest_version) == (
        *("private", "HEALTHY", "v1.1.0"),
    )
    assert found.update_available
    assert (renamed.name, renamed.gpu_tier, renamed.max_gpu_instances) == ("new", "large", 2)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (403, b"GetAccountHandler: account does not belong to user", Forbidden, "not belong"),
        (404, b'{"message":"not found"}', NotFound, "not found"),
        (409, b'{"error":"account has 2 active nodes","nodeCount":2}', Conflict, "2 active nodes"),
        (503, b'{"message":"Service Unavailable"}', PlatformError, "Service Unavailable"),
        (422, b"unsupported path", Invalid, "unsupported path"),
    ],
    ids=[f"resources_12_{letter}" for letter in "abcde"],
)
def test_resources_12_five_families_of_errors(
    status: int, body: bytes, error: type[AgentError], words: str
) -> None:
    def ask(script: ScriptedPlatform) -> None:
        for _ in range(5 if status == 503 else 1):
            script.on(f"DELETE {R}/accounts/u", body, status=status)

    with scripted() as (script, platform):
        ask(script)
        with pytest.raises(error, match=words):
            platform.compute.delete_account("u")


def test_resources_13_a_capital_f_is_about_the_token() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", {"message": "Forbidden"}, status=403)
        script.on(f"GET {NODE}", enabled())
        platform.compute.node("n")
        script.on(f"GET {NODE}", {"message": "forbidden"}, status=403)
        with pytest.raises(Forbidden):
            platform.compute.node("n")
        assert script.sign_ins == 2


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [(400, "bad request", "not ready"), (500, "failed to communicate", "not get an answer")],
)
def test_resources_14_a_node_that_is_not_ready_is_a_bad_request(
    status: int, message: str, words: str
) -> None:
    with scripted() as (script, platform):
        for _ in range(REQUESTS.get(status, 1)):
            script.on(f"GET {SECRETS}", {"message": message}, status=status)
        with pytest.raises(PlatformError, match=words):
            platform.node_secrets.names("n")


def test_resources_15_an_answer_that_quotes_a_name_badly_is_not_read() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE {SECRETS}", b'{"message":"secret \'A"B\' deleted"}')
        platform.node_secrets.remove("n", "A")


def test_resources_16_a_202_is_a_success() -> None:
    with scripted() as (script, platform):
        started = {"message": "initiated"}
        script.on(f"POST {NODE}/update-config", started, status=202, body={"gpuTier": "small"})
        script.on(f"DELETE {NODE}", started, status=202)
        platform.compute.update_config("n", NodeConfig(gpu_tier="small"))
        platform.compute.delete_node("n")


def test_resources_17_the_role_policy_comes_in_an_envelope() -> None:
    served = {
        "roleName": "Pennsieve-Compute-dev-00ff00ff",
        "policyDocument": {"Statement": [1]},
        "trustPolicyDocument": {"Statement": [2]},
    }
    with scripted() as (script, platform):
        script.on(f"GET {R}/role-policy", served)
        policy = platform.compute.role_policy()
    assert (policy.permissions, policy.trust) == ({"Statement": [1]}, {"Statement": [2]})


def test_resources_18_a_creation_names_nothing_and_is_found_by_listing() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [node("old")])
        script.on(f"POST {R}/compute-nodes", CREATED, status=202)
        script.on(NODES, [node("old"), node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"


@pytest.mark.parametrize("status", ["Pending", "Destroying"])
def test_resources_20_a_node_in_the_making_is_left_alone(status: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(status=status))
        with pytest.raises(Conflict, match=r"still being made|being deleted"):
            platform.compute.rename_node("n", "new")


def test_resources_21_a_stub_of_a_node_is_a_node() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [{"uuid": "stub", "status": "Failed"}])
        (found,) = platform.compute.nodes(W)
    assert (found.uuid, found.status, found.name) == ("stub", NodeStatus.FAILED, "")


def test_resources_22_a_list_that_lags_is_asked_again() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", CREATED, status=202)
        script.on(NODES, [])
        script.on(NODES, [node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"
        assert script.clock.slept


def test_resources_23_a_share_that_vanished_is_noticed() -> None:
    before = sharing("shared", sharedWithUsers=["N:user:bob"], sharedWithTeams=["N:team:lab"])
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", before)
        script.on(f"PUT {SHARES}", sharing("workspace"))
        script.on(f"POST {SHARES}/users", {}, status=201)
        script.on(f"POST {SHARES}/teams", {}, status=201)
        script.on(f"GET {SHARES}", sharing("workspace", sharedWithUsers=["N:user:bob"]))
        with pytest.raises(PlatformError, match="shares were lost: N:team:lab"):
            platform.node_sharing.set_scope("n", Scope.WORKSPACE)


def test_resources_24_a_creation_whose_answer_is_lost_is_looked_for_first() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {R}/accounts", httpx.ReadTimeout("lost"))
        script.on(f"GET {R}/accounts", [account("u")])
        assert platform.compute.register_account("111122223333", "role", "") == "u"


@pytest.mark.parametrize("status", ["Failed", "Destroying", "Pending"])
def test_resources_26_what_does_not_run_is_not_called_enabled(status: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(status=status))
        with pytest.raises(Conflict):
            platform.compute.resume_node("n")


def test_resources_27_an_accounts_owner_changes_nodes_they_cannot_read() -> None:
    with scripted() as (script, platform):
        script.on(f"PUT {NODE}", {}, status=202)
        script.on(f"DELETE {NODE}", {}, status=202)
        platform.compute.upgrade_node("n", "v1.1.0", image="pennsieve/provisioner")
        platform.compute.delete_node("n")


def test_resources_28_an_administrator_reads_a_node_that_no_list_shows() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled())
        assert platform.compute.node("n").health == ""


def test_resources_29_changing_the_scope_keeps_the_shares() -> None:
    shares = {"sharedWithUsers": ["N:user:bob", "N:user:eve"], "sharedWithTeams": ["N:team:lab"]}
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", sharing("workspace", **shares))
        script.on(f"PUT {SHARES}", sharing("private"), body={"accessScope": "private"})
        for user in shares["sharedWithUsers"]:
            script.on(f"POST {SHARES}/users", {}, status=201, body={"userId": user})
        script.on(f"POST {SHARES}/teams", {}, status=201, body={"teamId": "N:team:lab"})
        script.on(f"GET {SHARES}", sharing("shared", **shares))
        assert platform.node_sharing.set_scope("n", Scope.SHARED) == NodeSharing(
            "n", Scope.SHARED, "N:user:ada", ("N:user:bob", "N:user:eve"), ("N:team:lab",)
        )


def test_resources_29_a_private_node_is_shared_with_nobody() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", sharing("shared", sharedWithUsers=["N:user:bob"]))
        script.on(f"PUT {SHARES}", sharing("private"))
        script.on(f"GET {SHARES}", sharing("private"))
        assert platform.node_sharing.set_scope("n", Scope.PRIVATE).users == ()


def test_resources_29_shares_that_cannot_be_given_again_are_named() -> None:
    before = sharing("shared", sharedWithUsers=["N:user:bob", "N:user:eve"])
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", before)
        script.on(f"PUT {SHARES}", sharing("workspace"))
        script.on(f"POST {SHARES}/users", {"error": "User N:user:bob does not exist"}, status=400)
        script.on(f"POST {SHARES}/users", {}, status=201)
        script.on(f"GET {SHARES}", sharing("workspace", sharedWithUsers=["N:user:eve"]))
        with pytest.raises(PlatformError, match=r"N:user:bob \(.*does not exist\)$"):
            platform.node_sharing.set_scope("n", Scope.WORKSPACE)


def test_resources_29_shares_are_given_again_when_the_answer_is_lost() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", sharing("shared", sharedWithUsers=["N:user:bob"]))
        for _ in range(2):
            script.on(f"PUT {SHARES}", httpx.ReadTimeout("lost"))
        script.on(f"POST {SHARES}/users", {}, status=201)
        with pytest.raises(Unreachable):
            platform.node_sharing.set_scope("n", Scope.WORKSPACE)


def test_resources_29_a_node_shared_with_nobody_cannot_become_shared() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", sharing("private"))
        with pytest.raises(UsageProblem, match="nobody"):
            platform.node_sharing.set_scope("n", Scope.SHARED)


def test_resources_30_independent_says_nothing() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", sharing("private", organizationIndependent=True))
        assert platform.node_sharing.get("n").scope is Scope.PRIVATE


def test_resources_31_a_node_is_always_made_in_a_workspace() -> None:
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", {"uuid": "n"}, status=202)
        script.on(f"GET {NODE}", node("n"))
        platform.compute.create_node("u", "lab", W)
        assert f'"organizationId":"{W}"'.encode() in script.requests[1].content


def test_resources_33_a_key_is_refused_for_other_workspaces_after_one_more_try() -> None:
    with scripted() as (script, platform):
        for _ in range(2):
            script.on(f"GET {R}/gpu-tiers", {"message": "Forbidden"}, status=403)
        with pytest.raises(Forbidden):
            platform.compute.gpu_tiers("N:organization:another")
        assert script.sign_ins == 2


def test_resources_34_lists_are_in_one_order() -> None:
    tiers = [{"tier": "large", "pricePerHour": 1.6}, {"tier": "small", "pricePerHour": 0.5}]
    with scripted() as (script, platform):
        script.on(NODES, [node("b", "b"), node("a", "a")])
        script.on(f"GET {R}/gpu-tiers", tiers)
        assert [n.uuid for n in platform.compute.nodes(W)] == ["a", "b"]
        assert [tier.name for tier in platform.compute.gpu_tiers(W)] == ["small", "large"]


def test_resources_35_a_gateway_that_gave_up_may_have_done_it() -> None:
    busy = {"message": "Service Unavailable"}
    with scripted() as (script, platform):
        script.on(NODES, [])
        script.on(f"POST {R}/compute-nodes", busy, status=503)
        script.on(NODES, [node("new")])
        assert platform.compute.create_node("u", "lab", W).uuid == "new"
        script.on(f"PUT {NODE}", busy, status=503)
        with pytest.raises(Unreachable) as caught:
            platform.compute.upgrade_node("n", "v1", image="i")
    assert "may have been done" in (caught.value.hint or "")


def test_resources_37_numbers_without_bounds_are_not_believed() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(maxGpuInstances=-5))
        assert platform.compute.node("n").max_gpu_instances == 0


def test_resources_39_an_upgrade_sends_image_and_tag_together() -> None:
    both = {"provisionerImage": "pennsieve/own", "provisionerImageTag": "v1.1.0"}
    with scripted() as (script, platform):
        script.on(f"GET {NODE}", enabled(provisionerImage="pennsieve/own"))
        script.on(f"PUT {NODE}", {}, status=202, body=both)
        platform.compute.upgrade_node("n", "v1.1.0")
        script.on(f"GET {NODE}", enabled())
        with pytest.raises(PlatformError, match="does not say which provisioner"):
            platform.compute.upgrade_node("n", "v1.1.0")
        with pytest.raises(UsageProblem):
            platform.compute.upgrade_node("n", "")


ECHO = "the platform says: API_KEY=s3cret-value is no good, API_KEY, s3cret-value"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 429])
@pytest.mark.parametrize("body", [ECHO, {"message": ECHO}, {"error": ECHO}])
def test_no_error_quotes_a_secret_or_its_name(status: int, body: object) -> None:
    with scripted() as (script, platform):
        for _ in range(REQUESTS.get(status, 1)):
            script.on(f"PATCH {SECRETS}", body, status=status)
        with pytest.raises(AgentError) as caught:
            platform.node_secrets.set("n", {"API_KEY": "s3cret-value"})
    told = f"{caught.value!r} {caught.value.where} {caught.value.hint} {script.notes}"
    assert "API_KEY" not in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "secrets",
    [
        *({}, {"a b": "x"}, {"1A": "x"}, {"SESSION_TOKEN": "x"}, {"A": "é" * 5001}),
        *({"A" * 257: "x"}, {f"A{n}": "x" for n in range(51)}),
    ],
)
def test_secrets_that_are_not_allowed_are_not_sent(secrets: dict[str, str]) -> None:
    with scripted() as (_, platform), pytest.raises(UsageProblem) as caught:
        platform.node_secrets.set("n", secrets)
    assert not [name for name in secrets if name in caught.value.message]


def test_an_old_node_that_takes_no_notice_is_told() -> None:
    with scripted() as (script, platform):
        script.on(f"PATCH {SECRETS}", b"null")
        script.on(f"DELETE {NODE}/shared-secrets", b"null")
        with pytest.raises(PlatformError, match="too old"):
            platform.node_secrets.set("n", {"A": "x"})
        with pytest.raises(PlatformError, match="too old"):
            platform.node_secrets.remove_shared("n", "A")
