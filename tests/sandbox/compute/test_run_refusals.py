"""What may not start, and why it says so."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.workflows import Manifest
from pennsieve_agent.errors import SourceError
from tests.sandbox.compute.lab import ADA, BEN, DAN, REPO, Lab, Ready

RUNS = "/compute/workflows/runs"


def refused(ready: Ready, who: str = ADA, **more: Any) -> tuple[int, str]:
    before = ready.lab.client().get(RUNS, params={"organization_id": ready.lab.organization})
    answer = ready.post(who, **more)
    after = ready.lab.client().get(RUNS, params={"organization_id": ready.lab.organization})
    assert before.json() == after.json()
    assert set(answer.json()) == {"message"}
    return answer.status_code, answer.json()["message"]


def instance(ready: Ready, **more: Any) -> dict[str, Any]:
    fine = {"workflowId": ready.workflow, "computeNodeId": ready.node}
    return {"workflowInstanceConfiguration": {**fine, **more}}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"datasetId":5}', b'{"layers":[1]}'])
def test_an_unreadable_body(ready: Ready, content: bytes) -> None:
    answer = ready.lab.client().post(RUNS, content=content)
    assert (answer.status_code, answer.json()["message"]) == (400, "invalid request body")


def test_workflow_and_node_must_be_there(ready: Ready) -> None:
    missing = (400, "missing workflowId or computeNodeId")
    assert refused(ready, **instance(ready, workflowId="")) == missing
    assert refused(ready, workflowInstanceConfiguration=None) == missing
    assert refused(ready, **instance(ready, workflowId="x")) == (404, "workflow not found")
    assert refused(ready, DAN) == (404, "workflow not found")
    assert refused(ready, **instance(ready, computeNodeId="x")) == (404, "compute node not found")
    path = f"/compute/workflows/definitions/{ready.workflow}"
    ready.lab.client().patch(path, json={"isActive": False})
    assert refused(ready) == (400, "workflow summary is archived")


@pytest.mark.parametrize("status", ["Pending", "Paused", "Failed", "Destroying"])
def test_the_node_must_be_enabled(ready: Ready, status: str) -> None:
    ready.lab.world.store.execute("UPDATE compute_nodes SET status = ?", (status,))
    assert refused(ready) == (409, f"compute node node is {status}, not Enabled")


def test_a_paused_account_pauses_its_nodes(ready: Ready) -> None:
    ready.lab.world.store.execute("UPDATE compute_accounts SET status = 'Paused'")
    assert refused(ready) == (409, "compute node node is Paused, not Enabled")


def test_the_node_must_be_usable_by_the_caller(ready: Ready) -> None:
    ready.lab.roles[BEN, ready.dataset] = Role.OWNER
    assert refused(ready, BEN) == (403, "no access to this compute node")


def test_the_order_must_fit_the_graph(ready: Ready) -> None:
    package = {"packageIds": [ready.packages["c.txt"]]}
    for more, text in (
        ({"dataSources": {}}, "data-source src needs at least one package"),
        (
            {"dataSources": {"src": {"packageIds": []}}},
            "data-source src needs at least one package",
        ),
        ({"dataSources": {"src": package, "sum": package}}, "the workflow has no data-source sum"),
        ({"processorParams": {"out": {}}}, "the workflow has no processor out"),
        ({"dataTargets": {"sum": {}}}, "the workflow has no data-target sum"),
        ({"datasetId": ""}, "missing datasetId"),
        ({"layers": ["python"]}, "layer python does not exist on this compute node"),
        (instance(ready, processorConfigs=[{"nodeId": "x"}]), "the workflow has no node x"),
        (
            instance(ready, processorConfigs=[{"nodeId": "out"}]),
            "data-target out: computeType must be standard or lambda",
        ),
        (
            instance(ready, processorConfigs=[{"nodeId": "sum", "cpu": "-1"}]),
            "node sum: cpu must be a whole number as text, not -1",
        ),
        (
            instance(ready, processorConfigs=[{"nodeId": "sum", "interactive": True}]),
            "interactive sessions are not part of the sandbox",
        ),
        ({"name": "x" * 201}, "name is longer than 200 characters"),
        ({"processorParams": {"sum": {"N": 1}}}, "invalid request body"),
    ):
        assert refused(ready, **more) == (400, text)


def test_packages_must_be_in_the_dataset(ready: Ready) -> None:
    other = ready.lab.dataset({"x.txt": "x"}, name="Other")
    (foreign,) = ready.lab.packages(other).values()
    for package in (foreign, "N:package:nope"):
        sources = {"src": {"packageIds": [ready.packages["c.txt"], package]}}
        assert refused(ready, dataSources=sources) == (
            400,
            f"package {package} is not in dataset {ready.dataset}",
        )


def test_an_empty_folder_is_no_input(ready: Ready) -> None:
    (ready.lab.files.folder(ready.dataset) / "empty").mkdir()
    ready.lab.files.sync(ready.dataset)
    sources = {"src": {"packageIds": [ready.lab.packages(ready.dataset)["empty"]]}}
    assert refused(ready, dataSources=sources) == (400, "the packages hold no files")


def test_the_dataset_must_be_there_and_the_caller_its_editor(ready: Ready) -> None:
    assert refused(ready, datasetId="N:dataset:nope") == (404, "dataset not found")
    for role in (Role.NONE, Role.GUEST, Role.VIEWER):
        ready.lab.roles[ADA, ready.dataset] = role
        assert refused(ready) == (403, "starting a run needs the role editor on the dataset")
    ready.lab.roles[ADA, ready.dataset] = Role.EDITOR
    ready.start()


def test_applications_must_be_deployed_visible_and_allowed(ready: Ready) -> None:
    newer = instance(ready, processorConfigs=[{"nodeId": "sum", "version": "v2"}])
    assert refused(ready, **newer) == (400, f"application {REPO} v2 is not deployed")
    ready.lab.backend.broken = SourceError("no")
    assert ready.lab.register(tag="v2") == "error"
    assert refused(ready, **newer) == (400, f"application {REPO} v2 is not deployed")
    path = f"/compute/resources/compute-nodes/{ready.node}/allowed-processors"
    ready.lab.client().put(path, json={"processors": ["https://github.com/acme/other"]})
    assert refused(ready) == (403, f"processor {REPO} is not allowed on this compute node")
    ready.lab.client().put(path, json={"processors": [f"{REPO}:v1"]})
    ready.lab.wait(ready.start())
    ready.lab.world.store.execute("UPDATE app_versions SET backend = 'docker'")
    assert refused(ready)[1] == f"application {REPO} was built for docker; register it again"
    ready.lab.world.store.execute("UPDATE app_store SET visibility = 'private', owner_id = 'x'")
    ready.lab.world.store.execute("DELETE FROM app_access")
    assert refused(ready) == (403, f"no access to application {REPO}")


def test_required_parameters_must_be_given(lab: Lab) -> None:
    lab.manifest = Manifest("s", parameters=(Parameter("WINDOW"),))
    ready = Ready(lab)
    status, text = refused(ready)
    assert (status, "WINDOW" in text) == (400, True)
    assert refused(ready, processorParams={"sum": {"WINDOW": "1", "SESSION_TOKEN": "x"}})[0] == 400
    # Names outside the schema are allowed (contracts/workflows.md 3.1).
    run = ready.start(processorParams={"sum": {"WINDOW": "1", "EXTRA": "2"}})
    lab.wait(run)
    shown = lab.client().get(f"/compute/workflows/runs/{run}").json()
    assert shown["processorParams"] == {"sum": {"WINDOW": "1", "EXTRA": "2"}}


@pytest.mark.parametrize("folder", ["../out", "a/../../b", "..", "x\\..\\..\\y"])
def test_a_target_folder_outside_is_refused(ready: Ready, folder: str) -> None:
    status, text = refused(ready, dataTargets={"out": {"params": {"TARGET_FOLDER": folder}}})
    assert (status, "inside the dataset" in text) == (400, True)


def test_without_data_source_and_target_no_dataset_is_needed(lab: Lab) -> None:
    ready = Ready(lab, [{"id": "sum", "type": "processor", "sourceUrl": REPO, "tag": "v1"}])
    run = ready.start(datasetId="", dataSources={})
    assert lab.wait(run)["status"] == "SUCCEEDED"
