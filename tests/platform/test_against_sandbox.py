"""The client against the sandbox's own routes: both must read the contracts alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflow_identity import Kind, new_integration
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import Conflict, NotFound, NotSignedIn, PlatformError
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox import compute
from pennsieve_agent.sandbox.data import tables
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host import faults, surfaces
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import Urls, World
from tests.fakes.clock import Clock
from tests.fakes.network import Through
from tests.platform.test_workflows import STEPS

URLS = Urls("http://v1.localhost", "http://v2.localhost", "http://aws.localhost")
HOSTS = Hosts(URLS.api, URLS.api2, URLS.aws)


class ByHost(httpx.BaseTransport):
    """Three WSGI applications behind three names."""

    def __init__(self, made: surfaces.Surfaces) -> None:
        applications = {URLS.api: made.v1, URLS.api2: made.v2, URLS.aws: made.sign_in}
        self._by_host = {
            str(urlsplit(url).hostname): httpx.WSGITransport(app=application)
            for url, application in applications.items()
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._by_host[request.url.host].handle_request(request)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "sandbox.db", [tables.SCHEMA, compute.SCHEMA])
    directory.seed(store, 1_000_000.0)
    faults.remember(store, faults.parse("foreign", None))
    (tmp_path / "datasets").mkdir()
    yield World(tmp_path, store, URLS, Clock().now)
    store.close()


@pytest.fixture
def platform(world: World) -> Iterator[Platform]:
    files = DatasetFiles(world)
    for path in ("a.csv", "raw/b.edf", "raw/deep/c.edf"):
        file = world.datasets / "Mouse EEG" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    files.sync()
    parts = compute.build(world, files, None)
    made = surfaces.build(world, files, surfaces.Settings(), parts.routes, parts.callback)
    key = directory.create_key(world.store, *directory.owner(world.store), "test", 0.0)
    clock = Clock()
    with Platform(
        HOSTS,
        ApiKey(key.key, key.secret),
        network=Through(ByHost(made)),
        now=clock.now,
        sleep=clock.sleep,
    ) as client:
        yield client


def test_identity(platform: Platform) -> None:
    identity = platform.identity()
    assert identity.user.email == "ada@example.org"
    assert (identity.workspace.name, identity.workspace.role) == ("Sandbox", "owner")
    assert identity.workspace.id == platform.workspace_id()


def test_a_wrong_secret(platform: Platform) -> None:
    network = platform._transport._network
    assert isinstance(network, Through)
    with (
        Platform(HOSTS, ApiKey("no", "such key"), network=network.again()) as stranger,
        pytest.raises(NotSignedIn, match="refused"),
    ):
        stranger.identity()


def test_datasets_and_files(platform: Platform) -> None:
    (dataset,) = platform.datasets.list()
    assert platform.datasets.get(dataset.id) == dataset
    files = sorted(platform.datasets.files(dataset.id), key=lambda file: file.path)
    assert [(f.path, f.size) for f in files] == [
        ("a.csv", 5),
        ("raw/b.edf", 9),
        ("raw/deep/c.edf", 14),
    ]
    with pytest.raises(NotFound):
        platform.datasets.get("N:dataset:00000000-0000-0000-0000-000000000000")


def test_identities(platform: Platform) -> None:
    (dataset,) = platform.datasets.list()
    new = new_integration("w", "Spike rate", Kind.WRITE)
    number, key = platform.integrations.create(new)
    network = platform._transport._network
    assert isinstance(network, Through)
    with Platform(HOSTS, key, network=network.again()) as robot:
        user = robot.identity().user
    platform.integrations.enable(dataset.id, number)
    (row,) = platform.integrations.on_dataset(dataset.id)
    assert (row.workflow, row.integration, row.writes) == ("w", number, True)
    assert row.created_by == row.enabled_by == str(platform.identity().user.number)
    users = {u.id: u.role for u in platform.collaborators.get(dataset.id).users}
    assert users[user.id] is Role.MANAGER
    platform.integrations.disable(dataset.id, number)
    assert platform.integrations.on_dataset(dataset.id) == []
    platform.webhooks.delete(number)
    with (
        Platform(HOSTS, key, network=network.again()) as robot,
        pytest.raises(NotSignedIn, match="refused"),
    ):
        robot.identity()


def test_accounts(platform: Platform) -> None:
    workspace = platform.workspace_id()
    uuid = platform.compute.register_account("111122223333", "role", "x", "Lab")
    with pytest.raises(Conflict, match="registered already"):
        platform.compute.register_account("111122223333", "role", "x")
    assert [(a.uuid, a.name) for a in platform.compute.accounts()] == [(uuid, "Lab")]
    platform.compute.allow_image_pulls("111122223333")
    platform.compute.enable_workspace(uuid, workspace)
    platform.compute.enable_workspace(uuid, workspace)
    assert platform.compute.nodes(workspace) == []
    with pytest.raises(NotFound):
        platform.compute.node("00000000-0000-0000-0000-000000000000")
    platform.compute.disable_workspace(uuid, workspace)
    platform.compute.disable_workspace(uuid, workspace)
    platform.compute.delete_account(uuid)
    assert platform.compute.accounts() == []


def test_a_node_begins_as_pending(platform: Platform) -> None:
    workspace = platform.workspace_id()
    account = platform.compute.register_account("111122223333", "role", "x")
    platform.compute.enable_workspace(account, workspace)
    node = platform.compute.create_node(account, "lab", workspace)
    assert (node.name, node.account_uuid) == ("lab", account)
    assert platform.compute.node(node.uuid).created_at == node.created_at


def test_workflows(platform: Platform) -> None:
    workspace = platform.workspace_id()
    made = platform.workflows.create("edf-summary", "d", workspace, STEPS)
    assert [(s.id, s.kind, s.depends_on) for s in made.steps] == [
        ("src", StepKind.SOURCE, ()),
        ("sum", StepKind.PROCESSOR, ("src",)),
        ("out", StepKind.TARGET, ("sum",)),
    ]
    assert [w.uuid for w in platform.workflows.list(workspace)] == [made.uuid]
    platform.workflows.archive(made.uuid)
    assert list(platform.workflows.list(workspace)) == []
    assert [w.uuid for w in platform.workflows.list(workspace, archived=True)] == [made.uuid]
    with pytest.raises(NotFound):
        platform.workflows.get("00000000-0000-0000-0000-000000000000")


def test_applications(platform: Platform) -> None:
    deployment = platform.applications.register("https://github.com/lab/x", "v1")
    (application,) = platform.applications.list("https://github.com/lab/x")
    (version,) = application.versions
    assert version.deployment_ids == (deployment,)
    assert platform.applications.build("https://github.com/lab/x", deployment) == version


def test_a_run_without_a_node_is_refused(platform: Platform) -> None:
    workspace = platform.workspace_id()
    (dataset,) = platform.datasets.list()
    workflow = platform.workflows.create("edf-summary", "d", workspace, STEPS)
    request = RunRequest(workflow, "no-node", dataset.id, ("N:package:1",))
    with pytest.raises(PlatformError) as caught:
        platform.runs.start(request)
    assert caught.value.status
    assert list(platform.runs.list(workspace)) == []
    for ask in (platform.runs.get, platform.runs.state, platform.runs.cancel):
        with pytest.raises(NotFound):
            ask("00000000-0000-0000-0000-000000000000")
