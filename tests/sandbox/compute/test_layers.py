"""Layers: made empty, filled by a run, read by other runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.compute.lab import ADA, BEN, DAN, REPO, Lab, Ready, wait_for

RUNS = "/compute/workflows/runs"


def _path(node: str, name: str = "") -> str:
    return f"/compute/workflows/compute-nodes/{node}/layers" + (f"/{name}" if name else "")


def _make(lab: Lab, node: str, name: str, email: str = ADA, **more: Any) -> Any:
    return lab.client(email).post(_path(node), json={"layerName": name, **more})


def _status(lab: Lab, node: str) -> dict[str, str]:
    layers = lab.client().get(_path(node)).json()["layers"]
    return {layer["layerName"]: layer["status"] for layer in layers}


@pytest.fixture
def node(lab: Lab) -> str:
    account = lab.account()
    lab.enable(account)
    return lab.node(account, organizationId=lab.organization)


@pytest.fixture
def building(lab: Lab) -> Ready:
    """A workflow that makes a file without any input and puts it into a layer."""
    ready = Ready(
        lab,
        [
            {"id": "make", "type": "processor", "sourceUrl": REPO, "tag": "v1"},
            {
                "id": "keep",
                "type": "data-target",
                "targetType": "persistent-layer",
                "computeType": "standard",
                "dependsOn": ["make"],
            },
        ],
    )
    assert _make(lab, ready.node, "atlas").status_code == 201
    return ready


def _build(ready: Ready, layer: str = "atlas") -> Any:
    return ready.post(
        datasetId=None, dataSources=None, dataTargets={"keep": {"params": {"layerName": layer}}}
    )


def test_a_layer_as_it_is_sent(lab: Lab, node: str) -> None:
    assert lab.client().get(_path(node)).json() == {
        "layers": [],
        "totalSizeGB": 0,
        "totalEstimatedMonthlyCostUsd": 0,
    }
    made = _make(lab, node, "atlas-1", description="A mouse")
    assert made.status_code == 201
    (shown,) = lab.client().get(_path(node)).json()["layers"]
    assert shown == made.json()
    assert shown.pop("createdAt").endswith("Z")
    assert shown == {
        "layerName": "atlas-1",
        "layerType": "data",
        "description": "A mouse",
        "status": "EMPTY",
        "sizeBytes": 0,
        "fileCount": 0,
        "storageClass": "STANDARD",
        "estimatedMonthlyCostUsd": 0,
        "lastAccessed": "",
        "createdBy": lab.user_id(ADA),
    }


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"{", 400, "invalid request body"),
        (b'{"layerName":1}', 400, "invalid request body"),
        (b"{}", 400, "layerName must match ^[a-z0-9][a-z0-9-]*$"),
        (b'{"layerName":"Atlas"}', 400, "layerName must match ^[a-z0-9][a-z0-9-]*$"),
        (b'{"layerName":"-a"}', 400, "layerName must match ^[a-z0-9][a-z0-9-]*$"),
        (b'{"layerName":".."}', 400, "layerName must match ^[a-z0-9][a-z0-9-]*$"),
        (b'{"layerName":"a\\n"}', 400, "layerName must match ^[a-z0-9][a-z0-9-]*$"),
        (b'{"layerName":"a","layerType":"conda"}', 400, "unknown layerType conda"),
        (b'{"layerName":"there"}', 409, "layer there already exists"),
    ],
)
def test_what_cannot_be_made(lab: Lab, node: str, body: bytes, status: int, text: str) -> None:
    assert _make(lab, node, "there").status_code == 201
    answer = lab.client().post(_path(node), content=body)
    assert (answer.status_code, answer.json()) == (status, {"message": text})


def test_who_may(lab: Lab, node: str) -> None:
    for answer in (
        lab.client(DAN).get(_path(node)),
        lab.client(DAN).post(_path(node), content=b"{"),
        lab.client(DAN).delete(_path(node, "x")),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "forbidden"})
    for answer in (
        lab.client().get(_path("nowhere")),
        lab.client().post(_path("nowhere"), content=b"{"),
        lab.client().delete(_path("nowhere", "x")),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "compute node not found"})


def test_a_pending_node_takes_none(lab: Lab) -> None:
    pending = lab.node(lab.account(), status="Pending")
    answer = _make(lab, pending, "atlas")
    assert (answer.status_code, answer.json()) == (400, {"message": "bad request"})


def test_who_deletes(lab: Lab, node: str) -> None:
    lab.client().put(
        f"/compute/resources/compute-nodes/{node}/permissions", json={"accessScope": "workspace"}
    )
    assert _make(lab, node, "bens", BEN).status_code == 201
    assert _make(lab, node, "adas").status_code == 201
    assert lab.client(BEN).delete(_path(node, "adas")).status_code == 403
    assert lab.client(BEN).delete(_path(node, "bens")).status_code == 200
    gone = lab.client().delete(_path(node, "bens"))
    assert (gone.status_code, gone.json()) == (404, {"message": "layer bens not found"})
    assert _status(lab, node) == {"adas": "EMPTY"}


@pytest.mark.parametrize(
    ("layers", "status", "text"),
    [
        (["none"], 400, "layer none does not exist on this compute node"),
        (["atlas"], 409, "layer atlas is EMPTY, not READY"),
        ([1], 400, "invalid request body"),
    ],
)
def test_layers_a_run_cannot_have(ready: Ready, layers: Any, status: int, text: str) -> None:
    _make(ready.lab, ready.node, "atlas")
    answer = ready.post(layers=layers)
    assert (answer.status_code, answer.json()) == (status, {"message": text})


def test_targets_that_cannot_be_filled(building: Ready) -> None:
    lab = building.lab
    answer = building.post(datasetId=None, dataSources=None)
    assert answer.status_code == 400
    assert answer.json() == {"message": "data-target keep: missing layerName"}
    answer = _build(building, "none")
    assert answer.status_code == 400
    assert answer.json() == {"message": "layer none does not exist on this compute node"}
    lab.wait(_build(building).json()["uuid"])
    wait_for(lambda: _status(lab, building.node) == {"atlas": "READY"})
    answer = _build(building)
    assert answer.status_code == 409
    assert answer.json() == {"message": "layer atlas is READY, not EMPTY"}


def test_one_layer_for_two_targets(lab: Lab) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "make", "type": "processor", "sourceUrl": REPO, "tag": "v1"}
    ]
    target = {
        "type": "data-target",
        "targetType": "persistent-layer",
        "computeType": "standard",
        "dependsOn": ["make"],
    }
    ready = Ready(lab, [*nodes, {**target, "id": "one"}, {**target, "id": "two"}])
    _make(lab, ready.node, "atlas")
    params = {"params": {"layerName": "atlas"}}
    answer = ready.post(
        datasetId=None, dataSources=None, dataTargets={"one": params, "two": params}
    )
    assert answer.status_code == 400
    assert answer.json() == {"message": "layer atlas is the target of 2 nodes"}


def test_a_run_fills_a_layer_and_another_reads_it(building: Ready) -> None:
    lab = building.lab
    lab.acted.ends = ""
    run = _build(building).json()["uuid"]
    assert _status(lab, building.node) == {"atlas": "BUILDING"}
    taken = _build(building)
    assert (taken.status_code, taken.json()) == (
        409,
        {"message": "layer atlas is BUILDING, not EMPTY"},
    )
    busy = lab.client().delete(_path(building.node, "atlas"))
    assert (busy.status_code, busy.json()) == (409, {"message": "layer atlas is used by a run"})
    wait_for(lambda: run in lab.acted.tokens)
    lab.acted.say(run, "keep", "2 files (11 bytes) in layer atlas")
    assert lab.acted.messages
    lab.acted.report(run, "SUCCEEDED", "keep")
    lab.acted.report(run, "SUCCEEDED")
    wait_for(lambda: _status(lab, building.node) == {"atlas": "READY"})
    answer = lab.client().get(_path(building.node)).json()
    (layer,) = answer["layers"]
    assert (layer["fileCount"], layer["sizeBytes"]) == (2, 11)
    assert answer["totalSizeGB"] == pytest.approx(11e-9, abs=1e-6)

    reading = lab.define([{"id": "read", "type": "processor", "sourceUrl": REPO, "tag": "v1"}])
    instance = {"workflowId": reading, "computeNodeId": building.node}
    body = {"workflowInstanceConfiguration": instance, "layers": ["atlas", "atlas"]}
    made = lab.client().post(RUNS, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["layers"] == ["atlas"]
    (layer,) = lab.client().get(_path(building.node)).json()["layers"]
    assert layer["lastAccessed"].endswith("Z")
    busy = lab.client().delete(_path(building.node, "atlas"))
    assert (busy.status_code, busy.json()) == (409, {"message": "layer atlas is used by a run"})


@pytest.mark.parametrize("end", ["CANCELED", "FAILED"])
def test_a_run_that_does_not_fill_it_gives_the_layer_back(building: Ready, end: str) -> None:
    lab = building.lab
    lab.acted.ends = end
    lab.wait(_build(building).json()["uuid"])
    wait_for(lambda: _status(lab, building.node) == {"atlas": "EMPTY"})


def test_a_layer_whose_run_ended_unseen_is_settled_after_a_restart(building: Ready) -> None:
    lab = building.lab
    lab.parts.stop()
    run = _build(building).json()["uuid"]
    lab.world.store.execute("UPDATE workflow_runs SET status = 'FAILED' WHERE uuid = ?", (run,))
    assert _status(lab, building.node) == {"atlas": "BUILDING"}
    lab.restart()
    wait_for(lambda: _status(lab, building.node) == {"atlas": "EMPTY"})


def test_filling_a_layer_needs_no_right_to_write_on_the_dataset(lab: Lab) -> None:
    nodes: list[dict[str, Any]] = [
        {"id": "src", "type": "data-source"},
        {
            "id": "make",
            "type": "processor",
            "sourceUrl": REPO,
            "tag": "v1",
            "dependsOn": ["src"],
        },
        {
            "id": "keep",
            "type": "data-target",
            "targetType": "persistent-layer",
            "computeType": "standard",
            "dependsOn": ["make"],
        },
    ]
    ready = Ready(lab, nodes)
    _make(lab, ready.node, "atlas")
    run = ready.start(dataTargets={"keep": {"params": {"layerName": "atlas"}}})
    assert lab.wait(run)["status"] == "SUCCEEDED"
