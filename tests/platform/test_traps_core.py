"""The traps at the end of ``contracts/core.md``, by number."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.packages import Package
from pennsieve_agent.domain.workflow_identity import Kind, new_integration
from pennsieve_agent.errors import AgentError, Conflict, Forbidden, Invalid, NotFound, PlatformError
from tests.fakes.scripted_platform import COGNITO, WORKSPACE, scripted
from tests.platform.test_datasets import D, dataset, listing, package
from tests.platform.test_routes import all_routes

FORBIDDEN = {"message": "Forbidden"}


def test_core_01_a_key_has_one_workspace_and_nothing_switches_it() -> None:
    rows = [{"organization": {"id": id_, "name": id_}} for id_ in (WORKSPACE, "N:organization:b")]
    with scripted() as (script, platform):
        script.on("GET v1/organizations", {"organizations": rows})
        assert len(platform.people.workspaces()) == 2
        assert platform.workspace_id() == WORKSPACE
        assert "X-ORGANIZATION-ID" not in script.requests[0].headers
    assert not [path for _, _, path in all_routes() if "switch-organization" in path]


def test_core_02_the_access_token_is_sent_and_the_id_token_is_only_read() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/webhooks", [])
        platform.webhooks.list()
        assert script.requests[0].headers["Authorization"] == "Bearer access-1"
        assert platform.workspace_id() == WORKSPACE  # which stands in the ID token alone


def test_core_03_the_preferred_workspace_of_a_user_is_not_the_keys() -> None:
    user = {"id": "N:user:ada", "email": "a@b.org", "preferredOrganization": "N:organization:b"}
    with scripted() as (script, platform):
        script.on("GET v1/user", user)
        script.on("GET v1/organizations", {"organizations": []})
        assert platform.identity().workspace.id == WORKSPACE


def test_core_04_a_session_of_a_key_manages_no_keys() -> None:
    assert not [path for _, _, path in all_routes() if path.startswith("/token")]


def test_core_05_the_sign_in_address_can_be_another() -> None:
    with scripted() as (script, platform):
        platform.workspace_id()
        assert (script.sign_ins, COGNITO) == (1, "https://cognito.test/")


def test_core_07_equal_paths_on_two_hosts_are_two_routes() -> None:
    with scripted() as (script, platform):
        script.on("POST v1/packages", package(1, "x"))
        script.on("POST v2/packages/download-manifest", {"data": []})
        platform.packages.create_folder(D, "x")
        platform.downloads.manifest(D, ["p"])


def test_core_08_a_cached_denial_ends_with_a_fresh_token() -> None:
    with scripted() as (script, platform):
        script.on("POST v2/packages/download-manifest", FORBIDDEN, status=403)
        script.on("POST v2/packages/download-manifest", {})
        platform.downloads.manifest(D, ["p"])
        assert script.sign_ins == 2


def test_core_09_a_missing_dataset_id_is_not_answered_by_signing_in_for_ever() -> None:
    with scripted() as (script, platform):
        for _ in range(2):
            script.on("POST v2/packages/download-manifest", {"message": "Unauthorized"}, status=401)
        with pytest.raises(AgentError, match="does not accept this session"):
            platform.downloads.manifest(D, ["p"])
        assert script.sign_ins == 2
        assert dict(script.requests[0].url.params) == {"dataset_id": D}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"{'message': 'not allowed (requestID: 7)'}", Forbidden),
        (401, b"Organization does not exist.", Forbidden),
        (404, b'{"message":"Dataset (12) not found"}', NotFound),
    ],
)
def test_core_10_a_401_may_mean_forbidden_and_a_404_no_role(
    status: int, body: bytes, error: type[AgentError]
) -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE v1/datasets/{D}", body, status=status)
        with pytest.raises(error):
            platform.datasets.delete(D)
        assert script.sign_ins == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"type":"BadRequest","message":"no good","code":400,"stackTrace":"x"}', "no good"),
        (b'"no good"', "no good"),
        (b'{"message":"no good"}', "no good"),
        (b'{"Code":400,"Message":"no good"}', "no good"),
        (b"{'message': 'no good (requestID: 1-2)'}", "no good"),
        (b"no good.", "no good"),
        (b"", "rejected the request"),
    ],
    ids=[f"core_12_{letter}" for letter in ("a", "b", "b2", "c", "d", "f", "f2")],
)
def test_core_12_every_shape_of_a_refusal(body: bytes, words: str) -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE v1/datasets/{D}", body, status=400)
        with pytest.raises(Invalid, match=words) as caught:
            platform.datasets.delete(D)
    assert caught.value.status == 400
    assert not caught.value.message.endswith(".")


@pytest.mark.parametrize("answer", [{"success": ["p"]}, {"success": ["p"], "failures": None}])
def test_core_13_a_missing_list_and_null_are_the_empty_list(answer: dict[str, Any]) -> None:
    with scripted() as (script, platform):
        script.on("POST v1/data/delete", answer)
        platform.packages.delete(["p"])


def test_core_15_id_is_a_number_in_one_listing_and_a_node_id_in_the_other() -> None:
    flat = package(77, "a.csv")
    flat["content"] |= {"datasetId": 12, "datasetNodeId": D}
    content = flat["content"] | {"id": "N:package:77", "intId": 77, "parentId": 70}
    del content["nodeId"]
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(flat))
        child = {"content": content, "storage": 10}
        script.on("GET v1/packages/N:collection:70", {"children": [child]})
        (file,) = platform.datasets.files(D)
        (single,) = platform.packages.children("N:collection:70")
    expected = Package("N:package:77", 77, "a.csv", "CSV", "READY", D, 70, size=10)
    assert (single, file.package_id) == (expected, "N:package:77")


def test_core_17_children_have_no_total_and_end_with_a_short_page() -> None:
    def page(numbers: range) -> dict[str, Any]:
        return {"children": [{"content": {"id": f"N:package:{n}", "intId": n}} for n in numbers]}

    with scripted() as (script, platform):
        script.on("GET v1/packages/N:collection:c", page(range(500)))
        script.on("GET v1/packages/N:collection:c", page(range(500, 501)))
        assert len(list(platform.packages.children("N:collection:c"))) == 501


def test_core_17_the_echoed_limit_is_not_the_applied_one() -> None:
    with scripted() as (script, platform):
        for at in (0, 2):
            found = [dataset(at), dataset(at + 1)]
            script.on(
                "GET v1/datasets/paginated", {"limit": 500, "totalCount": 4, "datasets": found}
            )
        assert len(list(platform.datasets.list())) == 4


def test_core_18_a_name_the_search_does_not_find_is_found_in_the_list() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/datasets/paginated", {"totalCount": 0, "datasets": []})
        script.on(
            "GET v1/datasets/paginated", {"totalCount": 2, "datasets": [dataset(1), dataset(2)]}
        )
        with pytest.raises(Conflict, match="there is a dataset 'Dataset 2'"):
            platform.datasets.create(" Dataset 2 ")
        assert script.requests[0].url.params["query"] == "Dataset 2"


def test_core_19_some_deletes_need_a_body() -> None:
    path = f"DELETE v1/datasets/{D}/collaborators"
    with scripted() as (script, platform):
        script.on(f"{path}/users", {}, body={"id": "N:user:bob"})
        script.on(f"{path}/teams", {}, body={"id": "N:team:lab"})
        platform.collaborators.remove_user(D, "N:user:bob")
        platform.collaborators.remove_team(D, "N:team:lab")


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, json=1), httpx.Response(200), httpx.Response(204)]
)
def test_core_20_a_number_and_nothing_are_successes(answer: httpx.Response) -> None:
    with scripted() as (script, platform):
        script.on("DELETE v1/webhooks/3", answer)
        platform.webhooks.delete(3)


@pytest.mark.parametrize(
    "path", ["/datasets", "/datasets/{id}/role", "/packages/{id}/sources", "packageTypeCounts"]
)
def test_core_21_routes_that_will_go_are_not_used(path: str) -> None:
    used = {p for method, surface, p in all_routes() if (method, surface) == ("GET", "v1")}
    assert path not in used
    assert not [p for p in used if p.endswith(path) and path.startswith("package")]


def test_core_23_the_token_does_not_follow_a_redirect() -> None:
    away = httpx.Response(302, headers={"Location": "https://elsewhere.test/"})
    with scripted() as (script, platform):
        script.on("GET v1/webhooks", away)
        with pytest.raises(PlatformError, match="redirected to another address"):
            platform.webhooks.list()


def test_core_26_names_of_other_people_cannot_leave_their_folder() -> None:
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}/packages", listing(package(1, "../../etc/passwd")))
        (file,) = platform.datasets.files(D)
    assert file.path == ".._.._etc_passwd"


@pytest.mark.parametrize(
    ("message", "words", "sign_ins"),
    [
        ("User is not authorized to perform this action on the dataset.", "not authorized", 1),
        ("Forbidden", "does not allow this", 2),
    ],
)
def test_core_36_the_service_and_the_gateway_refuse_differently(
    message: str, words: str, sign_ins: int
) -> None:
    with scripted() as (script, platform):
        for _ in range(sign_ins):
            script.on("POST v2/packages/download-manifest", {"message": message}, status=403)
        with pytest.raises(Forbidden, match=words):
            platform.downloads.manifest(D, ["p"])
        assert script.sign_ins == sign_ins


def test_core_41_an_integrations_key_is_not_shown_and_its_ids_are_read_in_any_type() -> None:
    made = {"id": "3", "tokenSecret": {"key": "k", "secret": "never-shown"}}
    with scripted() as (script, platform):
        script.on("POST v1/webhooks", made, status=201)
        script.on(f"GET v1/datasets/{D}/webhook", [{"webhookId": "3", "datasetId": "12"}])
        number, key = platform.integrations.create(new_integration("w", "n", Kind.READ))
        (enabled,) = platform.webhooks.on_dataset(D)
    assert (number, enabled.webhook_id, enabled.dataset_number) == (3, 3, 12)
    assert "never-shown" not in repr(key)


def test_deleting_names_what_failed_although_the_answer_is_200() -> None:
    failures = [{"id": "N:package:1", "error": "locked"}, {"id": "N:package:2", "name": "b.csv"}]
    with scripted() as (script, platform):
        script.on("POST v1/data/delete", {"success": ["N:package:3"], "failures": failures})
        with pytest.raises(Conflict, match="2 of 3 could not be deleted") as caught:
            platform.packages.delete(["N:package:1", "N:package:2", "N:package:3"])
    assert "N:package:1 (locked); b.csv (no reason)" in caught.value.message


def test_an_edit_is_refused_when_somebody_was_faster() -> None:
    read = httpx.Response(200, json=dataset(1), headers={"ETag": '"7"'})
    with scripted() as (script, platform):
        script.on(f"GET v1/datasets/{D}", read)
        script.on(f"PUT v1/datasets/{D}", {"message": "stale"}, status=412, body={"name": "x"})
        with pytest.raises(Conflict, match="somebody else"):
            platform.datasets.edit(D, name="x")
        assert script.requests[1].headers["If-Match"] == '"7"'


def test_an_invitation_goes_out_once_with_the_address_in_id() -> None:
    body = {"id": "new@lab.org", "role": "viewer"}
    with scripted() as (script, platform):
        script.on(f"PUT v1/datasets/{D}/collaborators/external", httpx.ReadError("lost"), body=body)
        with pytest.raises(PlatformError):
            platform.collaborators.invite(D, "new@lab.org", Role.VIEWER)
