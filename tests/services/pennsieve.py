"""A Pennsieve in this process that its clients, and nodes, reach over HTTP's own forms."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Self

import httpx

from pennsieve_agent.domain.profile import ApiKey, Identity
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox import compute
from pennsieve_agent.sandbox.data import tables
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.directory import Person
from pennsieve_agent.sandbox.host import surfaces
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import World
from tests.fakes.clock import Clock
from tests.fakes.network import Through
from tests.platform.test_against_sandbox import HOSTS, URLS, ByHost


@dataclass
class Faulty(httpx.BaseTransport):
    """A network that loses the answer of a call, or the call itself, once."""

    below: httpx.BaseTransport
    lose: str = ""
    """``POST /webhooks``: what is done, and whose answer never comes."""
    drop: str = ""
    """The same for a call that does not arrive."""
    sent: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path}"
        self.sent.append(call)
        if call == self.drop:
            self.drop = ""
            raise httpx.ConnectError("refused", request=request)
        answer = self.below.handle_request(request)
        if call == self.lose:
            self.lose = ""
            answer.read()
            raise httpx.ReadTimeout("lost", request=request)
        return answer


class PennsieveWorld:
    """A workspace with people, and datasets of its owner."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = Store(folder / "sandbox.db", [tables.SCHEMA, compute.SCHEMA])
        directory.seed(self.store, self.clock.now())
        (folder / "datasets").mkdir()
        self.world = World(folder, self.store, URLS, self.clock.now)
        self.files = DatasetFiles(self.world)
        parts = compute.build(self.world, self.files, None)
        made = surfaces.build(
            self.world, self.files, surfaces.Settings(), parts.routes, parts.callback
        )
        self.network = Faulty(ByHost(made))
        self.owner, self.workspace = directory.owner(self.store)
        self._open: list[Platform] = []

    def close(self) -> None:
        for platform in self._open:
            platform.close()
        self.store.close()

    def connect(self, key: ApiKey) -> Platform:
        """A client that is signed in with a key."""
        client = Platform(
            HOSTS, key, network=Through(self.network), now=self.clock.now, sleep=self.clock.sleep
        )
        self._open.append(client)
        return client

    def person(self, name: str) -> tuple[Platform, Identity]:
        """A member of the workspace, signed in."""
        now = self.clock.now()
        person = Person(f"{name}@example.org", name.capitalize(), "Example")
        user = directory.add_person(self.store, self.workspace, person, now)
        return self.sign_in(user)

    def sign_in(self, user: int) -> tuple[Platform, Identity]:
        key = directory.create_key(self.store, user, self.workspace, "test", self.clock.now())
        client = self.connect(ApiKey(key.key, key.secret))
        return client, client.identity()

    def dataset(self, name: str) -> str:
        """A dataset of the workspace's owner, with a file; its id."""
        (self.world.datasets / name).mkdir()
        (self.world.datasets / name / "a.csv").write_text(name)
        self.files.sync()
        row = self.store.row("SELECT node_id FROM datasets WHERE name = ?", (name,))
        assert row is not None
        return str(row["node_id"])

    def network_client(self) -> httpx.Client:
        """Sends requests to this Pennsieve."""
        return httpx.Client(transport=self.network)

    def open_url(self, request: urllib.request.Request, _seconds: float) -> Any:
        """As a node sends a request."""
        with self.network_client() as client:
            data = request.data if isinstance(request.data, bytes) else None
            answer = client.request(
                request.get_method(),
                request.full_url,
                content=data,
                headers=dict(request.header_items()),
            )
        if answer.status_code >= 300:
            raise urllib.error.HTTPError(
                request.full_url, answer.status_code, "no", Message(), io.BytesIO(answer.content)
            )
        return _Reply(answer)


class _Reply:
    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.read: Callable[[], bytes] = lambda: answer.content

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""
