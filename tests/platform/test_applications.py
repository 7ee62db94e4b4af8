from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.workflows import BuildStatus
from pennsieve_agent.errors import PlatformError, Unreachable
from tests.fakes.scripted_platform import scripted

URL = "https://github.com/lab/spike-rate"
STORE = "v2/applications/store"


def application(*versions: dict[str, Any], url: str = URL) -> dict[str, Any]:
    return {
        "uuid": "a",
        "sourceUrl": url,
        "sourceType": "github",
        "visibility": "public",
        "ownerId": "N:user:ada",
        "versions": list(versions),
    }


def version(uuid: str, tag: str, at: str, status: str = "deployed", **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "version": tag, "createdAt": at, "status": status, **more}


def test_list_with_all_that_may_be_missing() -> None:
    rows = [
        application() | {"versions": None},
        application(version("v", "v1", "2026-01-01 00:00:00 +0000 UTC", deployments=None)),
    ]
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", rows, query={})
        first, second = platform.applications.list()
    assert first.versions == ()
    assert second.versions[0].deployment_ids == ()
    assert second.versions[0].created_at == "2026-01-01T00:00:00.000Z"


def test_list_of_one_repository_compares_letter_by_letter() -> None:
    rows = [application(), application(url=f"{URL}.git")]
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", rows, query={"sourceUrl": URL})
        (found,) = platform.applications.list(URL)
    assert found.source_url == URL


def test_register_answers_only_a_deployment() -> None:
    body = {"source": {"type": "github", "url": URL, "tag": "v1", "isPrivate": True}}
    released = body | {"release": {"id": 7}}
    with scripted() as (script, platform):
        script.on(f"POST {STORE}", {"deploymentId": "d"}, status=202, body=body)
        script.on(f"POST {STORE}", {"deploymentId": "e"}, status=202, body=released)
        assert platform.applications.register(URL, "v1") == "d"
        assert platform.applications.register(URL, "v1", release_id=7) == "e"


def test_a_token_is_sent_where_it_is_given() -> None:
    body = {"type": "github", "url": URL, "tag": "v1", "isPrivate": True, "authToken": "t"}
    with scripted() as (script, platform):
        answer = {"deploymentId": "d"}
        script.on(f"POST {STORE}", answer, status=202, body={"source": body})
        assert platform.applications.register(URL, "v1", auth_token="t") == "d"


def test_register_is_never_sent_twice_as_each_adds_a_version() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {STORE}", httpx.ReadError("lost"))
        with pytest.raises(Unreachable):
            platform.applications.register(URL, "v1")


def test_register_refused_with_a_500_for_a_bad_body() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {STORE}", {"message": "error unmarshaling body"}, status=500)
        with pytest.raises(PlatformError, match="unmarshaling"):
            platform.applications.register(URL, "v1")


def test_whole_seconds_come_before_their_fractions() -> None:
    rows = application(
        version("second", "v1", "2026-04-24 18:02:12.5 +0000 UTC"),
        version("first", "v1", "2026-04-24 18:02:12 +0000 UTC"),
    )
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [rows])
        (found,) = platform.applications.list(URL)
    assert max(found.versions, key=lambda row: row.created_at).uuid == "second"


def test_a_build_error_carries_its_text_and_deployments_are_read() -> None:
    deployments = [{"deploymentId": "d1"}, {}]
    row = version("v", "v1", "", "error: no Dockerfile", deployments=deployments)
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application(row)])
        (listed,) = platform.applications.list(URL)
    (found,) = listed.versions
    assert (found.status, found.problem) == (BuildStatus.ERROR, "no Dockerfile")
    assert found.deployment_ids == ("d1",)


def test_the_version_behind_a_deployment() -> None:
    row = version("v", "v1", "", "deploying", deployments=[{"deploymentId": "d1"}])
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application(version("u", "v1", ""), row)])
        script.on(f"GET {STORE}", [application()])
        found = platform.applications.build(URL, "d1")
        assert platform.applications.build(URL, "d2") is None
    assert found is not None
    assert (found.uuid, found.status) == ("v", BuildStatus.DEPLOYING)
