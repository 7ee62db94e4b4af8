"""Members' roles, invitations, dataset statuses and the trash."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.dataset_status import DatasetStatus
from pennsieve_agent.domain.people import Invitation
from pennsieve_agent.domain.trash import Discarded
from pennsieve_agent.errors import PlatformError, Unreachable
from tests.fakes.scripted_platform import scripted

ORG = "v1/organizations/N:organization:o"
D = "N:dataset:d"


def test_a_members_role_is_changed_and_may_be_sent_twice() -> None:
    with scripted() as (script, platform):
        call, body = f"PUT {ORG}/members/N:user:ada", {"role": "editor"}
        script.on(call, httpx.ReadError("lost"), body=body)
        script.on(call, {}, body=body)
        platform.people.set_role("N:organization:o", "N:user:ada", "editor")


def test_invitations_are_listed_by_address() -> None:
    rows = [
        {"id": "2", "email": "Bob@x.org", "firstName": "Bob", "lastName": "B"},
        {"id": "1", "email": "ada@x.org", "validUntil": "2026-01-02T03:04:05Z"},
    ]
    with scripted() as (script, platform):
        script.on(f"GET {ORG}/invites", rows)
        assert platform.invitations.list("N:organization:o") == [
            Invitation("1", "ada@x.org", "ada@x.org", "2026-01-02T03:04:05.000Z"),
            Invitation("2", "Bob@x.org", "Bob B"),
        ]


def test_an_invitation_sends_mail_once() -> None:
    with scripted() as (script, platform):
        script.on(f"PUT {ORG}/invites/1", httpx.ReadError("lost"), body=None)
        with pytest.raises(Unreachable):
            platform.invitations.resend("N:organization:o", "1")


def test_an_invitation_is_taken_back() -> None:
    with scripted() as (script, platform):
        script.on(f"DELETE {ORG}/invites/1", b"")
        platform.invitations.cancel("N:organization:o", "1")


def test_statuses_of_datasets() -> None:
    rows = [
        {"id": 1, "name": "NO_STATUS", "displayName": "No Status", "color": "#71747C"},
        {"id": 2, "name": "DONE", "inUse": True},
    ]
    with scripted() as (script, platform):
        script.on(f"GET {ORG}/dataset-status", rows)
        assert platform.datasets.statuses("N:organization:o") == (
            DatasetStatus(1, "NO_STATUS", "No Status", "#71747C"),
            DatasetStatus(2, "DONE", "DONE", in_use=True),
        )


def item(number: int, kind: str = "Package") -> dict[str, Any]:
    return {"id": number, "node_id": f"N:p:{number}", "name": f"f{number}", "type": kind}


def test_the_trash_is_read_page_by_page() -> None:
    query = {"dataset_id": D, "root_node_id": "N:collection:c", "limit": "100"}
    with scripted() as (script, platform):
        for offset in (0, 2):
            page = {"totalCount": 3, "packages": [item(offset), item(offset + 1)][: 3 - offset]}
            script.on("GET v2/datasets/trashcan", page, query=query | {"offset": str(offset)})
        found = list(platform.trash.list(D, "N:collection:c"))
    assert [each.id for each in found] == ["N:p:0", "N:p:1", "N:p:2"]


def test_the_root_is_asked_for_without_a_folder_and_may_be_empty() -> None:
    with scripted() as (script, platform):
        query = {"dataset_id": D, "limit": "100", "offset": "0"}
        script.on("GET v2/datasets/trashcan", {"packages": None}, query=query)
        assert list(platform.trash.list(D)) == []


def test_a_folder_is_known_and_what_has_no_id_is_refused() -> None:
    with scripted() as (script, platform):
        page = {"totalCount": 1, "packages": [item(1, "Collection") | {"state": "DELETED"}]}
        script.on("GET v2/datasets/trashcan", page)
        script.on("GET v2/datasets/trashcan", {"packages": [{"id": 1}]})
        found = list(platform.trash.list(D))
        with pytest.raises(PlatformError):
            list(platform.trash.list(D))
    assert found == [Discarded("N:p:1", "f1", is_folder=True, state="DELETED")]
