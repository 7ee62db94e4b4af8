"""What the owner registers on a node: versions that never change, and grants."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.errors import Conflict, Forbidden, Invalid
from tests.node.cloud import REGION
from tests.node.owned import (
    DATASET,
    DIGEST,
    IMAGE,
    OTHER_DATASET,
    OTHER_WORKFLOW,
    WORKFLOW,
    Owned,
    grant,
    start,
    version,
)


def test_a_version_never_changes(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version())
    with pytest.raises(Conflict, match="versions never change"):
        owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version(description="new"))
    owner.ask("DELETE", f"/workflows/{WORKFLOW}/versions/v1")
    assert owner.ask("GET", "/workflows")["workflows"] == []
    assert owner.ask("GET", "/grants")["grants"] == []
    assert node.world.parameters == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workflow": OTHER_WORKFLOW}, "another workflow"),
        ({"layout": "round"}, "layout must be one of"),
        ({"steps": []}, "between one and"),
        ({"steps": [{"id": "a", "kind": "dance"}]}, "unknown kind"),
        ({"steps": [{"id": "a", "kind": "processor", "image": "python:3"}]}, "digest"),
        (
            {"steps": [{"id": "a", "kind": "data-target", "targetType": "Mail"}]},
            "target 'a' must be one of",
        ),
        ({"steps": [{"id": "a", "kind": "data-source", "dependsOn": ["b"]}]}, "do not exist: b"),
        ({"steps": [{"id": "a", "kind": "data-source", "dependsOn": ["a"]}]}, "circle"),
        ({"steps": [{"id": "a", "kind": "data-source"}] * 2}, "two steps have the same id"),
    ],
)
def test_what_is_no_version_is_refused(node: Owned, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        node.owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version() | change)
    assert not node.world.parameters


FAR = IMAGE.replace(REGION, "eu-west-1")
PUBLIC = f"ghcr.io/lab/code@{DIGEST}"


@pytest.mark.parametrize(
    ("needs", "image", "words"),
    [
        ("read", IMAGE, "cannot reach Pennsieve, as it has no internet access"),
        ("", FAR, f"step 'step' is not in a private registry in {REGION}"),
        ("", PUBLIC, f"step 'step' is not in a private registry in {REGION}"),
    ],
)
def test_without_internet_a_version_that_needs_it_is_refused(
    node: Owned, needs: str, image: str, words: str
) -> None:
    document = version(needsPennsieve=needs)
    (work,) = (row for row in document["steps"] if row["kind"] == "processor")
    work |= {"id": "step", "image": image}
    for row in document["steps"]:
        row["dependsOn"] = []
    path = f"/workflows/{WORKFLOW}/versions/{document['version']}"
    node.world.settings = replace(node.world.settings, mode="compliant")
    with pytest.raises(Invalid, match=words):
        node.owner.ask("PUT", path, body=document)
    node.world.settings = replace(node.world.settings, mode="secure")
    node.owner.ask("PUT", path, body=document)


def test_without_internet_a_version_of_the_nodes_own_is_taken(node: Owned) -> None:
    node.world.settings = replace(node.world.settings, mode="compliant")
    node.owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version())


def test_a_version_of_200_steps_with_long_names_is_registered_and_starts(node: Owned) -> None:
    owner = node.furnish()
    document = version("wide", target="")
    work = document["steps"][1]
    long = [work | {"id": f"{n:03d}{'x' * 117}", "dependsOn": ["in"]} for n in range(200)]
    document["steps"] = [document["steps"][0], *long]
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/wide", body=document)
    run = owner.ask("POST", "/runs", body=start(version="wide", targets={}))["run"]
    node.world.deliver(node.world.events.pop(0))
    shown = owner.ask("GET", f"/runs/{run}")
    assert (shown["status"], len(shown["steps"])) == ("STARTED", 201)
    assert len(node.world.jobs) == 201
    assert max(len(json.dumps(item, default=str)) for item in node.world.items.values()) < 400_000


def test_grants_are_listed_with_who_and_when(node: Owned) -> None:
    owner = node.furnish()
    grant(owner, OTHER_WORKFLOW, OTHER_DATASET, "read")
    (row,) = owner.ask("GET", "/grants", {"dataset": OTHER_DATASET})["grants"]
    assert row["by"] == {"name": "owner", "email": "owner@example.org"}
    assert (row["access"], row["at"]) == ("read", node.world.clock)
    assert len(owner.ask("GET", "/grants", {"workflow": WORKFLOW})["grants"]) == 1
    for body in ({"workflow": "x y", "dataset": DATASET}, {"workflow": "w", "dataset": "d"}):
        with pytest.raises(Invalid):
            owner.ask("PUT", "/grants", body={**body, "access": "read"})
    with pytest.raises(Invalid, match="access must be read or read-write"):
        grant(owner, access="write")


def test_a_grant_with_an_end_is_none_from_then_on(node: Owned) -> None:
    owner = node.furnish()
    until = node.world.clock + 3600
    body = {"workflow": WORKFLOW, "dataset": DATASET, "access": "read-write", "until": until}
    assert owner.ask("PUT", "/grants", body=body)["until"] == until
    assert owner.ask("POST", "/runs", body=start())["created"]
    node.world.sleep(3600)
    with pytest.raises(Forbidden, match=r"has no grant on dataset .*: its grant ended on 2026-"):
        owner.ask("POST", "/runs", body=start())
    (row,) = owner.ask("GET", "/grants")["grants"]
    assert (row["until"], row["ended"]) == (until, True)
    (workflow,) = owner.ask("GET", "/workflows")["workflows"]
    assert (workflow["grants"], list(workflow["ended"])) == ([], [DATASET])
    grant(owner)  # given again without an end
    (row,) = owner.ask("GET", "/grants")["grants"]
    assert (row.get("until"), row["ended"]) == (None, False)
    assert owner.ask("POST", "/runs", body=start())["created"]


@pytest.mark.parametrize("until", [1.0, -1, "soon", True, 1e12])
def test_an_end_that_is_over_or_no_time_is_refused(node: Owned, until: object) -> None:
    owner = node.furnish()
    body = {"workflow": WORKFLOW, "dataset": DATASET, "access": "read", "until": until}
    with pytest.raises(Invalid, match="until must be a time in the future"):
        owner.ask("PUT", "/grants", body=body)
    assert owner.ask("GET", "/grants")["grants"][0]["access"] == "read-write"
