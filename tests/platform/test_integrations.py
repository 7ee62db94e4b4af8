from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.grants import Access, Integration, grant_url
from pennsieve_agent.errors import NotFound, Unreachable
from tests.fakes.scripted_platform import V2, scripted

D = "N:dataset:d"


def webhook(number: int, workflow: str = "w", access: Access = Access.READ) -> dict[str, Any]:
    return {
        "id": number,
        "apiUrl": grant_url(V2, workflow, access),
        "name": "slug",
        "displayName": "Spike rate",
        "isPrivate": False,
        "hasAccess": access.writes,
    }


def test_list_keeps_only_integrations_that_are_grants() -> None:
    others = [{"id": 1, "apiUrl": "https://hooks.example/x"}, {"id": 2}, {"apiUrl": "http://[::"}]
    with scripted() as (script, platform):
        script.on("GET v1/webhooks", [*others, webhook(3)])
        assert platform.integrations.list() == [Integration(3, "w", Access.READ, "Spike rate")]


@pytest.mark.parametrize("access", list(Access))
def test_create_asks_for_write_access_only_when_the_grant_writes(access: Access) -> None:
    secret: list[str] = []

    def made(request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        secret.append(body.pop("secret"))
        assert body == {
            "apiUrl": f"{V2}/compute/workflows/definitions/w?access={access.value}",
            "description": "Grants of the workflow Spike rate",
            "displayName": f"Spike rate ({access.value})",
            "targetEvents": [],
            "hasAccess": access.writes,
            "isPrivate": False,
            "isDefault": False,
        }
        token = {"name": "Integration-user", "key": "k", "secret": "token-secret"}
        return httpx.Response(201, json=webhook(9, access=access) | {"tokenSecret": token})

    with scripted() as (script, platform):
        script.on("POST v1/webhooks", made)
        integration = platform.integrations.create("w", "Spike rate", access)
    assert integration == Integration(9, "w", access, "Spike rate")
    assert len(secret[0]) > 20
    assert "token-secret" not in repr(platform.integrations.__dict__)


def test_create_fits_a_long_name_into_the_platforms_limits() -> None:
    def made(request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        assert len(body["description"]) < 200
        assert len(body["apiUrl"]) < 256
        return httpx.Response(201, json={"id": 9})

    with scripted() as (script, platform):
        script.on("POST v1/webhooks", made)
        platform.integrations.create("1" * 36, "x" * 500, Access.READ)


def test_create_whose_answer_is_lost_looks_instead_of_sending_again() -> None:
    with scripted() as (script, platform):
        script.on("POST v1/webhooks", httpx.ReadTimeout("lost"))
        script.on("GET v1/webhooks", [webhook(8, access=Access.READ_WRITE), webhook(9)])
        assert platform.integrations.create("w", "n", Access.READ).id == 9


def test_create_that_never_arrived_says_so() -> None:
    with scripted() as (script, platform):
        script.on("POST v1/webhooks", httpx.ConnectError("no"))
        script.on("GET v1/webhooks", [])
        with pytest.raises(Unreachable):
            platform.integrations.create("w", "n", Access.READ)


def test_delete_takes_a_bare_number_as_its_answer() -> None:
    with scripted() as (script, platform):
        script.on("DELETE v1/webhooks/3", 1)
        platform.integrations.delete(3)


def test_grants_joins_what_is_enabled_with_what_is_a_grant() -> None:
    enabled = [
        {"id": 1, "webhookId": 3, "enabledBy": 17, "enabledOn": "2026-01-02T03:04:05+01:00"},
        {"id": 2, "webhookId": 99, "enabledBy": 17},
    ]
    with scripted() as (script, platform):
        script.on("GET v1/webhooks", [webhook(3, access=Access.READ_WRITE)])
        script.on(f"GET v1/datasets/{D}/webhook", enabled)
        (grant,) = platform.integrations.grants(D)
    assert (grant.workflow_uuid, grant.access, grant.dataset_id) == ("w", Access.READ_WRITE, D)
    assert (grant.granted_by, grant.granted_at) == ("17", "2026-01-02T02:04:05.000Z")


def test_enable_and_disable_use_the_singular_path_and_no_body() -> None:
    with scripted() as (script, platform):
        script.on(f"PUT v1/datasets/{D}/webhook/3", {"id": 1}, body=None)
        script.on(f"DELETE v1/datasets/{D}/webhook/3", 1, body=None)
        platform.integrations.enable(D, 3)
        platform.integrations.disable(D, 3)


def test_enable_is_sent_again_when_the_answer_is_lost() -> None:
    with scripted() as (script, platform):
        script.on(f"PUT v1/datasets/{D}/webhook/3", httpx.ReadError("lost"))
        script.on(f"PUT v1/datasets/{D}/webhook/3", {})
        platform.integrations.enable(D, 3)


def test_a_repeated_delete_that_finds_nothing_was_done_by_the_first_try() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE v1/datasets/{D}/webhook/3", httpx.ReadError("lost"))
        script.on(f"DELETE v1/datasets/{D}/webhook/3", {"message": "not found"}, status=404)
        platform.integrations.disable(D, 3)


def test_a_delete_that_finds_nothing_says_so() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE v1/datasets/{D}/webhook/3", httpx.ConnectError("never sent"))
        script.on(f"DELETE v1/datasets/{D}/webhook/3", {"message": "not found"}, status=404)
        with pytest.raises(NotFound):
            platform.integrations.disable(D, 3)
