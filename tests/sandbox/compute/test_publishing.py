"""Definitions that every workspace may list and run, and lists of definitions."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.datasets import Role
from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, REPO, Lab, Ready, chain

PATH = "/compute/workflows/definitions"
NOT_CREATOR = "only the creator of a workflow can publish or unpublish it"


def _list(lab: Lab, email: str = ADA, **query: Any) -> list[str]:
    answer = lab.client(email).get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["workflows"]]


def test_publish_and_unpublish(ready: Ready) -> None:
    lab, one = ready.lab, f"{PATH}/{ready.workflow}"
    assert _list(lab, DAN, visibility="public") == []
    assert lab.client(DAN).get(one).status_code == 404
    made = lab.client().post(f"{one}/publish")
    assert made.status_code == 200
    assert (made.json()["visibility"], made.json()["official"]) == ("public", False)
    assert lab.client().post(f"{one}/publish").status_code == 200  # twice is once
    assert _list(lab, DAN, visibility="public") == ["summary"]
    assert _list(lab, DAN, visibility="public", official="true") == []
    assert lab.client(DAN).get(one).json()["visibility"] == "public"
    back = lab.client().post(f"{one}/unpublish")
    assert (back.status_code, back.json()["visibility"]) == (200, "private")
    assert _list(lab, DAN, visibility="public") == []
    assert lab.client(DAN).get(one).status_code == 404


@pytest.mark.parametrize("verb", ["publish", "unpublish"])
def test_its_creator_only(ready: Ready, verb: str) -> None:
    path = f"{PATH}/{ready.workflow}/{verb}"
    for email in (BEN, CLEO):  # not even an administrator
        answer = ready.lab.client(email).post(path)
        assert (answer.status_code, answer.json()) == (403, {"message": NOT_CREATOR})
    answer = ready.lab.client(DAN).post(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "workflow not found"})
    ready.lab.client().post(f"{PATH}/{ready.workflow}/publish")
    answer = ready.lab.client(DAN).post(path)
    assert (answer.status_code, answer.json()) == (403, {"message": NOT_CREATOR})
    assert ready.lab.client(DAN).patch(f"{PATH}/{ready.workflow}", json={}).status_code == 403


def test_every_processor_must_be_in_the_app_store(lab: Lab) -> None:
    nodes = chain()
    nodes[1]["sourceUrl"] = f"{REPO}/"  # another spelling is another application (trap 4)
    lab.start()
    lab.register()
    answer = lab.client().post(f"{PATH}/{lab.define(nodes)}/publish")
    text = f"processor {REPO}/ is not an App Store application"
    assert (answer.status_code, answer.json()) == (400, {"message": text})


def test_somebody_elsewhere_runs_what_was_published(ready: Ready) -> None:
    lab = ready.lab
    account = lab.account(DAN, "999900001111")
    node = lab.node(account, email=DAN)
    lab.roles[DAN, ready.dataset] = Role.EDITOR
    body = ready.body()
    body["workflowInstanceConfiguration"]["computeNodeId"] = node
    assert lab.client(DAN).post("/compute/workflows/runs", json=body).status_code == 404
    lab.client().post(f"{PATH}/{ready.workflow}/publish")
    made = lab.client(DAN).post("/compute/workflows/runs", json=body)
    assert made.status_code == 201, made.text
    # The run is of the workspace it was started from.
    assert made.json()["organizationId"] == "N:organization:other"
    path = f"/compute/workflows/runs/{made.json()['uuid']}"
    assert lab.client(DAN).get(path).status_code == 200
    assert lab.client(BEN).get(path).status_code == 404


def test_search_status_and_pages(lab: Lab) -> None:
    uuids = [lab.define(name=name) for name in ("EDF summary", "Spikes", "edf clean")]
    lab.client().patch(f"{PATH}/{uuids[1]}", json={"isActive": False})
    lab.client().patch(f"{PATH}/{uuids[2]}", json={"name": "clean", "description": "for EDF files"})
    org = lab.organization
    assert _list(lab, organization_id=org, search="edf") == ["EDF summary", "clean"]
    assert _list(lab, organization_id=org, status="archived") == ["Spikes"]
    assert _list(lab, organization_id=org, status="active") == ["EDF summary", "clean"]
    assert _list(lab, organization_id=org) == ["EDF summary", "Spikes", "clean"]
    seen, cursor = [], ""
    for _ in range(3):
        query = {"organization_id": org, "limit": "1", "cursor": cursor}
        page = lab.client().get(PATH, params=query).json()
        seen += [item["name"] for item in page["workflows"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == (["EDF summary", "Spikes", "clean"], "")
    assert lab.client(DAN).get(PATH, params={"organization_id": org}).status_code == 403


def test_what_its_runs_came_to(ready: Ready) -> None:
    one = f"{PATH}/{ready.workflow}"
    assert ready.lab.client().get(one).json()["metrics"] == {"totalRuns": 0}
    run = ready.start()
    ready.lab.wait(run)
    shown = ready.lab.client().get(one).json()
    assert shown["metrics"]["totalRuns"] == 1
    assert shown["metrics"]["successRate"] == 100
    assert shown["metrics"]["avgDurationSec"] > 0
    assert shown["lastRunStatus"] == shown["metrics"]["lastRunStatus"] == "SUCCEEDED"
    assert shown["lastRunAt"].endswith("Z")
