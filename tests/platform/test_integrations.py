from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.profile import ApiKey
from pennsieve_agent.domain.workflow_identity import Kind, new_integration
from pennsieve_agent.errors import NotFound, PlatformError, Unreachable
from tests.fakes.scripted_platform import scripted

D = "N:dataset:d"
TOKEN = {"name": "Integration-user", "key": "k", "secret": "token-secret"}


def webhook(number: int, workflow: str = "w", kind: Kind = Kind.READ) -> dict[str, Any]:
    body = new_integration(workflow, "Spike rate", kind).body
    return {
        "id": number,
        "apiUrl": body["apiUrl"],
        "description": body["description"],
        "displayName": f"Spike rate ({kind})",
        "isPrivate": False,
        "hasAccess": body["hasAccess"],
        "createdBy": 17,
    }


@pytest.mark.parametrize("kind", list(Kind))
def test_create_sends_what_can_do_no_harm_and_answers_the_key(kind: Kind) -> None:
    new = new_integration("w", "Spike rate", kind)

    def made(request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        assert len(body.pop("secret")) > 20
        assert body.pop("apiUrl").endswith(".invalid")
        assert body == {
            "description": f"pennsieve workflow w ({kind})",
            "displayName": f"Spike rate ({kind}) {new.mark}",
            "targetEvents": [],
            "hasAccess": kind is Kind.WRITE,
            "isPrivate": False,
            "isDefault": False,
        }
        return httpx.Response(201, json=webhook(9, kind=kind) | {"tokenSecret": TOKEN})

    with scripted() as (script, platform):
        script.on("POST v1/webhooks", made)
        answer = platform.integrations.create(new)
    assert answer == (9, ApiKey("k", "token-secret"))
    assert "token-secret" not in repr(answer)


def test_create_is_sent_once_whatever_happens_to_the_answer() -> None:
    new = new_integration("w", "n", Kind.READ)
    for lost in (httpx.ReadTimeout("lost"), httpx.ConnectError("no")):
        with scripted() as (script, platform):
            script.on("POST v1/webhooks", lost)
            with pytest.raises(Unreachable):
                platform.integrations.create(new)


def test_an_answer_without_a_key_is_no_integration() -> None:
    with scripted() as (script, platform):
        script.on("POST v1/webhooks", webhook(9), status=201)
        with pytest.raises(PlatformError, match="tokenSecret"):
            platform.integrations.create(new_integration("w", "n", Kind.READ))


def test_on_dataset_joins_what_is_enabled_with_what_is_an_identity() -> None:
    enabled = [
        {"id": 1, "webhookId": 3, "enabledBy": 18, "enabledOn": "2026-01-02T03:04:05+01:00"},
        {"id": 2, "webhookId": 99, "enabledBy": 17},
        {"id": 3, "webhookId": 4, "enabledBy": 17},
    ]
    liar = webhook(5, kind=Kind.WRITE) | {"hasAccess": False}
    with scripted() as (script, platform):
        script.on("GET v1/webhooks", [webhook(3, kind=Kind.WRITE), {"id": 4}, liar])
        script.on(f"GET v1/datasets/{D}/webhook", [*enabled, {"id": 4, "webhookId": 5}])
        row, lying = platform.integrations.on_dataset(D)
    assert (row.workflow, row.integration, row.writes) == ("w", 3, True)
    assert (row.created_by, row.enabled_by) == ("17", "18")
    assert row.enabled_at == "2026-01-02T02:04:05.000Z"
    assert not lying.writes


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
