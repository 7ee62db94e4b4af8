"""Workflow definitions: what is refused, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.sandbox.host import faults
from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, REPO, Lab, chain

PATH = "/compute/workflows/definitions"


def post(lab: Lab, processors: Any, who: str = ADA, **more: Any) -> tuple[int, str]:
    body = {"name": "w", "processors": processors, **more}
    answer = lab.client(who).post(PATH, json=body)
    return answer.status_code, answer.json().get("message", "")


def processor(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    kind = {"id": name, "type": "processor", "sourceUrl": REPO}
    return {**kind, "dependsOn": list(parents), **more}


@pytest.mark.parametrize(
    ("processors", "text"),
    [
        ([], "a workflow needs between"),
        ([processor("a", "b"), processor("b", "a")], "cycle in the workflow"),
        ([processor("a", "a")], "cycle in the workflow"),
        ([processor("a", "x")], "node a depends on unknown node x"),
        ([processor("a"), processor("a")], "duplicate node id: a"),
        ([processor("")], "every node needs an id"),
        ([{"id": "a", "type": "processor"}], "processor a: missing sourceUrl"),
        ([{"id": "a"}], "processor a: missing sourceUrl"),
        ([{"id": "a", "type": "data-target"}], "data-target a: missing targetType"),
        ([{"id": "a", "type": "data-target", "targetType": "x"}], "data-target a: unknown"),
        (
            [{"id": "a", "type": "data-target", "targetType": "Pennsieve Dataset"}],
            "data-target a: computeType must be standard or lambda",
        ),
        (
            [{**chain()[2], "computeType": "gpu", "dependsOn": []}],
            "data-target out: computeType must be standard or lambda",
        ),
        ([{"id": "a", "type": "magic"}], "node a: unknown type magic"),
        ([processor("a"), {"id": "s", "type": "data-source", "dependsOn": ["a"]}], "data-source s"),
        ([processor("a", cpu="many")], "node a: cpu must be a whole number as text, not many"),
        ([*chain(), processor("z", "out")], "node z cannot depend on data-target out"),
        ([processor("a", defaultParams={"N": 1})], "invalid request body"),
        ([processor("a", cpu=1024)], "invalid request body"),
        ([processor("a", dependsOn="b")], "invalid request body"),
        (["a"], "invalid request body"),
        ({}, "invalid request body"),
    ],
)
def test_what_is_no_workflow(lab: Lab, processors: Any, text: str) -> None:
    status, message = post(lab, processors)
    assert status == 400
    assert message.startswith(text)


def test_a_name_and_a_membership_are_needed(lab: Lab) -> None:
    assert post(lab, chain(), name=" ") == (400, "missing name")
    assert post(lab, chain(), DAN, organizationId=lab.organization) == (403, "forbidden")


def test_a_definition_is_answered_with_what_its_applications_say(lab: Lab) -> None:
    lab.start()
    lab.manifest = Manifest(
        "s", parameters=(Parameter("WINDOW", default="10"), Parameter("MODE")), cpu=512
    )
    lab.register()
    nodes = chain()
    nodes[1] |= {"defaultParams": {"WINDOW": "20"}, "memory": "4096", "position": {"x": 1, "y": 2}}
    nodes[0]["dependsOn"] = None
    nodes[1]["dependsOn"].append("")
    shown = lab.client().get(f"{PATH}/{lab.define(nodes)}").json()
    source, summary, target = shown["dag"]
    assert source == {"id": "src", "type": "data-source", "dependsOn": []}
    assert summary["dependsOn"] == ["src"]
    assert [p["name"] for p in summary["paramSchema"]] == ["WINDOW", "MODE"]
    assert summary["resolvedParams"] == {"WINDOW": "20"}
    assert summary["runtimeConfig"] == {"cpu": "512", "memory": "4096"}
    assert target["targetType"] == "Pennsieve Dataset"
    assert shown["isActive"] is True
    assert shown["organizationId"] == lab.organization


def test_who_reads_and_who_changes(lab: Lab) -> None:
    uuid = lab.define()
    path = f"{PATH}/{uuid}"
    assert lab.client(BEN).get(path).status_code == 200
    assert lab.client(DAN).get(path).status_code == 404
    assert lab.client().get(f"{PATH}/nope").json() == {"message": "workflow not found"}
    assert lab.client(BEN).patch(path, json={"isActive": False}).status_code == 403
    assert lab.client(CLEO).patch(path, json={"isActive": False}).json()["isActive"] is False
    personal = lab.client().post(PATH, json={"name": "p", "processors": chain()}).json()
    assert "organizationId" not in personal
    assert lab.client(BEN).get(f"{PATH}/{personal['uuid']}").status_code == 404


def test_changing(lab: Lab) -> None:
    path = f"{PATH}/{lab.define()}"

    def patch(**body: Any) -> tuple[int, dict[str, Any]]:
        answer = lab.client().patch(path, json=body)
        return answer.status_code, answer.json()

    status, shown = patch(
        name="new",
        description="d",
        defaultParams={"sum": {"A": "1"}},
        versions={"sum": "v2"},
    )
    assert (status, shown["name"], shown["description"]) == (200, "new", "d")
    assert shown["dag"][1]["defaultParams"] == {"A": "1"}
    assert shown["dag"][1]["tag"] == "v2"
    assert patch(defaultParams={"sum": {}})[1]["dag"][1]["tag"] == "v2"
    for wrong, text in (
        ({"versions": {"sum": ""}}, "empty version for node sum"),
        ({"versions": {"x": "v1"}}, "unknown node x"),
        ({"defaultParams": {"x": {}}}, "unknown node x"),
        ({"defaultParams": {"sum": {"A": 1}}}, "invalid request body"),
        ({"name": ""}, "missing name"),
        ({"isActive": "no"}, "invalid request body"),
    ):
        assert patch(**wrong) == (400, {"message": text})


def test_lists_are_paged_and_filtered(lab: Lab) -> None:
    names = [f"w{number}" for number in range(5)]
    uuids = [lab.define(name=name) for name in names]
    lab.client().patch(f"{PATH}/{uuids[0]}", json={"isActive": False})

    def seen(who: str = ADA, **params: Any) -> tuple[list[str], str]:
        query = {"organization_id": lab.organization, **params}
        answer = lab.client(who).get(PATH, params=query).json()
        return [item["name"] for item in answer["workflows"]], answer["nextCursor"]

    assert seen() == (names, "")
    assert seen(BEN, status="active") == (names[1:], "")
    assert seen(status="archived") == (["w0"], "")
    assert seen(search="W3") == (["w3"], "")
    first, cursor = seen(limit=2)
    second, cursor = seen(limit=2, cursor=cursor)
    third, cursor = seen(limit=2, cursor=cursor)
    assert ([*first, *second, *third], cursor) == (names, "")
    assert (
        lab.client(DAN).get(PATH, params={"organization_id": lab.organization}).status_code == 403
    )
    assert lab.client().get(PATH, params={"visibility": "public"}).json()["workflows"] == []
    assert lab.client().get(PATH).json()["workflows"] == []
    for wrong in ({"limit": "x"}, {"limit": "0"}, {"cursor": "-1"}, {"limit": "9" * 40}):
        answer = lab.client().get(PATH, params={"organization_id": lab.organization, **wrong})
        assert answer.status_code == 400


def test_target_types(lab: Lab) -> None:
    target, asset, layer = lab.client().get("/compute/workflows/target-types").json()
    assert target["targetType"] == "Pennsieve Dataset"
    assert [param["name"] for param in target["params"]] == ["UPLOAD_BUCKET", "TARGET_FOLDER"]
    assert asset["targetType"] == "Pennsieve Package Asset"
    assert [p["name"] for p in asset["params"] if p["defaultValue"] is None] == ["ASSET_TYPE"]
    assert layer["targetType"] == "persistent-layer"
    assert [(p["name"], p["defaultValue"]) for p in layer["params"]] == [
        ("layerName", None),
        ("layerType", "data"),
    ]


def test_code_that_is_in_no_store_is_refused_unless_it_is_to_be_taken(lab: Lab) -> None:
    foreign = [{**processor("a"), "sourceUrl": "https://github.com/a/b"}]
    assert post(lab, foreign)[0] == 201
    faults.remember(lab.world.store, None)
    status, message = post(lab, foreign)
    assert (status, message) == (
        400,
        "https://github.com/a/b is not an application of the App Store",
    )
